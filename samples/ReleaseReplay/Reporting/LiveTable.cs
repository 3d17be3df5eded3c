using System.Globalization;
using ReleaseReplay.Cluster;
using ReleaseReplay.Runs;

namespace ReleaseReplay.Reporting;

/// <summary>Prints the runs to the console while they proceed.</summary>
internal static class LiveTable
{
    public static void Begin(Scenario scenario, Disturbance disturbance) => Console.WriteLine(
        $"""

        {scenario.Title}: {scenario.What} Disturbance: {disturbance.What}.
          second  connections (bound)  ready  starting  crash loop  ending  restarts  served/s  failed      p99  source/s
        """);

    public static void Show(Measurement now)
    {
        int Of(params PodState[] states) => states.Sum(state => now.Pods.GetValueOrDefault(state));
        var connections = string.Join('/', now.Connections.Select(count => count?.ToString(CultureInfo.InvariantCulture) ?? "-"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {now.At,6:0.0}  {connections,11} ({now.Bound?.ToString(CultureInfo.InvariantCulture) ?? "-",5})  {now.Ready,5}  "
                + $"{Of(PodState.Starting, PodState.NotReady),8}  {Of(PodState.CrashLoopBackOff),10}  {Of(PodState.Terminating),6}  "
                + $"{now.Restarts,8}  {now.Served / now.Seconds,8:0}  {now.Failed,6}  {now.P99,4:0} ms  "
                + $"{now.SourceReads / now.Seconds,8:0}"));
    }

    public static void Tell(IEnumerable<string> owners)
    {
        foreach (var line in owners)
        {
            Console.WriteLine($"          {line}");
        }
    }

    public static void Summarize(IEnumerable<RunResult> results)
    {
        Console.WriteLine(
            "run                            disturbance    peak connections  bound  failed  served  restarts  recovered after   p99");
        foreach (var result in results)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{result.Scenario.Title,-29}  {result.Disturbance.Name,-13}  {result.PeakConnections,16}  {Bound(result),5}  "
                    + $"{result.Failed,6}  {result.Served,6}  {result.Restarts,8}  {Recovered(result),15}  {result.P99,4:0} ms"));
            foreach (var failures in result.Failures)
            {
                Console.WriteLine($"    failed: {failures}");
            }

            foreach (var owners in result.OwnersAtPeak)
            {
                Console.WriteLine($"    at the peak, {owners}");
            }

            foreach (var owners in result.OwnersAtEnd)
            {
                Console.WriteLine($"    at the end, {owners}");
            }
        }
    }

    /// <summary>Returns whether the connections stayed within their bound.</summary>
    public static string Bound(RunResult result) =>
        result.Scenario.ConnectionsPerServer is null ? "none" : result.IsWithinBound ? "held" : "broken";

    /// <summary>Returns the time of recovery.</summary>
    public static string Recovered(RunResult result) => result.SecondsToRecover is { } seconds
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s")
        : "never";
}
