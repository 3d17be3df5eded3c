using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>
/// Bumps that are owed to a server, by segment, because a mutation was sent and its answer, or that of its bumps, never came.
/// </summary>
/// <remarks>
/// A debt ends only when a bump on a live connection is acknowledged. Lost counters do not end it: when only a segment was evicted, the
/// total goes on, and readers who do not look at that segment notice no loss.
/// </remarks>
internal sealed class OwedBumps
{
    private readonly int[] _owed = new int[KeyHash.Segments];

    /// <summary>Bit s: segment s is owed a bump.</summary>
    public ulong Segments { get; private set; }

    /// <summary>A mutation of a key of this segment may have been executed without its bumps.</summary>
    public void Owe(int segment)
    {
        _owed[segment]++;
        Segments |= 1ul << segment;
    }

    /// <summary>How often the segment fell into debt: read before paying, handed to <see cref="Paid"/> after.</summary>
    public int Owed(int segment) => _owed[segment];

    /// <summary>
    /// A bump was acknowledged that was sent when <paramref name="owed"/> was read. What fell due while it was on its way is still owed.
    /// </summary>
    public void Paid(int segment, int owed)
    {
        if (_owed[segment] == owed)
        {
            Segments &= ~(1ul << segment);
        }
    }
}
