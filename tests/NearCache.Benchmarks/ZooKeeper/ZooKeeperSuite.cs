using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper;

namespace NearCache.Benchmarks.ZooKeeper;

/// <summary>The ZooKeeper client against the distribution's Java client, by turns, on one server of its own for each layer.</summary>
internal static class ZooKeeperSuite
{
    // Not counted: both compile what is hot.
    private const int WarmUps = 3;

    public static async Task RunAsync(Report report)
    {
        await RunAsync(report, netty: false);
        await RunAsync(report, netty: true);
    }

    private static async Task RunAsync(Report report, bool netty)
    {
        // Many short turns: what else the machine does meets both alike.
        var (seconds, turns) = report.IsQuick ? (0.25, 9) : (0.5, 21);
        var suffix = netty ? "/netty" : "";
        var isQuickNetty = netty && report.IsQuick;
        await using var server = await ZooKeeperProcess.StartNewAsync(netty);
        await using var client = new ZooKeeperClient(server.Address);
        await using var other = new ZooKeeperClient(server.Address);
        await using var java = await JavaComparison.StartAsync(server.Address, report);
        var loads = new ZooKeeperLoads(client, other);
        await loads.PrepareAsync();
        string[] kinds = isQuickNetty ? ["get"] : ["get", "set", "sequential", "watch"];
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
        }

        Print(report, $"get/pipelined{suffix}", "op/s", ours["get"], theirs["get"], netty ? ">=1.5" : ">=1.0");
        if (isQuickNetty)
        {
            return;
        }

        Print(report, $"set/pipelined{suffix}", "op/s", ours["set"], theirs["set"], ">=1.0");
        Print(report, $"set/sequential{suffix}", "µs", ours["sequential"], theirs["sequential"], "<=1.05");
        Print(report, $"watch/latency{suffix}", "µs", ours["watch"], theirs["watch"], "<=1.05");
        if (!report.IsQuick)
        {
            Print(report, $"watch/latency/p99{suffix}", "µs", ours["watch"], theirs["watch"], "<=0.5", index: 1);
        }

        report.Figure($"get/bytes{suffix}", "B/op", Report.Median(ours["get"].Select(round => round[1])), aim: "<=300 B");
        report.Figure($"set/bytes{suffix}", "B/op", Report.Median(ours["set"].Select(round => round[1])), aim: "<=80 B");
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

    private static void Print(Report report, string name, string unit, List<double[]> ours, List<double[]> theirs, string aim, int index = 0) =>
        report.Figure(name, unit, Report.Median(ours.Select(round => round[index])), theirs.Count == 0 ? null : Report.Median(theirs.Select(round => round[index])), aim);
}
