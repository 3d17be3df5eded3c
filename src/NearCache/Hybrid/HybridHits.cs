using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Near;
using NearCache.Remote;

namespace NearCache.Hybrid;

/// <summary>Near hits by keys without their prefix: nothing is allocated, awaited or locked.</summary>
/// <remarks>It knows no type of value, since looking a type up is a good part of what a hit may cost.</remarks>
internal sealed class HybridHits(NearStore near, ProcessEpochs epochs, NearClock clock)
{
    // A longer key is put together on the heap.
    private const int MostOnStack = 250;

    /// <summary>Finds an item that may be served now.</summary>
    [SkipLocalsInit]
    public HybridItem? Find(string key)
    {
        // Such a key is stored by its hash, and its own name may be another's.
        if (key.Length == 0 || key[0] == FaceKeys.Mark)
        {
            return null;
        }

        // A constant size, and not cleared: both would be a good part of a hit.
        Span<char> room = stackalloc char[MostOnStack];
        var length = NearHybridCache.KeyPrefix.Length + key.Length;
        var name = length > MostOnStack ? new char[length] : room[..length];
        NearHybridCache.KeyPrefix.CopyTo(name);
        key.CopyTo(name[NearHybridCache.KeyPrefix.Length..]);
        return FindNamed(name);
    }

    /// <summary>The same by the whole name.</summary>
    public HybridItem? FindNamed(ReadOnlySpan<char> name)
    {
        while (true)
        {
            // As NearStore.TryGet does, with the tags between the two looks at the count.
            var confirmations = epochs.Confirmations;
            if (near.Find(name) is not { Value: HybridItem item } entry)
            {
                return null;
            }

            var now = clock.Now();
            if (!entry.IsServable(now) || !AreCurrent(item, now))
            {
                return null;
            }

            if (confirmations == epochs.Confirmations)
            {
                near.Hit(entry);
                return item;
            }
        }
    }

    private static bool AreCurrent(HybridItem item, in Moment now)
    {
        if (item.KnownStamps is not { } stamps)
        {
            return false;
        }

        foreach (ref readonly var stamp in stamps.AsSpan())
        {
            if (stamp.Cell.Current is not { } known || known.Version != stamp.Version || !known.IsServable(now))
            {
                return false;
            }
        }

        return true;
    }
}
