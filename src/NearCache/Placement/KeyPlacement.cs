using NearCache.Coherence;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Near;
using NearCache.Remote.Keys;

namespace NearCache.Placement;

/// <summary>Validates keys, and finds their physical names and the servers that own them.</summary>
/// <remarks>This folder maps what the application names (keys, counters, locks, tags) to items on servers.</remarks>
internal sealed class KeyPlacement
{
    private readonly NamespacePrefix _prefix;
    private readonly CoherentServers _servers;
    private readonly ProcessEpochs _epochs;
    private readonly StaleStore _stale;
    private readonly bool _hasCounters;
    private volatile PhysicalKeys _keys;
    private volatile bool _isClosed;

    /// <param name="prefix">
    /// The prefix of the namespace's keys. Until it is known, keys are placed by the default prefix, and placed again before anything is
    /// sent.
    /// </param>
    /// <param name="named">Creates the names of keys with a prefix.</param>
    public KeyPlacement(
        NamespacePrefix prefix,
        Func<string, PhysicalKeys> named,
        CoherentServers servers,
        ProcessEpochs epochs,
        StaleStore stale,
        string @namespace,
        bool hasCounters)
    {
        (_prefix, _servers, _epochs, _stale, _hasCounters) = (prefix, servers, epochs, stale, hasCounters);
        _keys = named(prefix.Value ?? NamespacePrefix.DefaultOf(@namespace));
        prefix.Deciding = value =>
        {
            _keys = named(value);

            // Earlier entries were read under another name.
            epochs.RaiseRing();
        };
    }

    /// <summary>Gets a value indicating whether the prefix of keys is known, so that places are final.</summary>
    public bool IsPrefixKnown => _prefix.Value is not null;

    /// <summary>Returns whether the place of a key is final.</summary>
    public bool IsFinal(in PlacedKey place) => IsPrefixKnown && place.Physical.Length - place.Name.Length == _keys.PrefixLength;

    /// <summary>Waits until the prefix of keys is known, or no server replies.</summary>
    /// <returns>True if the prefix is known; otherwise, false.</returns>
    public ValueTask<bool> PrefixKnownAsync(CancellationToken cancellationToken) => _prefix.SettledAsync(cancellationToken);

    /// <summary>Waits until the prefix of keys is known, so that nothing is written under a name that the fleet does not read.</summary>
    /// <exception cref="NearCacheException">No server has replied with the prefix.</exception>
    public async ValueTask RequirePrefixAsync(CancellationToken cancellationToken)
    {
        if (!await _prefix.SettledAsync(cancellationToken).ConfigureAwait(false))
        {
            throw new NearCacheException("Nothing was written: no memcached server answers, and KeyPrefix is not set, so it is not known "
                + "yet by which name the fleet keeps the key.")
            {
                IsTransient = true,
            };
        }
    }

    /// <summary>Returns the final place of a key; the given place if the prefix is unknown.</summary>
    public async ValueTask<PlacedKey> FinalAsync(PlacedKey place, CancellationToken cancellationToken) =>
        await _prefix.SettledAsync(cancellationToken).ConfigureAwait(false) && !IsFinal(place) ? PlaceName(place.Text) : place;

    /// <summary>Gets all servers.</summary>
    public IReadOnlyList<CoherentServer> Servers => _servers.All;

    /// <summary>Refuses every key from now on, because the cache is disposed.</summary>
    public void Close() => _isClosed = true;

    /// <summary>Throws if the cache is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public void ThrowIfClosed()
    {
        if (_isClosed)
        {
            throw Disposed();
        }
    }

    /// <summary>Returns whether memcached can hold this key.</summary>
    public bool CanHold(string key) => _keys.CanHold(key);

    /// <summary>Returns whether a key is stored under another name, and which.</summary>
    public bool HasName(string key, out string name)
    {
        name = _keys.HasName(key) ? _keys.NameOf(key) : key;
        return !ReferenceEquals(name, key);
    }

    /// <summary>Returns the place of an application's key.</summary>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    public PlacedKey Place(string key) => PlaceName(_keys.NameOf(key));

    /// <summary>
    /// Returns the place of an unchecked key, or of a key that was placed before, by its name. Returns false if the key is invalid.
    /// </summary>
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

    /// <summary>Returns the place of a key that was placed before, by its name.</summary>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    public PlacedKey PlaceName(string key)
    {
        ThrowIfClosed();
        var ring = _epochs.Ring;
        var keys = _keys;
        var physical = keys.OfUser(key);
        var hash = KeyHash.Of(physical.AsSpan(keys.PrefixLength));
        var server = _servers.OwnerOf(physical);
        return new PlacedKey(key, physical.AsMemory(keys.PrefixLength), physical, hash, server, server.Epoch, ring, _stale.EpochOf(hash));
    }

    /// <summary>Returns the place of an application's counter.</summary>
    /// <exception cref="ArgumentException">The name is invalid.</exception>
    /// <exception cref="NotSupportedException">The remote tier has no counters.</exception>
    public PlacedCounter PlaceCounter(ReadOnlySpan<char> counter)
    {
        ThrowIfClosed();
        RequireMemcached("Counting");
        var physical = _keys.OfCounter(counter);
        return new PlacedCounter(physical.AsMemory(_keys.CounterPrefixLength), physical, _servers.OwnerOf(physical));
    }

    /// <summary>Returns the place of a tag.</summary>
    /// <param name="name">The name of the tag.</param>
    /// <param name="server">The server of the tag; null for the owner of its key.</param>
    public PlacedKey PlaceTag(string name, CoherentServer? server)
    {
        ThrowIfClosed();
        var ring = _epochs.Ring;
        var keys = _keys;
        var physical = keys.OfTag(name);
        var hash = KeyHash.Of(physical.AsSpan(keys.PrefixLength));
        server ??= _servers.OwnerOf(physical);
        return new PlacedKey(
            $"{PhysicalKeys.ReservedTags}{name}", physical.AsMemory(keys.PrefixLength), physical, hash, server, server.Epoch, ring, 0);
    }

    /// <summary>Returns the place of an application's lock. Its fence is on the same server, so that both are written together.</summary>
    /// <exception cref="ArgumentException">The name is invalid.</exception>
    /// <exception cref="NotSupportedException">The remote tier has no locks.</exception>
    public PlacedLock PlaceLock(string name)
    {
        ThrowIfClosed();
        RequireMemcached("Locking");
        var key = _keys.OfLock(name);
        return new PlacedLock(name, key, _keys.OfFence(name), _servers.OwnerOf(key));
    }

    /// <summary>Throws if the remote tier is not memcached.</summary>
    /// <exception cref="NotSupportedException">The remote tier is another vendor's.</exception>
    public void RequireMemcached(string what)
    {
        if (!_hasCounters)
        {
            throw new NotSupportedException($"{what} needs memcached: the remote of this cache is an IDistributedCache "
                + "(UseDistributedCache), which can only get, set and remove.");
        }
    }

    // By name: this folder does not depend on the client.
    private static ObjectDisposedException Disposed() => new($"{nameof(NearCache)}.{nameof(NearCacheClient)}");
}
