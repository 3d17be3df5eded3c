using System.Globalization;

namespace IncidentReplay;

/// <summary>The runs as they go, in the console.</summary>
internal static class LiveTable
{
    public static void Begin(Story story) => Console.WriteLine(
        $"""

        {story.Name}: {story.What}
          second    znodes    transactions/s    bystander p99    locks/s    parameter reads/s
        """);

    public static void Show(Sample sample, string note) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"  {sample.At,6:0.0}    {"+" + sample.Znodes.ToString("N0", CultureInfo.InvariantCulture),6}    {sample.TransactionsPerSecond,14:N0}    {sample.P99,10:0.0} ms    {sample.Locks / sample.Seconds,7:N0}    {sample.Reads / sample.Seconds,17:N0}  {note}"));

    public static void Summarize(IEnumerable<Run> runs)
    {
        Console.WriteLine("                              znodes    transactions    at most a second    bystander p50      p99      locks");
        foreach (var run in runs)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{run.Story.Name,-26}  {"+" + run.MostZnodes.ToString("N0", CultureInfo.InvariantCulture),8}    {run.Transactions,12:N0}    {run.PeakPerSecond,16:N0}    {run.P50,10:0.0} ms {run.P99,5:0.0} ms  {run.Locks,9:N0}"));
            if (run.Trip is { } trip)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    the churn breaker tripped after {trip.After:0.0} s and {trip.Transactions:N0} transactions: {trip.Reason}"));
            }
        }
    }
}
