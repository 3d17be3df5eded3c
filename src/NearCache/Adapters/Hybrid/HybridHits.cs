using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Near;
using NearCache.Remote.Keys;

namespace NearCache.Adapters.Hybrid;

/// <summary>Finds near items by keys without their prefix. Allocates nothing, and takes no lock.</summary>
/// <remarks>Not generic, because looking up a type argument would take a considerable part of a hit.</remarks>
internal sealed class HybridHits(NearStore near, ProcessEpochs epochs, NearClock clock)
{
    /// <summary>Returns the item of a key if it may be served now; otherwise null.</summary>
    /// <remarks>A key that begins with <see cref="Remote.Keys.AdapterKeys.Mark"/> is stored under its hash: its own name
    /// may belong to another key.</remarks>
    // Not inlined into generic code, where it costs a quarter more.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public HybridItem? Find(ReadOnlySpan<char> key) =>
        key.StartsWith(AdapterKeys.Mark) ? null : Find(new NearKey(AdapterKeys.HybridPrefix, key));

    /// <summary>Returns the item of a key with its prefix, as above.</summary>
    public HybridItem? FindNamed(string name) => Find(new NearKey(name));

    private HybridItem? Find(in NearKey key)
    {
        while (true)
        {
            // Like NearStore.TryGet, with the check of the tags between the two reads of the count.
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
