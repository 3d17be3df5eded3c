using Microsoft.Extensions.Logging;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Near;

namespace NearCache.Coherence.Ledger;

/// <summary>What the drivers of all servers have in common.</summary>
internal sealed class CoherenceContext
{
    public required CounterNames Names { get; init; }

    public required NamespacePrefix Prefix { get; init; }

    public required ProcessEpochs Epochs { get; init; }

    public required NearClock Clock { get; init; }

    public required TimeProvider Time { get; init; }

    public required IInvalidationTarget Invalidator { get; init; }

    /// <summary>Set before anything is started, where there is a ZooKeeper.</summary>
    public IAnnouncer Announcer { get; set; } = new NoAnnouncer();

    public required NearCacheMetrics Metrics { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>Gets the limit of log lines that other processes, administrators or the ensemble can cause.</summary>
    public LogBudget LogBudget { get; } = new();

    /// <summary>Whether other processes share the servers, and may have to look up what was written.</summary>
    public required bool IsShared { get; init; }

    /// <summary>
    /// Whether the servers count writes. If not, everything that may be near elsewhere is announced, and <see cref="Confirmation"/>
    /// confirms.
    /// </summary>
    public required bool HasCounters { get; init; }

    /// <summary>Whether anything may be near at all: without counters nothing can be relied upon that no ZooKeeper confirms.</summary>
    public required bool KeepsNear { get; init; }

    /// <summary>
    /// Asked before each audit where the servers have no counters; null: the counters confirm. Set before anything is started.
    /// </summary>
    public IConfirmation? Confirmation { get; set; }

    /// <summary>Milliseconds from one audit of a server to the next, ± 10 %.</summary>
    public required long AuditPeriod { get; init; }

    /// <summary>Milliseconds.</summary>
    public required long MaxStaleness { get; init; }

    /// <summary>
    /// Milliseconds after which a rule that the registry stops is near in no process, and will not be for a lease to come, whatever has
    /// become of it; only where the servers have no counters.
    /// </summary>
    public long ClosedAfter { get; init; }

    /// <summary>
    /// How long an audit waits for news before the server's log is asked, in milliseconds: as the pace of reading slots and the session to
    /// ZooKeeper are now.
    /// </summary>
    public required Func<long> Patience { get; init; }
}
