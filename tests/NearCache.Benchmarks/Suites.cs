namespace NearCache.Benchmarks;

/// <summary>The suites by name. Each starts what it needs, and prints one line of JSON a figure on standard output.</summary>
internal static class Suites
{
    // A suite takes the report to write to, and measures only the figures that the report requires.
    private static readonly Dictionary<string, Func<Report, Task>> All = new()
    {
        ["rules"] = Rules.RuleSuite.RunAsync,
        ["traffic"] = HotKeys.TrafficSuite.RunAsync,
        ["near"] = report => SuiteProcesses.RunAsync(report, "near/hits", "near/hybrid", "near/fill", "near/crowd", "near/scale"),
        ["near/hits"] = Near.NearSuite.HitsAsync,
        ["near/hybrid"] = Near.NearSuite.HybridAsync,
        ["near/fill"] = Near.NearSuite.FillAsync,
        ["near/crowd"] = Near.CapacitySuite.RunAsync,
        ["near/scale"] = Near.ScaleSuite.RunAsync,
        ["eviction"] = Eviction.EvictionSuite.RunAsync,
        ["zookeeper"] = ZooKeeper.ZooKeeperSuite.RunAsync,
        ["coherence"] = Coherence.CoherenceSuite.RunAsync,
        ["coherence/audit"] = Coherence.AuditCost.MeasureAsync,
        ["coherence/reports"] = Coherence.ReportCost.MeasureAsync,
        ["carriers"] = report => SuiteProcesses.RunAsync(
            report, "carriers/latency", "carriers/stages", "carriers/limit", "carriers/flood", "carriers/stream"),
        ["carriers/latency"] = Carriers.CarrierSuite.LatencyAsync,
        ["carriers/stages"] = Carriers.CarrierSuite.StagesAsync,
        ["carriers/limit"] = Carriers.CarrierSuite.LimitAsync,
        ["carriers/flood"] = Carriers.CarrierSuite.FloodAsync,
        ["carriers/stream"] = Carriers.MutationStream.MeasureAsync,
        ["memcached"] = Memcached.MemcachedSuite.RunAsync,
    };

    public static async Task<int> RunAsync(string[] args)
    {
        // Options with a value, for the suites that know them.
        var options = new Dictionary<string, string>();
        var plain = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] is "--trace" or "--room" && i + 1 < args.Length)
            {
                options[args[i]] = args[++i];
            }
            else
            {
                plain.Add(args[i]);
            }
        }

        var names = plain.Where(argument => !argument.StartsWith('-')).ToArray();
        var unknown = plain.Except(names).Except(["--quick"]).Concat(names.Except(All.Keys)).ToArray();
        if (names.Length == 0 || unknown.Length > 0)
        {
            await Console.Error.WriteLineAsync(
                $"usage: NearCache.Benchmarks <suite> [--quick] [--trace FILE --room N], suites: {string.Join(", ", All.Keys)}. "
                + $"Not known: {string.Join(' ', unknown)}");
            return 2;
        }

        foreach (var name in names)
        {
            await All[name](new Report(name.Split('/')[0], args.Contains("--quick"), options));
        }

        return 0;
    }
}
