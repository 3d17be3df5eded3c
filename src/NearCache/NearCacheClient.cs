using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NearCache.Composition;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Remote;
using NearCache.Reports;

namespace NearCache;

/// <summary>The default implementation of <see cref="INearCache"/>: near tier, then memcached, then the caller's factory.</summary>
/// <remarks>
/// Created by <c>AddNearCache</c>, or directly in code without a container. It connects in the background, so the constructor never fails
/// because a server is down.
/// </remarks>
[SkipLocalsInit]   // a near hit is inlined here, and would clear two cache lines of the stack
public sealed class NearCacheClient : INearCache, IAsyncDisposable, IDisposable
{
    private readonly CacheParts _parts;
    private readonly NearStore _near;   // saves an indirection on a hit
    private Task? _disposal;

    /// <summary>Creates a cache and starts its background work.</summary>
    /// <param name="options">The settings; copied.</param>
    /// <param name="loggerFactory">Creates the logger. Default: no logging.</param>
    /// <param name="meterFactory">Creates the meters. Default: meters are created without a factory.</param>
    /// <param name="timeProvider">The clocks and timers. Default: <see cref="TimeProvider.System"/>.</param>
    /// <exception cref="OptionsValidationException">The settings are invalid. The message names every error.</exception>
    public NearCacheClient(
        NearCacheOptions options,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null,
        TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _parts = CacheParts.Create(options, loggerFactory, meterFactory, timeProvider ?? TimeProvider.System);
        _near = _parts.Near;
    }

    /// <summary>Creates a cache that shares connections with other caches.</summary>
    internal NearCacheClient(
        NearCacheOptions options,
        ClientPools clients,
        ILoggerFactory? loggerFactory,
        IMeterFactory? meterFactory,
        TimeProvider timeProvider)
    {
        _parts = CacheParts.Create(options, loggerFactory, meterFactory, timeProvider, clients: clients);
        _near = _parts.Near;
    }

    /// <summary>Creates a cache on a given remote tier in the place of the one that the options name.</summary>
    internal NearCacheClient(
        NearCacheOptions options,
        IRemote remote,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null,
        TimeProvider? timeProvider = null)
    {
        _parts = CacheParts.Create(options, loggerFactory, meterFactory, timeProvider ?? TimeProvider.System, remote);
        _near = _parts.Near;
    }

    /// <summary>Gets the parts that the adapters are built from.</summary>
    internal CacheParts Parts => _parts;

