using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Logging;
using NearCache.Adapters.Hybrid;
using NearCache.Diagnostics;
using NearCache.Remote;
using NearCache.Remote.Keys;
using NearCache.Tags;

namespace NearCache;

/// <summary>
/// Implements Microsoft's <see cref="HybridCache"/> on a NearCache. A removal by key or by tag takes effect in every process, within
/// <see cref="NearCacheOptions.MaxStaleness"/> at the latest.
/// </summary>
/// <remarks>
/// Keys have the prefix <c>h:</c>, so one rule that matches <c>h:*</c> keeps all entries near; without a rule none are. Registered by
/// <c>AddHybridCache</c>, or created directly without a container. It owns nothing: dispose the client to end it.
/// <c>docs/hybrid-cache.md</c> describes each flag.
/// </remarks>
public sealed class NearHybridCache : HybridCache
{
    private readonly HybridHits _hits;
    private readonly HybridSerializers _serializers;
    private readonly HybridPath _path;
    private readonly AdapterKeys _keys;
    private readonly AdapterKeys _tags;
    private readonly ILogger _logger;
    private readonly HybridCacheEntryOptions? _defaults;
    private readonly HybridCacheEntryFlags _defaultFlags;
    private readonly TimeSpan _lifetime;
    private readonly int _longestKey;

