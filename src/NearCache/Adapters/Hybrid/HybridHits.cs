using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Near;
using NearCache.Remote.Keys;

namespace NearCache.Adapters.Hybrid;

/// <summary>Finds near hits by keys without their prefix. No allocation, no await, no lock.</summary>
/// <remarks>Not generic, because a generic lookup of the type is a considerable part of the cost of a hit.</remarks>
internal sealed class HybridHits(NearStore near, ProcessEpochs epochs, NearClock clock)
{
    /// <summary>Finds an item that may be served now.</summary>
    /// <remarks>A key that begins with the mark is stored by its hash; without it, its name could be that of another key.</remarks>
    // Not inlined, because in shared generic code it would cost a quarter more.
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    public HybridItem? Find(ReadOnlySpan<char> key) =>
        key.StartsWith(AdapterKeys.Mark) ? null : Find(new NearKey(AdapterKeys.HybridPrefix, key));

    /// <summary>Finds an item by its whole name.</summary>
    public HybridItem? FindNamed(string name) => Find(new NearKey(name));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private HybridItem? Find(in NearKey key)
    {
        while (true)
        {
            // As NearStore.TryGet, with the check of the tags between the two reads of the count.
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
        if (item.KnownDependencies is not { } dependencies)
        {
            return false;
        }

        foreach (ref readonly var dependency in dependencies.AsSpan())
        {
            if (dependency.Tag.Current is not { } known || known.Version != dependency.Version || !known.IsServable(now))
            {
                return false;
            }
        }

        return true;
    }
}
