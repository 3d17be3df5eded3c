using System.Globalization;
using System.Text;
using NearCache.Coherence.Core;

namespace NearCache;

/// <summary>The short report of one process, which the process stores on memcached every few seconds.</summary>
/// <remarks>
/// A report is a claim: every program that reaches memcached can write one. It informs people, and changes no budget, gate or stop. Texts
/// have no control and no formatting characters and a bounded length, but they are still text of an unknown author.
/// </remarks>
public sealed record ProcessSummary
{
    /// <summary>Gets the name of the cache of the process among the members of the namespace: 32 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Gets the name of the machine or container.</summary>
    public required string Host { get; init; }

    /// <summary>Gets the name of the pod; null if the environment of the process does not state it.</summary>
    public string? Pod { get; init; }

    /// <summary>Gets the name of the node; null if the environment of the process does not state it.</summary>
    public string? Node { get; init; }

    /// <summary>
    /// Gets the address of the node, which servers see in place of the pod's where the node translates it (source NAT); null if the
    /// environment of the process does not state it.
    /// </summary>
    public string? NodeAddress { get; init; }

    /// <summary>Gets the id of the operating system's process.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Gets the version of NearCache.</summary>
    public required string Version { get; init; }

    /// <summary>Gets the time at which the process created the cache, by the clock of its machine.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>
    /// Gets how often a process of the same pod, or of the same host if there is no pod, has started without a pause of 15 minutes. 1 for
    /// the first.
    /// </summary>
    public required int Starts { get; init; }

    /// <summary>Gets the state of the process.</summary>
    public required ProcessState State { get; init; }

    /// <summary>Gets a hash of the set of memcached servers. Equal in all processes with the same servers.</summary>
    public string? ServersHash { get; init; }

    /// <summary>
    /// Gets a hash of everything that decides which server owns a key: the servers with their weights and the distribution. Processes with
    /// different hashes look for a key in different places.
    /// </summary>
    public string? PlacementHash { get; init; }

    /// <summary>Gets a hash of the key prefix; null until the prefix is decided.</summary>
    public string? PrefixHash { get; init; }

    /// <summary>Gets the revision of the applied rules.</summary>
    public long RulesRevision { get; init; }

    /// <summary>Gets the number of stops that the process has applied.</summary>
    public int Stops { get; init; }

    /// <summary>Gets hashes of the newest of these stops; <see cref="HasApplied"/> compares them with a stop.</summary>
    public IReadOnlyList<string> StopHashes { get; init; } = [];

    /// <summary>
    /// Gets the time since the server that was confirmed longest ago was confirmed: the bound on the staleness of any near hit. Null if a
    /// server has never been confirmed.
    /// </summary>
    public TimeSpan? ConfirmedBefore { get; init; }

    /// <summary>Gets the number of reads that the near tier answered, since the start.</summary>
    public long NearHits { get; init; }

    /// <summary>Gets the number of reads that went to memcached, since the start.</summary>
    public long RemoteReads { get; init; }

    /// <summary>Gets the number of operations on memcached that failed, since the start.</summary>
    public long Failures { get; init; }

    /// <summary>
    /// Gets the 99th percentile of the time that memcached servers took to reply, in the last minute; null before the first reply. Measured
    /// by the audits, one a second to each server on the connections of the application, so that it is known without reads, too.
    /// </summary>
    public TimeSpan? RemoteLatency { get; init; }

    /// <summary>Gets the number of factory runs, since the start.</summary>
    public long FactoryRuns { get; init; }

    /// <summary>
    /// Gets the number of open connections to each memcached server, in the order of the process's list of servers. Null if the report has
    /// no room for them.
    /// </summary>
    public IReadOnlyList<int>? Connections { get; init; }

    /// <summary>
    /// Gets the longest time, during the last seconds, that work waited for a thread of the thread pool. Measured by a thread of its own.
    /// A long time means that the application blocks the threads of its pool.
    /// </summary>
    public TimeSpan ThreadPoolDelay { get; init; }

    /// <summary>Gets the time for which the garbage collector has stopped the process since its last report.</summary>
    public TimeSpan GarbageCollectionPause { get; init; }

    /// <summary>Gets the results of the monitor; null if the process has none, or is of a version that does not report them.</summary>
    public ReportedMonitor? Monitor { get; init; }

    /// <summary>
    /// Gets whether each carrier of announcements delivers, by its name, such as <c>RabbitMQ</c>. Empty if the process has none, its
    /// version reports none, or the report has no room for them. <see cref="ProcessDetail.Carriers"/> has the reasons.
    /// </summary>
    public IReadOnlyDictionary<string, bool> Carriers { get; init; } = new Dictionary<string, bool>();

    /// <summary>Gets the members of the report that this version does not know, each as JSON.</summary>
    public IReadOnlyDictionary<string, string> Others { get; init; } = new Dictionary<string, string>();

    /// <summary>Returns whether the process has applied a stop; null if it has too many stops to report each.</summary>
    /// <param name="stopId">The <see cref="RuleStop.Id"/> of the stop.</param>
    public bool? HasApplied(string stopId)
    {
        ArgumentNullException.ThrowIfNull(stopId);
        return StopHashes.Contains(HashOfStop(stopId)) ? true : Stops > StopHashes.Count ? null : false;
    }

    /// <summary>Returns the hash by which a report names a stop.</summary>
    internal static string HashOfStop(string id) =>
        ((uint)KeyHash.Of(Encoding.UTF8.GetBytes(id)).Value).ToString("x8", CultureInfo.InvariantCulture);
}

/// <summary>The results of the monitor of one process since its start: near hits that it has checked against memcached.</summary>
public sealed record ReportedMonitor
{
    /// <summary>Gets the number of near hits that broke the promise.</summary>
    public required long Violations { get; init; }

    /// <summary>
    /// Gets the time from the last of these near hits to the report; null without one, or if the version of the process does not report it.
    /// </summary>
    public TimeSpan? ViolatedBefore { get; init; }

    /// <summary>Gets the number of completed checks; null if the report has no room for it.</summary>
    public long? Checked { get; init; }

    /// <summary>
    /// Gets the number of checks in which memcached had the version that was served; null if the report has no room for it.
    /// </summary>
    public long? Agreed { get; init; }

    /// <summary>
    /// Gets the number of checks in which memcached had another version that no counted mutation explains; null if the report has no room
    /// for it.
    /// </summary>
    public long? Unclassified { get; init; }
}

/// <summary>Specifies the state of a process by its own report.</summary>
public enum ProcessState
{
    /// <summary>A state that this version does not know.</summary>
    Unknown,

    /// <summary>The cache has not warmed up yet.</summary>
    Starting,

    /// <summary>The cache is in use.</summary>
    Running,

    /// <summary>The cache was disposed.</summary>
    Ended,
}
