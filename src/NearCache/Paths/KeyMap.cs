using NearCache.Coherence.Core;
using NearCache.Coherence.Driver;
using NearCache.Near;
using NearCache.Remote;

namespace NearCache.Paths;

/// <summary>Finds out whether a string can be a key, and which server owns it.</summary>
internal sealed class KeyMap(PhysicalKeys keys, ServerDrivers servers, ProcessEpochs epochs, StaleStore stale)
{
    /// <summary>The place of a user's key.</summary>
    /// <exception cref="ArgumentException">It cannot be a key.</exception>
    public PlacedKey Place(string key)
    {
        var physical = keys.OfUser(key);
        var ring = epochs.Ring;
        return new PlacedKey(key, physical.AsMemory(keys.PrefixLength), physical, servers.OwnerOf(physical), ring, stale.EpochOf(key));
    }

    /// <summary>The place of a user's counter.</summary>
    /// <exception cref="ArgumentException">The name cannot be a key.</exception>
    public PlacedKey PlaceCounter(string counter)
    {
        var physical = keys.OfCounter(counter);
        var ring = epochs.Ring;
        return new PlacedKey(counter, physical, physical, servers.OwnerOf(physical), ring, 0);
    }
}
