using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper;

namespace NearCache.Benchmarks.ZooKeeper;

/// <summary>
/// The ZooKeeper client against the distribution's Java client, in alternating rounds: rates on one server for each network layer,
/// latencies on an ensemble of three.
/// </summary>
internal static class ZooKeeperSuite
{
    // Warm-up, not counted: both compile their hot code.
    private const int WarmUps = 3;
    private static readonly string[] ToDisk = ["forceSync=yes"];
    private static readonly string[] Rates = ["get", "set"];
    private static readonly string[] Latencies = ["sequential", "watch"];

    public static async Task RunAsync(Report report)
    {
        await using (var server = await ZooKeeperProcess.StartNewAsync(netty: false, settings: ToDisk))
        {
            await MeasureAsync(report, server.Address, server.Address, Rates, "");
        }

        await using (var ensemble = await ZooKeeperEnsemble.StartNewAsync(settings: ToDisk))
        {
            // Both clients write to the same server, and get notifications from the same other server.
            await MeasureAsync(report, ensemble.Servers[0].Address, ensemble.Servers[1].Address, Latencies, "");
        }

        await using (var server = await ZooKeeperProcess.StartNewAsync(netty: true, settings: ToDisk))
        {
            await MeasureAsync(report, server.Address, server.Address, report.IsQuick ? ["get"] : [.. Rates, .. Latencies], "/netty");
        }
    }

    private static async Task MeasureAsync(Report report, string writesTo, string watchesAt, string[] kinds, string suffix)
    {
        // Many short rounds, so that other load affects both equally.
        var (seconds, turns) = report.IsQuick ? (0.25, 9) : (0.5, 21);
        await using var client = new ZooKeeperClient(writesTo);
        await using var other = new ZooKeeperClient(watchesAt);
        await using var java = await JavaComparison.StartAsync(writesTo, watchesAt, report);
        var loads = new ZooKeeperLoads(client, other);
        await loads.PrepareAsync();

        // The time of the servers alone, beside both clients.
        using var raw = !report.IsQuick && kinds.Contains("watch") ? new RawWatch(writesTo, watchesAt, ZooKeeperLoads.Path) : null;
        var floor = new List<double[]>();
        var ours = kinds.ToDictionary(kind => kind, _ => new List<double[]>());
        var theirs = kinds.ToDictionary(kind => kind, _ => new List<double[]>());

        for (var round = 0; round <= turns + WarmUps; round++)
        {
            foreach (var kind in kinds)
            {
                var value = await MeasureAsync(loads, kind, seconds);
                var baseline = java is null ? null : await java.AskAsync(kind, seconds);
                if (round > WarmUps)
                {
                    ours[kind].Add(value);
                    theirs[kind].AddRange(baseline is null ? [] : [baseline]);
                }
            }

            if (raw?.Measure(seconds) is { } least && round > WarmUps)
            {
                floor.Add(least);
            }
        }

        foreach (var kind in kinds)
        {
            Print(report, kind, ours[kind], theirs[kind], suffix);
        }

        if (raw is not null)
        {
            // Their ratio to the Java client is the minimum for any client on this machine.
            Print(report, $"watch/latency/raw{suffix}", "µs", floor, theirs["watch"], null);
            Print(report, $"watch/latency/raw/p99{suffix}", "µs", floor, theirs["watch"], null, index: 1);
        }
    }

    private static void Print(Report report, string kind, List<double[]> ours, List<double[]> theirs, string suffix)
    {
        switch (kind)
        {
            case "sequential":
                Print(report, $"set/sequential{suffix}", "µs", ours, theirs, "<=1.05");
                break;
            case "watch":
                Print(report, $"watch/latency{suffix}", "µs", ours, theirs, "<=1.05");
                if (!report.IsQuick)
                {
                    Print(report, $"watch/latency/p99{suffix}", "µs", ours, theirs, "<=0.5", index: 1);
                }

                break;
            default:
                Print(report, $"{kind}/pipelined{suffix}", "op/s", ours, theirs, kind == "get" && suffix.Length > 0 ? ">=1.5" : ">=1.0");
                report.Figure(
                    $"{kind}/bytes{suffix}",
                    "B/op",
                    Report.Median(ours.Select(round => round[1])),
                    aim: kind == "get" ? "<=300 B" : "<=80 B");
                break;
        }
    }

    private static async Task<double[]> MeasureAsync(ZooKeeperLoads loads, string kind, double seconds)
    {
        switch (kind)
        {
            case "sequential":
                return await loads.SequentialAsync(seconds);
            case "watch":
                return await loads.WatchedAsync(seconds);
            default:
                var (rate, bytes) = await loads.PipelinedAsync(seconds, set: kind == "set");
                return [rate, bytes];
        }
    }

    private static void Print(
        Report report, string name, string unit, List<double[]> ours, List<double[]> theirs, string? aim, int index = 0) =>
        report.Figure(
            name,
            unit,
            Report.Median(ours.Select(round => round[index])),
            theirs.Count == 0 ? null : Report.Median(theirs.Select(round => round[index])),
            aim);
}
