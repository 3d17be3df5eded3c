namespace NearCache.Coherence.Core;

/// <summary>
/// Epochs of the keys, many keys to one: voiding a key advances its stripe's epoch, so that a fill that began before cannot end after.
/// </summary>
/// <remarks>Any thread may read and advance.</remarks>
internal sealed class Stripes
{
    /// <summary>How many there are. A collision costs a fill that is not kept, nothing else.</summary>
    public const int Count = 4096;

    private readonly long[] _epochs = new long[Count];

    /// <summary>The epoch now.</summary>
    public long Read(int stripe) => Volatile.Read(ref _epochs[stripe]);

    /// <summary>Ends the epoch. The entry of the key is dropped after this, never before.</summary>
    public void Advance(int stripe) => Interlocked.Increment(ref _epochs[stripe]);

    /// <summary>Puts an epoch back to a state met before; for a test that explores states.</summary>
    internal void Restore(int stripe, long epoch) => Volatile.Write(ref _epochs[stripe], epoch);
}
