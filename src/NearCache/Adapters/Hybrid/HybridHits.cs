using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Near;
using NearCache.Remote.Keys;

namespace NearCache.Adapters.Hybrid;

/// <summary>Near hits by keys without their prefix: nothing is allocated, awaited or locked.</summary>
/// <remarks>It knows no type of value, since looking a type up is a good part of what a hit may cost.</remarks>
internal sealed class HybridHits(NearStore near, ProcessEpochs epochs, NearClock clock)
{
    /// <summary>Finds an item that may be served now.</summary>
    /// <remarks>A key that begins with the mark is stored by its hash, and its own name may be another's.</remarks>
    // Apart, so that all this is not compiled into code that serves every type: there it costs a quarter more.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public HybridItem? Find(ReadOnlySpan<char> key) =>
        key.StartsWith(AdapterKeys.Mark) ? null : Find(new NearKey(AdapterKeys.HybridPrefix, key));

    /// <summary>The same by the whole name.</summary>
    public HybridItem? FindNamed(string name) => Find(new NearKey(name));

    private HybridItem? Find(in NearKey key)
    {
        while (true)
        {
            // As NearStore.TryGet does, with the tags between the two looks at the count.
            var confirmations = epochs.Confirmations;
            if (near.Find(key) is not { Value: HybridItem item } entry)
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AreCurrent(HybridItem item, in Timestamps now)
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