    /// <inheritdoc/>
    public ValueTask<CacheResult<T>> GetAsync<T>(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _near.TryGet<T>(key, out var result) ? new(result) : _parts.Reads.GetAsync<T>(key, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<CacheResult<T>> GetAsync<T>(ReadOnlySpan<char> key, CancellationToken cancellationToken = default) =>
        _near.TryGet<T>(key, out var result) ? new(result) : _parts.Reads.GetAsync<T>(key.ToString(), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<CacheResult<T>> GetAsync<T>(ref DefaultInterpolatedStringHandler key, CancellationToken cancellationToken = default)
    {
        if (!_near.TryGet<T>(key.Text, out var result))
        {
            return _parts.Reads.GetAsync<T>(key.ToStringAndClear(), cancellationToken);
        }

        key.Clear();
        return new(result);
    }

    /// <inheritdoc/>
    public ValueTask<T> GetOrCreateAsync<T>(
        string key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(factory);
        return _near.TryGet<T>(key, out var result)
            ? new(result.Value!)
            : ValueOf(_parts.Creations.GetOrCreateAsync(key, factory, static (run, token) => run(token), options, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<T> GetOrCreateAsync<T>(
        ReadOnlySpan<char> key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return _near.TryGet<T>(key, out var result)
            ? new(result.Value!)
            : GetOrCreateAsync(key.ToString(), factory, options, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<T> GetOrCreateAsync<T>(
        ref DefaultInterpolatedStringHandler key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (!_near.TryGet<T>(key.Text, out var result))
        {
            return GetOrCreateAsync(key.ToStringAndClear(), factory, options, cancellationToken);
        }

        key.Clear();
        return new(result.Value!);
    }

    /// <inheritdoc/>
    public ValueTask<T> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(factory);
        return _near.TryGet<T>(key, out var result)
            ? new(result.Value!)
            : ValueOf(_parts.Creations.GetOrCreateAsync(key, state, factory, options, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<T> GetOrCreateAsync<TState, T>(
        ReadOnlySpan<char> key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return _near.TryGet<T>(key, out var result)
            ? new(result.Value!)
            : GetOrCreateAsync(key.ToString(), state, factory, options, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<T> GetOrCreateAsync<TState, T>(
        ref DefaultInterpolatedStringHandler key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (!_near.TryGet<T>(key.Text, out var result))
        {
            return GetOrCreateAsync(key.ToStringAndClear(), state, factory, options, cancellationToken);
        }

        key.Clear();
        return new(result.Value!);
    }

    /// <inheritdoc/>
    public ValueTask<CacheResult<T>> GetOrCreateResultAsync<T>(
        string key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(factory);
        return _near.TryGet<T>(key, out var result)
            ? new(result)
            : _parts.Creations.GetOrCreateAsync(key, factory, static (run, token) => run(token), options, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<CacheResult<T>> GetOrCreateResultAsync<T>(
        ReadOnlySpan<char> key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return _near.TryGet<T>(key, out var result)
            ? new(result)
            : GetOrCreateResultAsync(key.ToString(), factory, options, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<CacheResult<T>> GetOrCreateResultAsync<T>(
        ref DefaultInterpolatedStringHandler key,
        Func<CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (!_near.TryGet<T>(key.Text, out var result))
        {
            return GetOrCreateResultAsync(key.ToStringAndClear(), factory, options, cancellationToken);
        }

        key.Clear();
        return new(result);
    }

    /// <inheritdoc/>
    public Task SetAsync<T>(string key, T value, CacheEntryOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _parts.Writes.SetAsync(key, value, LifetimeOf(options), cancellationToken, options?.StaleLifetime);
    }

    /// <inheritdoc/>
    public async Task<bool> AddAsync<T>(
        string key, T value, CacheEntryOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        var response = await _parts.Writes.AddAsync(key, value, LifetimeOf(options), cancellationToken, options?.StaleLifetime)
            .ConfigureAwait(false);
        return response.Status == MetaStatus.Ok;
    }

    /// <inheritdoc/>
    public async Task<bool> CompareAndSetAsync<T>(
        string key, T value, CacheVersion version, CacheEntryOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (version == CacheVersion.None)
        {
            throw new ArgumentException(
                "There is no version to compare with: the value came from a factory, or there was none.", nameof(version));
        }

        var response = await _parts.Writes.CompareAndSetAsync(
            key, value, version, LifetimeOf(options), cancellationToken, options?.StaleLifetime).ConfigureAwait(false);
        return response.Status == MetaStatus.Ok;
    }

    /// <inheritdoc/>
    public async Task<bool> TouchAsync(string key, TimeSpan lifetime, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfLessThan(lifetime, TimeSpan.FromSeconds(1));
        var response = await _parts.Writes.TouchAsync(key, lifetime, cancellationToken).ConfigureAwait(false);
        return response.Status == MetaStatus.Ok;
    }

    /// <inheritdoc/>
    public async Task<bool> RemoveAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        var response = await _parts.Writes.RemoveAsync(key, cancellationToken).ConfigureAwait(false);
        return response.Status == MetaStatus.Ok;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<string, CacheResult<T>>> GetManyAsync<T>(
        IEnumerable<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return _parts.Reads.GetManyAsync<T>(keys, cancellationToken);
    }

    /// <inheritdoc/>
    public Task SetManyAsync<T>(
        IEnumerable<KeyValuePair<string, T>> items, CacheEntryOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        return _parts.Writes.SetManyAsync(items, LifetimeOf(options), cancellationToken, options?.StaleLifetime);
    }

    /// <inheritdoc/>
    public Task RemoveManyAsync(IEnumerable<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return _parts.Writes.RemoveManyAsync(keys, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<long> IncrementAsync(
        string counter, long delta = 1, TimeSpan? lifetime = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(counter);
        return IncrementAsync(counter.AsSpan(), delta, lifetime, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<long> IncrementAsync(
        ReadOnlySpan<char> counter, long delta = 1, TimeSpan? lifetime = null, CancellationToken cancellationToken = default) =>
        _parts.Writes.IncrementAsync(_parts.Placement.PlaceCounter(counter), delta, lifetime, cancellationToken);

    /// <inheritdoc/>
    public Task<long> IncrementAsync(
        ref DefaultInterpolatedStringHandler counter,
        long delta = 1,
        TimeSpan? lifetime = null,
        CancellationToken cancellationToken = default)
    {
        try
        {
            return IncrementAsync(counter.Text, delta, lifetime, cancellationToken);
        }
        finally
        {
            counter.Clear();
        }
    }

    /// <summary>
    /// Gets the registry of rules: reads, edits and stops the rules of the namespace. Also available as a service of the container.
    /// </summary>
    public IRuleRegistry Rules => _parts.Registry;

    /// <summary>
    /// Gets the advisor: what the namespace reads and writes most, and proposals for its rules. Also available as a service of the
    /// container.
    /// </summary>
    public IRuleAdvisor Advisor => _parts.Advisor;

    /// <summary>Gets the events of the cache. Also available as a service of the container.</summary>
    public NearCacheEvents Events => _parts.Events;

    /// <summary>Replaces the list of memcached servers while the cache is in use.</summary>
    /// <remarks>
    /// When the task completes, every call uses the new list, no earlier near entry is served, and the connections to removed servers are
    /// closed after their pending commands have been answered. Keys that move to another server are misses. All processes of a namespace
    /// need the same list: until the last one has changed, one process may write to a server that another does not read. A server that
    /// returns to the list may still hold the items from before its removal, so flush it first. A configuration reload calls this method.
    /// </remarks>
    /// <param name="servers">The servers, in the format of <see cref="Memcached.MemcachedOptions.Servers"/>.</param>
    /// <exception cref="ArgumentException">The list is invalid; the message names every error, and nothing was changed.</exception>
    /// <exception cref="NotSupportedException">The remote tier is not memcached.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public Task SetServersAsync(IEnumerable<string> servers)
    {
        ArgumentNullException.ThrowIfNull(servers);
        return _parts.SetServersAsync(servers);
    }

    /// <summary>
    /// Gets every TCP connection of the cache to memcached and ZooKeeper, with both ends. Compare them with what a server reports
    /// (<c>stats conns</c>, <c>cons</c>) to tell its other clients. Empty with the embedded remote.
    /// </summary>
    /// <remarks>A connection to ZooKeeper is listed once its session runs on it.</remarks>
    public IReadOnlyList<CacheConnection> Connections => _parts.Connections;

    /// <summary>
    /// Finds the owners of the connections of each memcached server: what the server lists is compared with what the processes report.
    /// </summary>
    /// <remarks>
    /// Reads all reports, and asks each server for its connections, which occupies one of its threads; so a server is asked at most every
    /// 30 seconds, and the list may be as old. Reports are claims, and some seconds old: a connection that was opened since is unaccounted.
    /// </remarks>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>One result for each server. One that does not answer has a <see cref="ConnectionOwnership.Problem"/>.</returns>
    /// <exception cref="NotSupportedException">The remote tier is not memcached.</exception>
    public Task<IReadOnlyList<ConnectionOwnership>> GetConnectionOwnersAsync(CancellationToken cancellationToken = default) =>
        _parts.ReadConnectionOwnersAsync(cancellationToken);

    /// <summary>Gets the distributed locks of the namespace. Also available as a service of the container.</summary>
    public IDistributedLock Locks => _parts.Locks;

    /// <summary>
    /// Diagnoses a key: where it is, by which rule it is near here or why it is not, what its item is, and which processes wrote it in the
    /// last minute. <see cref="KeyDiagnosis.Summary"/> has the meaning in words.
    /// </summary>
    /// <remarks>
    /// For people and tools. It reads the item and up to 1,024 log records of the server, and the reports of the fleet if another process
    /// wrote the key. It changes nothing: neither the access time of the item nor the near tier. What cannot be known, for example because
    /// the server is down, is in <see cref="KeyDiagnosis.Unknown"/>. A key that every call refuses is diagnosed, too.
    /// </remarks>
    /// <param name="key">The key of the application. For keys of an adapter, see <c>docs/formats.md</c>.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public Task<KeyDiagnosis> WhyAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _parts.DiagnoseAsync(key, cancellationToken);
    }

    /// <summary>Reads the reports of all processes of the namespace, with one round trip to each memcached server.</summary>
    /// <remarks>
    /// A report is a claim: every program that reaches memcached can write one. The first call reads the places of the reports twice where
    /// there are many. Processes whose version has no reports are not listed.
    /// </remarks>
    /// <param name="cancellationToken">Cancels the wait for the servers.</param>
    /// <returns>The reports. A server that does not reply is named in <see cref="FleetReports.Servers"/>.</returns>
    /// <exception cref="NotSupportedException">The remote tier is not memcached.</exception>
    public Task<FleetReports> GetReportsAsync(CancellationToken cancellationToken = default) =>
        ReportReader().ReadAsync(members: null, cancellationToken);

    /// <summary>Reads the long report of one process of the namespace.</summary>
    /// <param name="processId">The <see cref="ProcessSummary.Id"/> of the process.</param>
    /// <param name="cancellationToken">Cancels the wait for the servers.</param>
    /// <returns>The report; null if there is none, or no server that may hold it replies.</returns>
    /// <exception cref="NotSupportedException">The remote tier is not memcached.</exception>
    public Task<ProcessDetail?> GetReportAsync(string processId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(processId);
        return ReportReader().ReadDetailAsync(processId, cancellationToken);
    }

    /// <summary>Returns the current state and the totals of the cache.</summary>
    public NearCacheSnapshot Snapshot() => _parts.Snapshot();

    /// <summary>Applies the reloadable settings. Other changes are logged and take effect at the next start.</summary>
    /// <exception cref="OptionsValidationException">The settings are invalid; nothing was changed.</exception>
    internal void Reload(NearCacheOptions options) => _parts.Reload(options);

    /// <summary>Sends pending announcements for at most two seconds, then closes the session to ZooKeeper and every connection.</summary>
    /// <remarks>May be called several times, also concurrently: a container calls it for each service the cache is registered as.</remarks>
    public ValueTask DisposeAsync()
    {
        var disposal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return Interlocked.CompareExchange(ref _disposal, disposal.Task, null) is { } running ? new(running) : EndAsync(disposal);
    }

    /// <summary>Closes every connection and the session to ZooKeeper at once, without waiting.</summary>
    /// <remarks>
    /// For code that cannot be asynchronous, such as <c>using var provider = services.BuildServiceProvider()</c>. Unlike
    /// <see cref="DisposeAsync"/>, it sends no announcements: other processes may see a write that has not completed late, within
    /// <see cref="NearCacheOptions.MaxStaleness"/>. The close request of the session is sent if that needs no wait; otherwise ZooKeeper
    /// ends the session after its timeout. Pending calls fail; loops and timers end in the background. May be called several times, and
    /// while <see cref="DisposeAsync"/> waits.
    /// </remarks>
    public void Dispose()
    {
        _parts.Dispose();
        _ = DisposeAsync().AsTask();
    }

    private async ValueTask EndAsync(TaskCompletionSource disposal)
    {
        try
        {
            await _parts.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            disposal.SetResult();
        }
    }

    private ProcessReportReader ReportReader() => _parts.Reports ?? throw new NotSupportedException(
        "Only a cache on memcached has reports: name the servers in Memcached:Servers.");

    private TimeSpan LifetimeOf(CacheEntryOptions? options) => options?.Lifetime ?? _parts.Options.ItemLifetime;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<T> ValueOf<T>(ValueTask<CacheResult<T>> result) => (await result.ConfigureAwait(false)).Value!;
}
