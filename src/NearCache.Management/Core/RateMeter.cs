namespace NearCache.Management.Core;

/// <summary>Computes rates from the totals in readings, over the last seconds.</summary>
/// <remarks>
/// A process reports about every 5 s, and the age of a report is in whole seconds. So a rate is taken over several reports where readings
/// are frequent, and over the time between the two reports rather than between the two readings.
/// </remarks>
internal sealed class RateMeter
{
    // Long enough that the rounding of ages counts little.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(15);

    // A window holds at most this many readings, and the one before it.
    private const int MostReadings = 20;

    private const string NoBase = "a rate needs two readings";

    private readonly Queue<FleetReading> _before = [];

    /// <summary>Adds a reading, and returns the rates up to it.</summary>
    public FleetRates Add(FleetReading now)
    {
        // The oldest of the window, or the last one before it.
        while (_before.Count > 1 && (now.Monotonic - _before.ElementAt(1).Monotonic >= Window || _before.Count > MostReadings))
        {
            _before.Dequeue();
        }

        var then = _before.TryPeek(out var first) ? first : null;
        _before.Enqueue(now);
        return then is null ? Unmeasured(now) : Between(then, now);
    }

    private static FleetRates Unmeasured(FleetReading now) => new()
    {
        Fleet = Missing(now.Reports.Unknown ?? NoBase),
        Processes = new Dictionary<string, ProcessRates>(),
        OwnTransactions = Observed.Unknown<double>(now.Ensemble?.Subtree.Unknown ?? NoBase),
        NodesPerMinute = Observed.Unknown<double>(NoBase),
        Servers = new Dictionary<string, ServerRates>(),
    };

    private static FleetRates Between(FleetReading then, FleetReading now)
    {
        var seconds = (now.Monotonic - then.Monotonic).TotalSeconds;
        var earlier = then.Reports.Value?.Processes
            .Where(process => process.Summary is not null)
            .ToDictionary(process => process.Id) ?? [];
        var processes = new Dictionary<string, ProcessRates>();
        foreach (var process in now.Live)
        {
            if (earlier.TryGetValue(process.Id, out var before) && Between(before, then, process, now) is { } rates)
            {
                processes[process.Id] = rates;
            }
        }

        return new FleetRates
        {
            Fleet = now.Reports.Unknown is { } unknown ? Missing(unknown)
                : processes.Count == 0 && now.Live.Any() ? Missing(NoBase)
                : Observed.Known(processes.Values.Aggregate(default(ProcessRates), (sum, one) => sum + one)),
            Processes = processes,
            OwnTransactions = OwnBetween(then.Ensemble, now.Ensemble, seconds),
            NodesPerMinute = (then.Nodes, now.Nodes) is ({ } some, { } more)
                ? Observed.Known((more - some) / seconds * 60)
                : Observed.Unknown<double>("no server of the ensemble tells its number of nodes"),
            Servers = now.Servers
                .Join(then.Servers, server => server.Name, server => server.Name,
                    (after, old) => (after.Name, Between(old, after, seconds)))
                .Where(server => server.Item2 is not null)
                .ToDictionary(server => server.Name, server => server.Item2!),
        };
    }

    private static Observed<ProcessRates> Missing(string reason) => Observed.Unknown<ProcessRates>(reason);

    private static ProcessRates? Between(ProcessReport before, FleetReading then, ProcessReport after, FleetReading now)
    {
        var (old, summary) = (before.Summary!, after.Summary!);
        var seconds = (now.Monotonic - after.Age.GetValueOrDefault() - (then.Monotonic - before.Age.GetValueOrDefault())).TotalSeconds;
        return seconds < 1 || summary.RemoteReads < old.RemoteReads || summary.NearHits < old.NearHits ? null : new ProcessRates(
            (summary.NearHits - old.NearHits) / seconds,
            (summary.RemoteReads - old.RemoteReads) / seconds,
            Math.Max(summary.Failures - old.Failures, 0) / seconds,
            Math.Max(summary.FactoryRuns - old.FactoryRuns, 0) / seconds);
    }

    // Slots and the registry are all that a namespace writes while its members stay.
    private static Observed<double> OwnBetween(FleetEnsemble? then, FleetEnsemble? now, double seconds) =>
        (then?.Subtree.Value, now?.Subtree.Value) is ({ } some, { } more)
            ? Observed.Known(Math.Max(Writes(more) - Writes(some), 0) / seconds)
            : Observed.Unknown<double>(now?.Subtree.Unknown ?? then?.Subtree.Unknown ?? "no ZooKeeper is configured");

    private static long Writes(FleetSubtree subtree) => subtree.SlotWrites.Sum(writes => (long)writes) + (subtree.RegistryWrites ?? 0);

    private static ServerRates? Between(FleetServer then, FleetServer now, double seconds) =>
        (then.Statistics.Value, now.Statistics.Value) is ({ } some, { } more) && more.Uptime >= some.Uptime
            ? new ServerRates(
                PerSecond(some.Evictions, more.Evictions, seconds),
                PerSecond(some.RejectedConnections, more.RejectedConnections, seconds))
            : null;

    private static double? PerSecond(long? then, long? now, double seconds) =>
        then is { } some && now is { } more ? Math.Max(more - some, 0) / seconds : null;
}

/// <summary>Rates of a fleet.</summary>
internal sealed record FleetRates
{
    /// <summary>Gets the sums over the processes that report.</summary>
    public required Observed<ProcessRates> Fleet { get; init; }

    /// <summary>Gets the rates of each process that has reported twice.</summary>
    public required IReadOnlyDictionary<string, ProcessRates> Processes { get; init; }

    /// <summary>Gets the transactions a second of the namespace: writes of slots and of the registry.</summary>
    public required Observed<double> OwnTransactions { get; init; }

    /// <summary>Gets the growth of the ensemble's nodes.</summary>
    public required Observed<double> NodesPerMinute { get; init; }

    /// <summary>Gets the rates of each memcached server that answered twice.</summary>
    public required IReadOnlyDictionary<string, ServerRates> Servers { get; init; }
}

/// <summary>Rates of one process, or their sum.</summary>
internal readonly record struct ProcessRates(double NearReads, double RemoteReads, double Failures, double FactoryRuns)
{
    /// <summary>Adds rates.</summary>
    public static ProcessRates operator +(ProcessRates one, ProcessRates other) => new(
        one.NearReads + other.NearReads,
        one.RemoteReads + other.RemoteReads,
        one.Failures + other.Failures,
        one.FactoryRuns + other.FactoryRuns);
}

/// <summary>Rates of one memcached server; null where its version does not tell.</summary>
internal sealed record ServerRates(double? Evictions, double? Refusals);
