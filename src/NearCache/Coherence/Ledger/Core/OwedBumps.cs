using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>
/// The increments that this process owes to a server, by segment: a mutation was sent, and its reply or that of its increments was lost.
/// </summary>
/// <remarks>
/// An owed bump ends when an increment on a live connection is acknowledged. Lost counters do not end it: if one segment was evicted, the
/// total continues, and readers that do not read that segment notice no loss.
/// </remarks>
internal sealed class OwedBumps
{
    private readonly int[] _owed = new int[KeyHash.Segments];

    /// <summary>Gets a mask: bit s means that segment s is owed an increment.</summary>
    public ulong Segments { get; private set; }

    /// <summary>Records that a mutation of a key of this segment may have been executed without its increments.</summary>
    public void Owe(int segment)
    {
        _owed[segment]++;
        Segments |= 1ul << segment;
    }

    /// <summary>
    /// Returns how often an owed bump of the segment was recorded. Read before sending, and passed to <see cref="Paid"/> after it.
    /// </summary>
    public int Owed(int segment) => _owed[segment];

    /// <summary>
    /// Ends the owed bumps of a segment unless one was recorded since <paramref name="owed"/> was read, which was before the increment
    /// was sent.
    /// </summary>
    public void Paid(int segment, int owed)
    {
        if (_owed[segment] == owed)
        {
            Segments &= ~(1ul << segment);
        }
    }
}
