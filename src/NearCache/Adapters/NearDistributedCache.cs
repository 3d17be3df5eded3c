using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;
using NearCache.Adapters.Distributed;
using NearCache.Remote;
using NearCache.Remote.Keys;

namespace NearCache;

/// <summary>
/// Microsoft's <see cref="IDistributedCache"/> over a NearCache, for sessions, antiforgery tokens, and whatever else is written against it.
/// </summary>
/// <remarks>
/// <para>
/// Its keys stand behind <c>d:</c>; a rule that matches <c>d:*</c> keeps near what does not slide. An entry with a sliding expiration is
/// never near: memcached must see that it is asked for. Expirations are whole seconds, rounded up, as memcached counts. An entry without
/// any lives until memcached needs the room.
/// </para>
/// <para>
/// The members without a task block their thread until memcached has answered, for <c>OperationTimeout</c> at most; under load they can
/// exhaust the thread pool. Prefer the others.
/// </para>
/// <para>
/// Registered by <c>AddDistributedCache</c>, or made by hand where there is no container. It owns nothing: disposing the client ends it.
/// </para>
/// </remarks>
public sealed class NearDistributedCache : IBufferDistributedCache, INearCacheAdapter
{
    private readonly DistributedPath _path;
    private readonly AdapterKeys _keys;
    private readonly TimeProvider _time;
    private readonly bool _slides;

    /// <summary>Makes a face of a cache.</summary>
    /// <param name="cache">The cache, which must outlive it.</param>
    public NearDistributedCache(NearCacheClient cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        var parts = cache.Parts.Distributed;
        (_path, _time, _slides) = (parts.Path, parts.Time, parts.Slides);
        _keys = new AdapterKeys(AdapterKeys.DistributedPrefix, parts.CanHold);
    }

    /// <summary>The value of a key, or null. Blocks until memcached has answered, unless the value is near.</summary>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>; by default that is null.
    /// </exception>
    public byte[]? Get(string key) => GetAsync(key).GetAwaiter().GetResult();

    /// <summary>The value of a key, or null.</summary>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>; by default that is null.
    /// </exception>
    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default) =>
        (await FindAsync(key, token).ConfigureAwait(false))?.Payload.ToArray();

    /// <summary>Writes the value of a key to a buffer. Blocks until memcached has answered, unless the value is near.</summary>
    /// <returns>False: there is none, and nothing was written.</returns>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>; by default that is false.
    /// </exception>
    public bool TryGet(string key, IBufferWriter<byte> destination) => TryGetAsync(key, destination).AsTask().GetAwaiter().GetResult();

    /// <summary>Writes the value of a key to a buffer.</summary>
    /// <returns>False: there is none, and nothing was written.</returns>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>; by default that is false.
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

    /// <summary>Stores a value. Blocks until memcached has answered.</summary>
    /// <remarks>Of two absolute expirations the earlier counts.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The absolute expiration is not in the future.</exception>
    /// <exception cref="NotSupportedException">It slides, and the cache is not on memcached.</exception>
    /// <exception cref="NearCacheException">The write failed, or nobody knows whether it did.</exception>
    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) =>
        SetAsync(key, value, options).GetAwaiter().GetResult();

    /// <summary>Stores a value. Its bytes are copied before the call returns its task.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The absolute expiration is not in the future.</exception>
    /// <exception cref="NotSupportedException">It slides, and the cache is not on memcached.</exception>
    /// <exception cref="NearCacheException">The write failed, or nobody knows whether it did.</exception>
    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        return SetAsync(key, new ReadOnlySequence<byte>(value), options, token).AsTask();
    }

    /// <summary>Stores a value. Blocks until memcached has answered.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The absolute expiration is not in the future.</exception>
    /// <exception cref="NotSupportedException">It slides, and the cache is not on memcached.</exception>
    /// <exception cref="NearCacheException">The write failed, or nobody knows whether it did.</exception>
    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options) =>
        SetAsync(key, value, options).AsTask().GetAwaiter().GetResult();

    /// <summary>Stores a value. Its bytes are copied before the call returns its task.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The absolute expiration is not in the future.</exception>
    /// <exception cref="NotSupportedException">It slides, and the cache is not on memcached.</exception>
    /// <exception cref="NearCacheException">The write failed, or nobody knows whether it did.</exception>
    public ValueTask SetAsync(
        string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(options);
        token.ThrowIfCancellationRequested();
        if (!_slides && options.SlidingExpiration is not null)
        {
            throw new NotSupportedException("A sliding expiration needs memcached: the remote of this cache is an IDistributedCache itself (UseDistributedCache). Use that one directly for what slides.");
        }

        return new(
            _path.SetAsync(_keys.NameOf(key), new DistributedItem(value.ToArray(), options.SlidingExpiration, DeadlineOf(options)), token));
    }

    /// <summary>Lets the sliding expiration of a key begin anew. Blocks until memcached has answered.</summary>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>; by default nothing happens.
    /// </exception>
    public void Refresh(string key) => RefreshAsync(key).GetAwaiter().GetResult();

    /// <summary>Lets the sliding expiration of a key begin anew.</summary>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>; by default nothing happens.
    /// </exception>
    public async Task RefreshAsync(string key, CancellationToken token = default) => await FindAsync(key, token).ConfigureAwait(false);

    /// <summary>Removes a key. Blocks until memcached has answered.</summary>
    /// <exception cref="NearCacheException">The removal failed, or nobody knows whether it did.</exception>
    public void Remove(string key) => RemoveAsync(key).GetAwaiter().GetResult();

    /// <summary>Removes a key.</summary>
    /// <exception cref="NearCacheException">The removal failed, or nobody knows whether it did.</exception>
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
