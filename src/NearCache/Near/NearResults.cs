using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NearCache.Near;

/// <summary>The results of keys that are all near, with their index: one object for up to 512 keys.</summary>
/// <remarks>
/// The keys, their hashes and the versions are those of the near entries, so that a key is hashed once and a result takes 24 bytes.
/// </remarks>
internal abstract class NearResults<T> : IReadOnlyDictionary<string, CacheResult<T>>
{
    /// <summary>The largest number of keys.</summary>
    public const int MaxKeys = 32_768;

    private int _count;

    /// <inheritdoc/>
    public int Count => _count;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => this.Select(result => result.Key);

    /// <inheritdoc/>
    public IEnumerable<CacheResult<T>> Values => this.Select(result => result.Value);

    // A power of two.
    private protected abstract Span<Slot> Slots { get; }

    /// <inheritdoc/>
    public CacheResult<T> this[string key] => TryGetValue(key, out var result)
        ? result
        : throw new KeyNotFoundException("The key is not among those that were read.");

    /// <summary>Returns an empty object with room for so many results.</summary>
    public static NearResults<T> For(int keys) => keys switch
    {
        <= 4 => new Inline<Pair<Pair<Slot>>>(),
        <= 16 => new Inline<Pair<Pair<Pair<Pair<Slot>>>>>(),
        <= 64 => new Inline<Pair<Pair<Pair<Pair<Pair<Pair<Slot>>>>>>>(),
        <= 128 => new Inline<Pair<Pair<Pair<Pair<Pair<Pair<Pair<Slot>>>>>>>>(),
        <= 256 => new Inline<Pair<Pair<Pair<Pair<Pair<Pair<Pair<Pair<Slot>>>>>>>>>(),
        <= 512 => new Inline<Pair<Pair<Pair<Pair<Pair<Pair<Pair<Pair<Pair<Slot>>>>>>>>>>(),
        _ => new Large((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)keys)),
    };

    /// <summary>Adds the results of keys, up to the first key that is not near.</summary>
    /// <returns>Whether all keys are near.</returns>
    public bool TryAddAll(NearStore near, ReadOnlySpan<string> keys)
    {
        var slots = Slots;
        var (last, hits) = (default(NearEntry), 0);   // the latest hits, all of one rule
        foreach (var key in keys)
        {
            var entry = near.TryServe<T>(key, out var result);
            if (last is not null && entry?.Rule != last.Rule)
            {
                near.CountHits(last, hits);
                hits = 0;
            }

            if (entry is null)
            {
                return false;
            }

            (last, hits) = (entry, hits + 1);
            ref var first = ref slots[(int)(entry.Hash & (uint)(slots.Length - 1))].First;
            if (first == 0 || IndexOf(slots, key, entry.Hash, first) < 0)
            {
                ref var added = ref slots[_count];
                (added.Entry, added.Value, added.Age, added.Next) = (entry, result.Value, result.AgeMilliseconds, first);
                first = (ushort)++_count;
            }
        }

        if (last is not null)
        {
            near.CountHits(last, hits);
        }

        return true;
    }

    /// <inheritdoc/>
    public bool ContainsKey(string key) => TryGetValue(key, out _);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out CacheResult<T> value)
    {
        ArgumentNullException.ThrowIfNull(key);
        var slots = Slots;
        var hash = new NearKey(key).Hash;
        var index = IndexOf(slots, key, hash, slots[(int)(hash & (uint)(slots.Length - 1))].First);
        value = index < 0 ? default : slots[index].Result;
        return index >= 0;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, CacheResult<T>>> GetEnumerator()
    {
        for (var i = 0; i < _count; i++)
        {
            yield return new(Slots[i].Entry.Key, Slots[i].Result);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static int IndexOf(Span<Slot> slots, string key, uint hash, int first)
    {
        var index = first - 1;
        while (index >= 0 && !(slots[index].Entry.Hash == hash && slots[index].Entry.Key == key))
        {
            index = slots[index].Next - 1;
        }

        return index;
    }

    // A result, and as a bucket of the index the number of its first result. Numbers begin at 1; 0 is none.
    private protected struct Slot
    {
        public NearEntry Entry;
        public T? Value;
        public int Age;
        public ushort Next;
        public ushort First;

        public readonly CacheResult<T> Result => new(Value!, CacheSource.Near, Age, Entry.Version);
    }

    private sealed class Inline<TSlots> : NearResults<T>
        where TSlots : struct
    {
        private TSlots _slots;

        private protected override Span<Slot> Slots => MemoryMarshal.CreateSpan(
            ref Unsafe.As<TSlots, Slot>(ref _slots), Unsafe.SizeOf<TSlots>() / Unsafe.SizeOf<Slot>());
    }

    private sealed class Large(int slots) : NearResults<T>
    {
        private readonly Slot[] _slots = new Slot[slots];

        private protected override Span<Slot> Slots => _slots;
    }
}

/// <summary>Two of a kind side by side.</summary>
[InlineArray(2)]
internal struct Pair<TItem>
    where TItem : struct
{
    private TItem _first;
}
