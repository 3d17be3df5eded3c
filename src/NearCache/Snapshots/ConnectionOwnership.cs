namespace NearCache;

/// <summary>The connections of one memcached server by owner: which ones processes have reported, and which no report explains.</summary>
/// <remarks>Reports are claims. The server's own list (<c>stats conns</c>) has addresses, but no age of a connection.</remarks>
public sealed record ConnectionOwnership
{
    /// <summary>Gets the configured name of the server.</summary>
    public required string Server { get; init; }

    /// <summary>Gets the reason why the server tells nothing, so that its figures are 0; null if it does.</summary>
    public string? Problem { get; init; }

    /// <summary>Gets the time since the server was asked. It is asked at most once in 30 seconds.</summary>
    public TimeSpan Age { get; init; }

    /// <summary>
    /// Gets the reason why reports may be missing, so that connections of NearCache may be called foreign or unaccounted; null if none are
    /// known to be missing.
    /// </summary>
    public string? MissingReports { get; init; }

    /// <summary>
    /// Gets a value indicating whether the server listed its connections. Otherwise only their number is known, and
    /// <see cref="Unaccounted"/> is the number that exceeds what was reported.
    /// </summary>
    public required bool IsListed { get; init; }

    /// <summary>Gets the number of connections that the processes report.</summary>
    public required int Expected { get; init; }

    /// <summary>Gets the number of connections that the server has.</summary>
    public required int Seen { get; init; }

    /// <summary>
    /// Gets the number of connections beyond those that their pod or node reports, including those that are not NearCache's.
    /// </summary>
    public required int Unaccounted { get; init; }

    /// <summary>Gets the number of connections from addresses of no reported pod or node: they are not NearCache's.</summary>
    public required int Foreign { get; init; }

    /// <summary>Gets the owners, those with most unaccounted connections first. Empty if the server did not list its connections.</summary>
    public IReadOnlyList<ConnectionOwner> Owners { get; init; } = [];

    /// <summary>Gets the processes that report connections of which the server lists none.</summary>
    public IReadOnlyList<OwningProcess> NotSeen { get; init; } = [];

    /// <summary>Gets the connections that the server lists, each with its owner. Empty if the server did not list them.</summary>
    public IReadOnlyList<AttributedConnection> Connections { get; init; } = [];

    /// <summary>Returns the meaning in one sentence.</summary>
    public override string ToString()
    {
        if (Problem is not null)
        {
            return $"{Server}: expected {Expected} connections; {Problem.TrimEnd('.')}.";
        }

        var text = $"{Server}: {Seen} connections, expected {Expected}, unaccounted {Unaccounted}";
        foreach (var owner in Owners.Where(owner => owner.Unaccounted > 0))
        {
            text += $", of them {owner.Unaccounted} from {owner}";
        }

        text += IsListed ? "." : " (the server does not list its connections).";
        return MissingReports is null ? text : $"{text} Reports may be missing: {MissingReports.TrimEnd('.')}.";
    }
}

/// <summary>One owner of connections: a process, several processes behind one address, or a foreign program.</summary>
public sealed record ConnectionOwner
{
    /// <summary>Gets the kind of the owner.</summary>
    public required ConnectionOwnerKind Kind { get; init; }

    /// <summary>Gets the address that the server sees; the path for Unix domain sockets.</summary>
    public required string Address { get; init; }

    /// <summary>Gets the node whose address it is, behind which pods have other addresses; null if it is none.</summary>
    public string? Node { get; init; }

    /// <summary>Gets the processes that may own the connections; empty if they are not NearCache's.</summary>
    public IReadOnlyList<OwningProcess> Processes { get; init; } = [];

    /// <summary>Gets the number of connections that these processes report.</summary>
    public required int Expected { get; init; }

    /// <summary>Gets the number of connections that the server sees from the address.</summary>
    public required int Seen { get; init; }

    /// <summary>Gets the number of connections that no report explains.</summary>
    public int Unaccounted => Math.Max(0, Seen - Expected);

    /// <summary>Gets the longest time since the last command of one of these connections.</summary>
    public required TimeSpan LongestIdle { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        ConnectionOwnerKind.Foreign => $"{Address}, not NearCache's",
        ConnectionOwnerKind.Unreported => $"{Address}, which no process reports",
        ConnectionOwnerKind.Node => $"node {Node ?? Address} ({string.Join(", ", Processes)})",
        ConnectionOwnerKind.Address => $"{Address} ({string.Join(", ", Processes)})",
        _ => Processes[0].ToString(),
    };
}

/// <summary>Specifies the kind of an owner of connections.</summary>
public enum ConnectionOwnerKind
{
    /// <summary>One process: the only one that reports this address.</summary>
    Process,

    /// <summary>One of several processes that report this address.</summary>
    Address,

    /// <summary>One of the processes of a node, whose address stands for theirs (source NAT).</summary>
    Node,

    /// <summary>
    /// An address that no process reports. It has no more connections than processes report that the server does not list, and may stand
    /// for theirs.
    /// </summary>
    Unreported,

    /// <summary>A program on an address of no reported pod or node.</summary>
    Foreign,
}

/// <summary>A process that reports connections, or the <see cref="FleetClient"/> that asks.</summary>
public sealed record OwningProcess
{
    /// <summary>Gets the name of the process among the members of the namespace; empty for a client that is not a member.</summary>
    public required string Id { get; init; }

    /// <summary>Gets a value indicating whether it is the <see cref="FleetClient"/> that asks.</summary>
    public bool IsThisClient { get; init; }

    /// <summary>Gets the name of the machine or container.</summary>
    public required string Host { get; init; }

    /// <summary>Gets the name of the pod; null if it has not reported one.</summary>
    public string? Pod { get; init; }

    /// <summary>Gets the id of the operating system's process.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Gets the name of the node; null if it has not reported one.</summary>
    public string? Node { get; init; }

    /// <inheritdoc/>
    public override string ToString() => IsThisClient ? "this client" : $"{Pod ?? Host} (pid {ProcessId})";
}

/// <summary>One connection in the list of a server, with its owner.</summary>
public sealed record AttributedConnection
{
    /// <summary>Gets the address that the server sees.</summary>
    public required string Address { get; init; }

    /// <summary>Gets the port that the server sees; 0 for a Unix domain socket.</summary>
    public required int Port { get; init; }

    /// <summary>Gets the state, such as <c>conn_read</c>.</summary>
    public required string State { get; init; }

    /// <summary>Gets the time since the last command.</summary>
    public required TimeSpan IdleTime { get; init; }

    /// <summary>Gets the kind of the owner.</summary>
    public required ConnectionOwnerKind Kind { get; init; }

    /// <summary>
    /// Gets the <see cref="OwningProcess.Id"/> of the process that reports exactly this connection; null if none does.
    /// </summary>
    public string? ReportedBy { get; init; }
}
