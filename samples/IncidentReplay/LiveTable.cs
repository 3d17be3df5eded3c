using System.Globalization;

namespace IncidentReplay;

/// <summary>Prints the runs to the console while they proceed.</summary>
internal static class LiveTable
{
    public static void Begin(Scenario scenario) => Console.WriteLine(
        $"""

        {scenario.Name}: {scenario.What}
          second    znodes    transactions/s    co-tenant p99    locks/s    parameter reads/s
        """);

    public static void Show(Measurement measurement, string note) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"  {measurement.At,6:0.0}    {"+" + measurement.Znodes.ToString("N0", CultureInfo.InvariantCulture),6}    "
            + $"{measurement.TransactionsPerSecond,14:N0}    {measurement.P99,10:0.0} ms    "
            + $"{measurement.Locks / measurement.Seconds,7:N0}    {measurement.Reads / measurement.Seconds,17:N0}  {note}"));

    public static void Summarize(IEnumerable<ScenarioResult> runs)
    {
        Console.WriteLine("                              znodes    transactions    at most a second    co-tenant p50      p99      locks");
        foreach (var run in runs)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{run.Scenario.Name,-26}  {"+" + run.MostZnodes.ToString("N0", CultureInfo.InvariantCulture),8}    "
                    + $"{run.Transactions,12:N0}    {run.PeakPerSecond,16:N0}    {run.P50,10:0.0} ms {run.P99,5:0.0} ms  "
                    + $"{run.Locks,9:N0}"));
            if (run.Trip is { } trip)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"    the churn breaker tripped after {trip.After:0.0} s and {trip.Transactions:N0} transactions: {trip.Reason}"));
            }
        }
    }
}