    /// <summary>Creates an adapter of a cache.</summary>
    /// <param name="cache">The cache, which must outlive the adapter.</param>
    /// <param name="options">The settings. Default: the defaults of <see cref="NearHybridCacheOptions"/>.</param>
    /// <param name="services">Provides each <see cref="IHybridCacheSerializer{T}"/>. Default: none.</param>
    public NearHybridCache(NearCacheClient cache, NearHybridCacheOptions? options = null, IServiceProvider? services = null)
    {
        ArgumentNullException.ThrowIfNull(cache);
        options ??= new NearHybridCacheOptions();
        var parts = cache.Parts.CreateHybrid(options, services);
        (_hits, _serializers, _path, _lifetime, _logger) = (parts.Hits, parts.Serializers, parts.Path, parts.Lifetime, parts.Logger);
        _keys = new AdapterKeys(AdapterKeys.HybridPrefix, parts.CanHold);
        _tags = new AdapterKeys(TagTable.Prefix, parts.CanHold);
        _defaults = options.DefaultEntryOptions;
        _defaultFlags = _defaults?.Flags ?? HybridCacheEntryFlags.None;
        _longestKey = options.MaximumKeyLength;
        foreach (var (setting, value, reason) in options.NotHonoured)
        {
            _logger.HybridSettingNotHonoured(setting, value, reason);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A tag is empty, blank or <c>*</c>, or contains an unpaired surrogate.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An expiration is not positive.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>. By default the factory is called.
    /// </exception>
    public override ValueTask<T> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(factory);
        cancellationToken.ThrowIfCancellationRequested();
        return ReadsNear(options) && _hits.Find(key) is { } near && near.TryTake<T>(_serializers, out var value)
            ? new(value!)
            : FetchAsync(key, state, factory, options, tags, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>A near hit needs no string, so a hit with an interpolated key allocates nothing.</remarks>
    /// <exception cref="ArgumentException">A tag is empty, blank or <c>*</c>, or contains an unpaired surrogate.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An expiration is not positive.</exception>
    /// <exception cref="NearCacheException">
    /// memcached failed and <see cref="NearCacheOptions.OnRemoteFailure"/> is <c>Throw</c>. By default the factory is called.
    /// </exception>
    public override ValueTask<T> GetOrCreateAsync<TState, T>(
        ReadOnlySpan<char> key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        cancellationToken.ThrowIfCancellationRequested();
        return ReadsNear(options) && _hits.Find(key) is { } near && near.TryTake<T>(_serializers, out var value)
            ? new(value!)
            : FetchAsync(key.ToString(), state, factory, options, tags, cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A tag is empty, blank or <c>*</c>, or contains an unpaired surrogate.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An expiration is not positive.</exception>
    /// <exception cref="NearCacheException">The write failed, or its outcome is unknown.</exception>
    public override ValueTask SetAsync<T>(
        string key,
        T value,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        cancellationToken.ThrowIfCancellationRequested();
        var (call, names) = (CallOf(options), NamesOf(tags));
        return CanCache(key) ? new(_path.SetAsync(_keys.NameOf(key), value, call, names, cancellationToken)) : default;
    }

    /// <inheritdoc/>
    /// <exception cref="NearCacheException">The removal failed, or its outcome is unknown.</exception>
    public override ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        cancellationToken.ThrowIfCancellationRequested();
        return CanCache(key) ? new(_path.RemoveAsync(_keys.NameOf(key), cancellationToken)) : default;
    }

    /// <inheritdoc/>
    /// <exception cref="NearCacheException">At least one removal failed; the others were attempted.</exception>
    public override ValueTask RemoveAsync(IEnumerable<string> keys, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return keys is null
            ? default
            : new(_path.RemoveAsync(keys.Where(CanCache).Select(_keys.NameOf).Distinct(StringComparer.Ordinal), cancellationToken));
    }

    /// <summary>Voids every entry with the tag in every process; with <c>*</c>, every entry.</summary>
    /// <exception cref="ArgumentException">The tag contains an unpaired surrogate.</exception>
    /// <remarks>
    /// Nothing is searched or deleted: each entry holds the versions of its tags, and this method writes a new version. A blank tag has no
    /// effect.
    /// </remarks>
    /// <exception cref="NearCacheException">The write failed, or its outcome is unknown.</exception>
    public override ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return string.IsNullOrWhiteSpace(tag) ? default : new(_path.RemoveByTagAsync(NameOfTag(tag), cancellationToken));
    }

    /// <inheritdoc/>
    /// <exception cref="NearCacheException">At least one write failed; the others were attempted.</exception>
    public override ValueTask RemoveByTagAsync(IEnumerable<string> tags, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return tags is null ? default : new(Task.WhenAll(
            tags.Where(tag => !string.IsNullOrWhiteSpace(tag))
                .Distinct(StringComparer.Ordinal)
                .Select(tag => _path.RemoveByTagAsync(NameOfTag(tag), cancellationToken))));
    }

    private bool ReadsNear(HybridCacheEntryOptions? options) =>
        ((options?.Flags ?? _defaultFlags) & HybridCacheEntryFlags.DisableLocalCacheRead) == 0;

    // A method of its own, so that a hit does not pay for it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private ValueTask<T> FetchAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        HybridCacheEntryOptions? options,
        IEnumerable<string>? tags,
        CancellationToken cancellationToken)
    {
        var (call, names) = (CallOf(options), NamesOf(tags));
        if (!CanCache(key))
        {
            return call.RunsFactory ? factory(state, cancellationToken) : default;
        }

        var name = _keys.NameOf(key);
        return call.ReadsNear
            && name[AdapterKeys.HybridPrefix.Length] == AdapterKeys.Mark
            && _hits.FindNamed(name) is { } near
            && near.TryTake<T>(_serializers, out var value)
            ? new(value!)
            : _path.GetOrCreateAsync(name, state, factory, call, names, cancellationToken);
    }

    private HybridCallOptions CallOf(HybridCacheEntryOptions? options) => HybridCallOptions.Of(options, _defaults, _lifetime);

    private bool CanCache(string key)
    {
        _path.ThrowIfClosed();
        var reason = string.IsNullOrWhiteSpace(key) ? "is blank"
            : key.Length > _longestKey ? $"has {key.Length} characters, and MaximumKeyLength is {_longestKey}"
            : key.AsSpan().IndexOfAnyInRange('\0', '\u001f') >= 0 ? "holds a control character"
            : !StrictUtf8.IsWellFormed(key) ? "contains half of a surrogate pair"
            : null;
        if (reason is not null)
        {
            _logger.HybridKeyRefused(reason);
        }

        return reason is null;
    }

    private string[] NamesOf(IEnumerable<string>? tags, [CallerArgumentExpression(nameof(tags))] string? parameter = null)
    {
        if (tags is null)
        {
            return [];
        }

        var names = new List<string>();
        foreach (var tag in tags)
        {
            if (string.IsNullOrWhiteSpace(tag))
            {
                throw new ArgumentException("A tag must not be null, empty or blank.", parameter);
            }

            if (tag == TagVersion.Everything)
            {
                throw new ArgumentException("The tag * stands for every entry: it can be removed, but no entry can have it.", parameter);
            }

            var name = NameOfTag(tag);
            if (!names.Contains(name))
            {
                names.Add(name);
            }
        }

        return [.. names];
    }

    private string NameOfTag(string tag) => _tags.NameOf(tag)[TagTable.Prefix.Length..];
}
