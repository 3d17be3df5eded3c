using NearCache.Coherence;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Near;
using NearCache.Remote.Keys;

namespace NearCache.Placement;

/// <summary>Finds out whether a string can be a key, and which server owns it.</summary>
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
    /// Of the namespace's keys. Until it is decided, keys are placed by the default, and placed again before anything is sent.
    /// </param>
    /// <param name="named">Makes the names of keys behind a prefix.</param>
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

            // What was read before was read by another name.
            epochs.RaiseRing();
        };
    }

    /// <summary>Whether keys that are placed now stay where they are.</summary>
    public bool IsPrefixKnown => _prefix.Value is not null;

    /// <summary>Whether a key's place is where it stays.</summary>
    public bool IsFinal(in PlacedKey place) => IsPrefixKnown && place.Physical.Length - place.Name.Length == _keys.PrefixLength;

    /// <summary>Waits until the prefix of keys is decided, or no server can say.</summary>
    /// <returns>Whether it is decided.</returns>
    public ValueTask<bool> PrefixKnownAsync(CancellationToken cancellationToken) => _prefix.SettledAsync(cancellationToken);

    /// <summary>Waits until the prefix of keys is decided: nothing is written by a name that the fleet may not look for.</summary>
    /// <exception cref="NearCacheException">No server can say.</exception>
    public async ValueTask RequirePrefixAsync(CancellationToken cancellationToken)
    {
        if (!await _prefix.SettledAsync(cancellationToken).ConfigureAwait(false))
        {
            throw new NearCacheException("Nothing was written: no memcached server answers, and KeyPrefix is not set, so it is not known yet by which name the fleet keeps the key.")
            {
                IsTransient = true,
            };
        }
    }

    /// <summary>Returns the place of a key once the prefix is decided; as it is if no server can say.</summary>
    public async ValueTask<PlacedKey> FinalAsync(PlacedKey place, CancellationToken cancellationToken) =>
        await _prefix.SettledAsync(cancellationToken).ConfigureAwait(false) && !IsFinal(place) ? PlaceName(place.Text) : place;

    /// <summary>All servers.</summary>
    public IReadOnlyList<CoherentServer> Servers => _servers.All;

    /// <summary>Has no place for any key from now on: the cache is disposed.</summary>
    public void Close() => _isClosed = true;

    /// <summary>Refuses calls once the cache is disposed.</summary>
    /// <exception cref="ObjectDisposedException">It is.</exception>
    public void ThrowIfClosed()
    {
        if (_isClosed)
        {
            throw Disposed();
        }
    }

    /// <summary>Whether memcached can have this as a key.</summary>
    public bool CanHold(string key) => _keys.CanHold(key);

    /// <summary>Whether a user's key is known by another name, and by which.</summary>
    public bool HasName(string key, out string name)
    {
        name = _keys.HasName(key) ? _keys.NameOf(key) : key;
        return !ReferenceEquals(name, key);
    }

    /// <summary>The place of a user's key.</summary>
    /// <exception cref="ArgumentException">It cannot be a key.</exception>
    public PlacedKey Place(string key) => PlaceName(_keys.NameOf(key));

    /// <summary>
    /// The place of a key that nobody has looked at yet, or of one that was placed before, by its name. False: it cannot be a key.
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

    /// <summary>The place of a key that was placed before, by its name.</summary>
    /// <exception cref="ArgumentException">It cannot be a key.</exception>
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

    /// <summary>The place of a user's counter.</summary>
    /// <exception cref="ArgumentException">The name cannot be a key.</exception>
    /// <exception cref="NotSupportedException">The remote cannot count.</exception>
    public PlacedCounter PlaceCounter(ReadOnlySpan<char> counter)
    {
        ThrowIfClosed();
        RequireMemcached("Counting");
        var physical = _keys.OfCounter(counter);
        return new PlacedCounter(physical.AsMemory(_keys.CounterPrefixLength), physical, _servers.OwnerOf(physical));
    }

    /// <summary>The place of a tag.</summary>
    /// <param name="name">The tag's name.</param>
    /// <param name="server">The server that has it; null: the one that owns its key.</param>
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

    /// <summary>The place of a user's lock; its fence lies on the same server, so that both are counted in one write.</summary>
    /// <exception cref="ArgumentException">The name cannot be a key.</exception>
    /// <exception cref="NotSupportedException">The remote has no locks.</exception>
    public PlacedLock PlaceLock(string name)
    {
        ThrowIfClosed();
        RequireMemcached("Locking");
        var key = _keys.OfLock(name);
        return new PlacedLock(name, key, _keys.OfFence(name), _servers.OwnerOf(key));
    }

    /// <summary>Refuses what only memcached can do.</summary>
    /// <exception cref="NotSupportedException">The remote is another vendor's.</exception>
    public void RequireMemcached(string what)
    {
        if (!_hasCounters)
        {
            throw new NotSupportedException($"{what} needs memcached: the remote of this cache is an IDistributedCache (UseDistributedCache), which can only get, set and remove.");
        }
    }

    // By name: this folder does not depend on the client.
    private static ObjectDisposedException Disposed() => new($"{nameof(NearCache)}.{nameof(NearCacheClient)}");
}
