using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;
using NearCache.Adapters.Distributed;
using NearCache.Remote;
using NearCache.Remote.Keys;

namespace NearCache;

/// <summary>
/// Implements Microsoft's <see cref="IDistributedCache"/> on a NearCache, for sessions, antiforgery tokens and other code written for that
/// interface.
/// </summary>
/// <remarks>
/// <para>
/// Keys have the prefix <c>d:</c>. A rule that matches <c>d:*</c> keeps entries near, except those with a sliding expiration: memcached
/// must see every read of them. Expirations are whole seconds, rounded up. An entry without an expiration lives until memcached evicts it.
/// </para>
/// <para>
/// The synchronous members block their thread until memcached has replied, for at most <c>OperationTimeout</c>; under load they can exhaust
/// the thread pool. Prefer the asynchronous members.
/// </para>
/// <para>
/// Registered by <c>AddDistributedCache</c>, or created directly without a container. It owns nothing: dispose the client to end it.
/// </para>
/// </remarks>
public sealed class NearDistributedCache : IBufferDistributedCache, INearCacheAdapter
{
    private readonly DistributedPath _path;
    private readonly AdapterKeys _keys;
    private readonly TimeProvider _time;
    private readonly bool _slides;

    /// <summary>Creates an adapter of a cache.</summary>
    /// <param name="cache">The cache, which must outlive the adapter.</param>
    public NearDistributedCache(NearCacheClient cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        var parts = cache.Parts.Distributed;
        (_path, _time, _slides) = (parts.Path, parts.Time, parts.Slides);
        _keys = new AdapterKeys(AdapterKeys.DistributedPrefix, parts.CanHold);
    }

    /// <summary>Gets the value of a key, or null. Blocks until memcached has replied, unless the value is near.</summary>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>. By default the result is null.
    /// </exception>
    public byte[]? Get(string key) => GetAsync(key).GetAwaiter().GetResult();

    /// <summary>Gets the value of a key, or null.</summary>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>. By default the result is null.
    /// </exception>
    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default) =>
        (await FindAsync(key, token).ConfigureAwait(false))?.Payload.ToArray();

    /// <summary>Writes the value of a key to a buffer. Blocks until memcached has replied, unless the value is near.</summary>
    /// <returns>True if the key has a value; otherwise false, and nothing was written.</returns>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>. By default the result is false.
    /// </exception>
    public bool TryGet(string key, IBufferWriter<byte> destination) => TryGetAsync(key, destination).AsTask().GetAwaiter().GetResult();

    /// <summary>Writes the value of a key to a buffer.</summary>
    /// <returns>True if the key has a value; otherwise false, and nothing was written.</returns>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>. By default the result is false.
    /// </exception>
    public async ValueTask<bool> TryGetAsync(string key, IBufferWriter<byte> destination, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (await FindAsync(key, token).ConfigureAwait(false) is not { } item)
        {
            return false;
        }

        destination.Write(item.Payload.Span);
        return true;
    }

    /// <summary>Stores a value. Blocks until memcached has replied.</summary>
    /// <remarks>If both absolute expirations are set, the earlier one applies.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The absolute expiration is not in the future.</exception>
    /// <exception cref="NotSupportedException">The expiration is sliding, and the remote tier is not memcached.</exception>
    /// <exception cref="NearCacheException">The write failed, or its outcome is unknown.</exception>
    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) =>
        SetAsync(key, value, options).GetAwaiter().GetResult();

    /// <summary>Stores a value. The bytes are copied before the method returns its task.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The absolute expiration is not in the future.</exception>
    /// <exception cref="NotSupportedException">The expiration is sliding, and the remote tier is not memcached.</exception>
    /// <exception cref="NearCacheException">The write failed, or its outcome is unknown.</exception>
    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        return SetAsync(key, new ReadOnlySequence<byte>(value), options, token).AsTask();
    }

    /// <summary>Stores a value. Blocks until memcached has replied.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The absolute expiration is not in the future.</exception>
    /// <exception cref="NotSupportedException">The expiration is sliding, and the remote tier is not memcached.</exception>
    /// <exception cref="NearCacheException">The write failed, or its outcome is unknown.</exception>
    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options) =>
        SetAsync(key, value, options).AsTask().GetAwaiter().GetResult();

    /// <summary>Stores a value. The bytes are copied before the method returns its task.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The absolute expiration is not in the future.</exception>
    /// <exception cref="NotSupportedException">The expiration is sliding, and the remote tier is not memcached.</exception>
    /// <exception cref="NearCacheException">The write failed, or its outcome is unknown.</exception>
    public ValueTask SetAsync(
        string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(options);
        token.ThrowIfCancellationRequested();
        if (!_slides && options.SlidingExpiration is not null)
        {
            throw new NotSupportedException("A sliding expiration needs memcached: the remote of this cache is an IDistributedCache "
                + "itself (UseDistributedCache). Use the IDistributedCache directly for entries with a sliding expiration.");
        }

        return new(
            _path.SetAsync(_keys.NameOf(key), new DistributedItem(value.ToArray(), options.SlidingExpiration, DeadlineOf(options)), token));
    }

    /// <summary>Restarts the sliding expiration of a key. Blocks until memcached has replied.</summary>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>. By default nothing happens.
    /// </exception>
    public void Refresh(string key) => RefreshAsync(key).GetAwaiter().GetResult();

    /// <summary>Restarts the sliding expiration of a key.</summary>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>. By default nothing happens.
    /// </exception>
    public async Task RefreshAsync(string key, CancellationToken token = default) => await FindAsync(key, token).ConfigureAwait(false);

    /// <summary>Removes a key. Blocks until memcached has replied.</summary>
    /// <exception cref="NearCacheException">The removal failed, or its outcome is unknown.</exception>
    public void Remove(string key) => RemoveAsync(key).GetAwaiter().GetResult();

    /// <summary>Removes a key.</summary>
    /// <exception cref="NearCacheException">The removal failed, or its outcome is unknown.</exception>
    public Task RemoveAsync(string key, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        token.ThrowIfCancellationRequested();
        return _path.RemoveAsync(_keys.NameOf(key), token);
    }

    private ValueTask<DistributedItem?> FindAsync(string key, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(key);
        token.ThrowIfCancellationRequested();
        return _path.GetAsync(_keys.NameOf(key), token);
    }

    private long? DeadlineOf(DistributedCacheEntryOptions options)
    {
        var now = _time.GetUtcNow();
        var span = options.AbsoluteExpirationRelativeToNow is { } life && life < DateTimeOffset.MaxValue - now
            ? now + life
            : (DateTimeOffset?)null;
        var deadline = span < options.AbsoluteExpiration ? span : options.AbsoluteExpiration ?? span;
        return deadline is not { } end ? null
            : end > now ? end.ToUnixTimeMilliseconds()
            : throw new ArgumentOutOfRangeException(nameof(options), end, "The absolute expiration must be in the future.");
    }
}
