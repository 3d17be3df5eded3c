namespace NearCache.Coherence.Core;

/// <summary>
/// Striped epochs of the keys: voiding a key advances the epoch of its stripe, so that no fill that began before can complete.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class Stripes
{
    /// <summary>The number of stripes. A collision discards a fill and has no other effect.</summary>
    public const int Count = 4096;

    private readonly long[] _epochs = new long[Count];

    /// <summary>Returns the current epoch of a stripe.</summary>
    public long Read(int stripe) => Volatile.Read(ref _epochs[stripe]);

    /// <summary>Advances the epoch of a stripe. The entry of the key is dropped after this call, never before.</summary>
    public void Advance(int stripe) => Interlocked.Increment(ref _epochs[stripe]);

    /// <summary>Restores the epoch of an explored state. For model tests.</summary>
    internal void Restore(int stripe, long epoch) => Volatile.Write(ref _epochs[stripe], epoch);
}
