using Microsoft.Extensions.Logging;
using NearCache.Coherence.Core;
using NearCache.Coherence.Identity.Core;
using NearCache.Diagnostics;
using NearCache.Near;

namespace NearCache.Coherence.Ledger;

/// <summary>The state and the settings that all parts of coherence share.</summary>
internal sealed class CoherenceContext
{
    public required CounterNames Names { get; init; }

    /// <summary>Gets the short id of this process, which its log records carry.</summary>
    public WriterId Writer { get; init; }

    public required NamespacePrefix Prefix { get; init; }

    /// <summary>Gets what is known of the identities of the servers.</summary>
    public IdentityRegister Identities { get; init; } = new();

    public required ProcessEpochs Epochs { get; init; }

    public required NearClock Clock { get; init; }

    public required TimeProvider Time { get; init; }

    public required IInvalidationTarget Invalidator { get; init; }

    /// <summary>Gets the announcer. Without a carrier it announces nothing.</summary>
    public IAnnouncer Announcer { get; init; } = new NoAnnouncer();

    public required NearCacheMetrics Metrics { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>Gets the fills that may have overwritten a change; null if the servers compare versions.</summary>
    public RecentFills? Fills { get; init; }

    /// <summary>Gets the limit of log lines that other processes, administrators or the ensemble can cause.</summary>
    public LogBudget LogBudget { get; } = new();

    /// <summary>Gets whether other processes share the servers, and may have to read log records.</summary>
    public required bool IsShared { get; init; }

    /// <summary>
    /// Gets whether the servers count writes. If not, every write of a key that may be near elsewhere is announced, and an
    /// <see cref="IConfirmation"/> confirms.
    /// </summary>
    public required bool HasCounters { get; init; }

    /// <summary>Gets whether anything may be near at all. Without counters and without ZooKeeper nothing can be confirmed.</summary>
    public required bool KeepsNear { get; init; }

    /// <summary>Gets the time from one audit of a server to the next, in milliseconds, ± 10 %.</summary>
    public required long AuditPeriod { get; init; }

    /// <summary>Gets the promised bound, in milliseconds.</summary>
    public required long MaxStaleness { get; init; }

    /// <summary>
    /// Gets the time, in milliseconds, after which a stopped rule is near in no process, and stays so for a lease, whatever happens to the
    /// stop. Only if the servers have no counters.
    /// </summary>
    public long ClosedAfter { get; init; }

    /// <summary>
    /// Gets how long an audit waits for announcements before it reads log records, in milliseconds. Depends on which carriers deliver now,
    /// and on their delay.
    /// </summary>
    public required Func<long> ExplanationWait { get; init; }
}
