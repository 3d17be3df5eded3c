namespace NearCache;

/// <summary>The reports of all processes of a namespace, as they were read at one time.</summary>
public sealed record FleetReports
{
    /// <summary>Gets the processes, those of one pod or host after each other.</summary>
    public required IReadOnlyList<ProcessReport> Processes { get; init; }

    /// <summary>Gets the memcached servers that were asked, and what is known of the reports on each.</summary>
    public required IReadOnlyList<ReportServer> Servers { get; init; }

    /// <summary>
    /// Gets why the members in ZooKeeper are unknown, so that processes without a report may be missing from the list; null if they are
    /// known, or were not asked for.
    /// </summary>
    public string? MembersUnknown { get; init; }
}

/// <summary>One process of the fleet.</summary>
public sealed record ProcessReport
{
    /// <summary>Gets the name of the cache of the process among the members of the namespace.</summary>
    public required string Id { get; init; }

    /// <summary>Gets what the report says of the process now.</summary>
    public required ProcessReportStatus Status { get; init; }

    /// <summary>Gets the report; null if there is none.</summary>
    public ProcessSummary? Summary { get; init; }

    /// <summary>Gets the time since the report was stored, by the server's clock, in whole seconds; null if there is none.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>Gets the member of the namespace; null if the members were not given, or the process is not among them.</summary>
    public FleetMember? Member { get; init; }

    /// <summary>Gets the memcached servers that hold the report.</summary>
    public IReadOnlyList<string> Servers { get; init; } = [];
}

/// <summary>Specifies what a report says of a process at the time of reading.</summary>
public enum ProcessReportStatus
{
    /// <summary>The process reports.</summary>
    Live,

    /// <summary>The process has not reported for several intervals: it was killed, is paused, or reaches no memcached server.</summary>
    Silent,

    /// <summary>The process has ended, by its last report.</summary>
    Ended,

    /// <summary>A member without a report: its version has no reports, they are switched off, or they are lost.</summary>
    NoReport,
}

/// <summary>A member of the namespace in ZooKeeper, for a process that may have no report.</summary>
public sealed record FleetMember
{
    /// <summary>Gets the name of the member's node.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the name of the machine; null if the member does not state it.</summary>
    public string? Host { get; init; }

    /// <summary>Gets the id of the operating system's process; null if the member does not state it.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Gets the version of NearCache; null if the member does not state it.</summary>
    public string? Version { get; init; }
}

/// <summary>What is known of the reports on one memcached server.</summary>
public sealed record ReportServer
{
    /// <summary>Gets the configured name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the number of reports that were read from the server.</summary>
    public required int Reports { get; init; }

    /// <summary>Gets the number of items in the places of reports that are no reports. Another program has written them.</summary>
    public required int Unreadable { get; init; }

    /// <summary>
    /// Gets the reason why reports are missing, such as <c>reports lost: cache-1:11211 restarted</c> or why the server was not read; null
    /// if none are missing.
    /// </summary>
    public string? Problem { get; init; }
}
