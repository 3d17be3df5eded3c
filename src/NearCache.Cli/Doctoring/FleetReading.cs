namespace NearCache.Cli.Doctoring;

/// <summary>What the doctor judges: everything that was read of a fleet within a few seconds.</summary>
internal sealed record FleetReading
{
    /// <summary>Gets the settings of the caches.</summary>
    public required NearCacheOptions Options { get; init; }

    /// <summary>Gets the mistakes in the settings. If there are any, nothing was read.</summary>
    public IReadOnlyList<string> Mistakes { get; init; } = [];

    /// <summary>Gets where the settings come from.</summary>
    public string Source { get; init; } = "the configuration";

    /// <summary>Gets a value indicating whether no process has started yet, so that what they create may be absent.</summary>
    public bool IsBeforeFirstStart { get; init; }

    /// <summary>Gets the parts that were not read within <see cref="Limit"/>. Nothing is concluded from their absence.</summary>
    public IReadOnlyList<string> Unread { get; init; } = [];

    /// <summary>Gets the time that the reading might take.</summary>
    public TimeSpan Limit { get; init; }

    /// <summary>Gets the time of the reading, by the clock of this machine.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Gets the rules; null if nothing was read.</summary>
    public FleetRules? Rules { get; init; }

    /// <summary>Gets the use of the rules; null if it was not read.</summary>
    public Observed<IReadOnlyList<RuleUsage>>? Usage { get; init; }

    /// <summary>Gets the memcached servers.</summary>
    public IReadOnlyList<FleetServer> Servers { get; init; } = [];

    /// <summary>Gets the memcached servers as they were a few seconds before, in the same order; empty if they were read once.</summary>
    public IReadOnlyList<FleetServer> EarlierServers { get; init; } = [];

    /// <summary>Gets the number of addresses behind each host name of a memcached server, where it is known.</summary>
    public IReadOnlyDictionary<string, int> Addresses { get; init; } = new Dictionary<string, int>();

    /// <summary>Gets the time between the two readings.</summary>
    public TimeSpan Between { get; init; }

    /// <summary>Gets the ensemble; null if none is configured.</summary>
    public FleetEnsemble? Ensemble { get; init; }

    /// <summary>Gets the ensemble as it was a few seconds before.</summary>
    public FleetEnsemble? EarlierEnsemble { get; init; }

    /// <summary>Gets the reports of the processes; null if they were not read.</summary>
    public Observed<FleetReports>? Reports { get; init; }

    /// <summary>Gets the long reports of some processes.</summary>
    public IReadOnlyList<ProcessDetail> Details { get; init; } = [];

    /// <summary>Gets the namespaces of the ensemble; null if they were not read.</summary>
    public Observed<IReadOnlyList<FleetNamespace>>? Namespaces { get; init; }

    /// <summary>Gets the applications beside NearCache; null if they were not read.</summary>
    public Observed<FleetCoTenants>? CoTenants { get; init; }

    /// <summary>Gets the processes that report now.</summary>
    public IEnumerable<(ProcessReport Report, ProcessSummary Summary)> Live =>
        (Reports?.Value?.Processes ?? []).Where(process => process is { Status: ProcessReportStatus.Live, Summary: not null })
        .Select(process => (process, process.Summary!));

    /// <summary>Gets a value indicating whether any process is known to run.</summary>
    public bool HasProcesses => Live.Any()
        || Ensemble is { Subtree: { IsKnown: true, Value.Members: > 0 } };

    /// <summary>Returns a process as a person would name it.</summary>
    public static string NameOf(ProcessReport process) =>
        process.Summary is { } summary ? NameOf(summary)
        : process.Member is { Host: { } host } member ? $"{host} (pid {member.ProcessId})"
        : $"process {process.Id}";

    /// <summary>Returns a process as a person would name it.</summary>
    public static string NameOf(ProcessSummary summary) => $"{summary.Pod ?? summary.Host} (pid {summary.ProcessId})";
}
