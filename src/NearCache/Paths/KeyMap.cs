using NearCache.Coherence.Core;
using NearCache.Coherence.Driver;
using NearCache.Locks;
using NearCache.Near;
using NearCache.Remote;

namespace NearCache.Paths;

/// <summary>Finds out whether a string can be a key, and which server owns it.</summary>
internal sealed class KeyMap(PhysicalKeys keys, ServerDrivers servers, ProcessEpochs epochs, StaleStore stale, bool hasCounters)
{
    private volatile bool _isClosed;

    /// <summary>All servers.</summary>
    public IReadOnlyList<ServerDriver> Servers => servers.All;

    /// <summary>Has no place for any key from now on: the cache is disposed.</summary>
    public void Close() => _isClosed = true;

    /// <summary>Refuses calls once the cache is disposed.</summary>
    /// <exception cref="ObjectDisposedException">It is.</exception>
    public void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_isClosed, typeof(NearCacheClient));

    /// <summary>Whether memcached can have this as a key.</summary>
    public bool CanHold(string key) => keys.CanHold(key);

    /// <summary>Whether a user's key is known by another name, and by which.</summary>
    public bool HasName(string key, out string name)
    {
        name = keys.HasName(key) ? keys.NameOf(key) : key;
        return !ReferenceEquals(name, key);
    }

    /// <summary>The place of a user's key.</summary>
    /// <exception cref="ArgumentException">It cannot be a key.</exception>
    public PlacedKey Place(string key) => PlaceName(keys.NameOf(key));

    /// <summary>The place of a key that nobody has looked at yet, or of one that was placed before, by its name. False: it cannot be a key.</summary>
    public bool TryPlace(string key, out PlacedKey place)
    {
        try
        {
            HasName(key, out var name);
            place = PlaceName(name);
            return true;
        }
        catch (ArgumentException)
        {
            place = default;
            return false;
        }
    }

    /// <summary>The place of a key that was placed before, by its name.</summary>
    /// <exception cref="ArgumentException">It cannot be a key.</exception>
    public PlacedKey PlaceName(string key)
    {
        ThrowIfClosed();
        var physical = keys.OfUser(key);
        var ring = epochs.Ring;
        var hash = KeyHash.Of(physical.AsSpan(keys.PrefixLength));
        var server = servers.OwnerOf(physical);
        return new PlacedKey(key, physical.AsMemory(keys.PrefixLength), physical, hash, server, server.Epoch, ring, stale.EpochOf(hash));
    }

    /// <summary>The place of a user's counter.</summary>
    /// <exception cref="ArgumentException">The name cannot be a key.</exception>
    /// <exception cref="NotSupportedException">The remote cannot count.</exception>
    public CounterPlace PlaceCounter(ReadOnlySpan<char> counter)
    {
        ThrowIfClosed();
        NeedsMemcached("Counting");
        var physical = keys.OfCounter(counter);
        return new CounterPlace(physical.AsMemory(keys.CounterPrefixLength), physical, servers.OwnerOf(physical));
    }

    /// <summary>The place of a tag.</summary>
    /// <param name="name">The tag's name.</param>
    /// <param name="server">The server that has it; null: the one that owns its key.</param>
    public PlacedKey PlaceTag(string name, ServerDriver? server)
    {
        ThrowIfClosed();
        var physical = keys.OfTag(name);
        var ring = epochs.Ring;
        var hash = KeyHash.Of(physical.AsSpan(keys.PrefixLength));
        server ??= servers.OwnerOf(physical);
        return new PlacedKey($"{PhysicalKeys.ReservedTags}{name}", physical.AsMemory(keys.PrefixLength), physical, hash, server, server.Epoch, ring, 0);
    }

    /// <summary>The place of a user's lock; its fence lies on the same server, so that both are counted in one write.</summary>
    /// <exception cref="ArgumentException">The name cannot be a key.</exception>
    /// <exception cref="NotSupportedException">The remote has no locks.</exception>
    public LockPlace PlaceLock(string name)
    {
        ThrowIfClosed();
        NeedsMemcached("Locking");
        var key = keys.OfLock(name);
        return new LockPlace(name, key, keys.OfFence(name), servers.OwnerOf(key));
    }

    /// <summary>Refuses what only memcached can do.</summary>
    /// <exception cref="NotSupportedException">The remote is another vendor's.</exception>
    public void NeedsMemcached(string what)
    {
        if (!hasCounters)
        {
            throw new NotSupportedException($"{what} needs memcached: the remote of this cache is an IDistributedCache (UseDistributedCache), which can only get, set and remove.");
        }
    }
}
