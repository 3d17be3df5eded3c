namespace NearCache.Coherence.ServerRules.Core;

/// <summary>The times that leases go by, in milliseconds.</summary>
/// <param name="Lease">How long a writer may rely on a view of the rules. 0: nobody waits, since all share one process.</param>
/// <param name="MaxStaleness">The bound that is promised.</param>
/// <param name="Spread">What a whole fleet would do at once waits a random part of this.</param>
internal readonly record struct RuleLeaseTimes(long Lease, long MaxStaleness, long Spread = 1000)
{
    /// <summary>How long a reader waits: a hundredth longer, since two machines' clocks do not run alike.</summary>
    public long FillAfter => Lease + (Lease / 100);

    /// <summary>How long a rule that a server no longer carries is bumped there.</summary>
    public long Drain => 2 * MaxStaleness;
}
