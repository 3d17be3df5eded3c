using System.Collections.Concurrent;
using NearCache.Coherence.Core;
using NearCache.Near;

namespace NearCache.Hybrid;

/// <summary>Near hits by keys without their prefix: nothing is put together, allocated, awaited or locked.</summary>
/// <remarks>It knows no type of value, since looking a type up is a good part of what a hit may cost.</remarks>
internal sealed class HybridHits(NearStore near, ProcessEpochs epochs, NearClock clock, string prefix)
{
    private readonly ConcurrentDictionary<string, NearEntry> _entries = near.IndexBehind(prefix);

    /// <summary>Finds an item that may be served now.</summary>
    public HybridItem? Find(string key)
    {
        while (true)
        {
            // As NearStore.TryGet does, with the tags between the two looks at the count.
            var confirmations = epochs.Confirmations;
            if (!_entries.TryGetValue(key, out var entry) || entry.Value is not HybridItem item)
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

    /// <summary>The same by the whole name.</summary>
    public HybridItem? FindNamed(string name) => Find(name[prefix.Length..]);

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
