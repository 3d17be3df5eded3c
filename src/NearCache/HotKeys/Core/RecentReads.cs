using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NearCache.HotKeys.Core;

/// <summary>
/// Remembers which keys were read recently, and so knows whether a near tier would have answered a read. Holds hashes, no values.
/// </summary>
/// <remarks>
/// A cache of sets, like one of a processor: each set has eight keys, and a new key replaces the one that was read longest ago. A set is
/// one cache line, and its keys are compared at once. Thread-safe without locks: concurrent updates of a set may forget a key.
/// </remarks>
internal sealed class RecentReads
{
    /// <summary>The bytes that the table takes.</summary>
    public const int Bytes = Sets * Ways * sizeof(ulong);

    private const int Sets = 4096;
    private const int Ways = 8;
    private const int LineBytes = Ways * sizeof(ulong);

    // In the low half of an entry.
    private const ulong TagMask = 0xFFFF_FFFE;
    private const ulong IsNear = 1;

    // Each entry: 31 bits of the hash (0: empty), whether the key would be near, and the seconds of its fill and of its last read.
    private readonly ulong[] _entries = GC.AllocateArray<ulong>((Sets + 1) * Ways, pinned: true);
    private readonly int _first;   // the index of the first entry of the first line
    private readonly uint _lifetime;

    /// <param name="lifetime">How long an entry would stay near, in seconds.</param>
    public RecentReads(int lifetime)
    {
        _lifetime = (uint)Math.Clamp(lifetime, 1, short.MaxValue);
        var past = (int)(Marshal.UnsafeAddrOfPinnedArrayElement(_entries, 0) % LineBytes);
        _first = (LineBytes - past) % LineBytes / sizeof(ulong);
    }

    /// <summary>Gets the mean time that an entry stays, in seconds.</summary>
    public double MeanLifetime => _lifetime * 0.75;

    /// <summary>Records a read.</summary>
    /// <param name="hash">The hash of the key.</param>
    /// <param name="second">The seconds since counting began, plus one.</param>
    /// <returns>Whether a near tier would have answered it.</returns>
    public bool Read(ulong hash, long second)
    {
        var now = (ushort)second;
        var tag = TagOf(hash);
        ref var set = ref SetOf(hash);
        var low = Vector256.LoadUnsafe(ref set);
        var high = Vector256.LoadUnsafe(ref set, Ways / 2);
        if (WayOf(low, high, tag) is var way and < Ways)
        {
            ref var place = ref Unsafe.Add(ref set, way);
            var entry = Volatile.Read(ref place);
            var filled = (ushort)(entry >> 32);
            var isHit = (entry & IsNear) != 0 && IsWithinLifetime((ushort)(now - filled), tag, filled);
            var updated = Entry(tag, isHit ? filled : now, now);
            if (updated != entry)
            {
                // Otherwise the line stays shared between the processors that read a hot key.
                Volatile.Write(ref place, updated);
            }

            return isHit;
        }

        Volatile.Write(ref Unsafe.Add(ref set, OldestOf(low, high, now)), Entry(tag, now, now));
        return false;
    }

    /// <summary>Records a write: the next read of the key goes to the remote.</summary>
    public void Written(ulong hash)
    {
        ref var set = ref SetOf(hash);
        var way = WayOf(Vector256.LoadUnsafe(ref set), Vector256.LoadUnsafe(ref set, Ways / 2), TagOf(hash));
        if (way < Ways)
        {
            ref var place = ref Unsafe.Add(ref set, way);
            Volatile.Write(ref place, Volatile.Read(ref place) & ~IsNear);
        }
    }

    // The way with the tag; at least Ways if there is none.
    private static int WayOf(Vector256<ulong> low, Vector256<ulong> high, ulong tag)
    {
        var (tags, mask) = (Vector256.Create(tag), Vector256.Create(TagMask));
        return BitOperations.TrailingZeroCount(
            Vector256.Equals(low & mask, tags).ExtractMostSignificantBits()
                | Vector256.Equals(high & mask, tags).ExtractMostSignificantBits() << (Ways / 2));
    }

    // The way that was read longest ago. An empty one was read in second 0.
    private static int OldestOf(Vector256<ulong> low, Vector256<ulong> high, ushort now)
    {
        var reads = Vector256.Narrow(low >>> 48, high >>> 48);
        var ages = (Vector256.Create((uint)now) - reads) & Vector256.Create((uint)ushort.MaxValue);
        var ranks = (ages << 3) | Vector256.Create(7u, 6, 5, 4, 3, 2, 1, 0);
        var four = Vector128.Max(ranks.GetLower(), ranks.GetUpper());
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2u, 3, 0, 1)));
        return 7 - (int)(Math.Max(two.GetElement(0), two.GetElement(1)) & 7);
    }

    private static ulong TagOf(ulong hash) => (hash >> 32) & TagMask;

    private static ulong Entry(ulong tag, ushort filled, ushort read) => tag | IsNear | (ulong)filled << 32 | (ulong)read << 48;

    private ref ulong SetOf(ulong hash) =>
        ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_entries), _first + ((int)(hash % Sets) * Ways));

    // Entries end at different ages between half of the lifetime and all of it, so that keys that were first read together are not read
    // from the remote together for ever. The estimate is lower for it.
    private bool IsWithinLifetime(ushort age, ulong tag, ushort filled)
    {
        var part = BitOperations.RotateLeft((uint)tag, filled) * 0x9E37_79B1u;
        return ((ulong)age << 33) < (_lifetime * ((1ul << 32) + part));
    }
}
