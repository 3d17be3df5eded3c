using System.Numerics;

namespace NearCache.HotKeys.Core;

/// <summary>
/// Remembers which keys were read recently, and so knows whether a near tier would have answered a read. Holds hashes, no values.
/// </summary>
/// <remarks>
/// A cache of sets, like one of a processor: each set is a line of eight keys, and a new key replaces the one that was read longest ago.
/// Thread-safe without locks: concurrent updates of a set may forget a key.
/// </remarks>
/// <param name="lifetime">How long an entry would stay near, in seconds.</param>
internal sealed class RecentReads(int lifetime)
{
    /// <summary>The bytes that the table takes.</summary>
    public const int Bytes = Sets * Ways * sizeof(ulong);

    private const int Sets = 4096;
    private const int Ways = 8;

    // Entries end at different ages between a part of the lifetime and all of it, so that keys that were first read together are not read
    // from the remote together for ever. The estimate is lower for it.
    private const double ShortestPart = 0.5;

    // Each entry: 32 bits of the hash (0: empty), the second of its read from the remote, and the second of its last read.
    private readonly ulong[] _entries = new ulong[Sets * Ways];
    private readonly int _lifetime = Math.Clamp(lifetime, 1, short.MaxValue);

    /// <summary>Gets the mean time that an entry stays, in seconds.</summary>
    public double MeanLifetime => _lifetime * (1 + ShortestPart) / 2;

    /// <summary>Records a read.</summary>
    /// <param name="hash">The hash of the key.</param>
    /// <param name="second">The monotonic second.</param>
    /// <returns>Whether a near tier would have answered it.</returns>
    public bool Read(ulong hash, long second)
    {
        var now = (ushort)second;
        var (set, tag) = PlaceOf(hash);
        var (oldest, oldestAge) = (0, -1);
        for (var way = 0; way < Ways; way++)
        {
            var entry = Volatile.Read(ref _entries[set + way]);
            if ((uint)entry == tag)
            {
                var filled = (ushort)(entry >> 32);
                var isHit = (ushort)(now - filled) < LifetimeOf(tag, filled);
                Volatile.Write(ref _entries[set + way], Entry(tag, isHit ? filled : now, now));
                return isHit;
            }

            var age = entry == 0 ? int.MaxValue : (ushort)(now - (ushort)(entry >> 48));
            (oldest, oldestAge) = age > oldestAge ? (way, age) : (oldest, oldestAge);
        }

        Volatile.Write(ref _entries[set + oldest], Entry(tag, now, now));
        return false;
    }

    /// <summary>Records a write: the next read of the key goes to the remote.</summary>
    public void Written(ulong hash)
    {
        var (set, tag) = PlaceOf(hash);
        for (var way = 0; way < Ways; way++)
        {
            if ((uint)Volatile.Read(ref _entries[set + way]) == tag)
            {
                Volatile.Write(ref _entries[set + way], 0);
                return;
            }
        }
    }

    private static (int Set, uint Tag) PlaceOf(ulong hash) => ((int)(hash % Sets) * Ways, (uint)(hash >> 32) | 1);

    private static ulong Entry(uint tag, ushort filled, ushort read) => tag | (ulong)filled << 32 | (ulong)read << 48;

    private double LifetimeOf(uint tag, ushort filled)
    {
        var part = (BitOperations.RotateLeft(tag, filled) * 0x9E37_79B1u) / (double)uint.MaxValue;
        return _lifetime * (ShortestPart + ((1 - ShortestPart) * part));
    }
}
