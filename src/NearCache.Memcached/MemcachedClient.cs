using System.Buffers;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NearCache.Memcached.Connections;
using NearCache.Memcached.Diagnostics;
using NearCache.Memcached.Protocol;
using NearCache.Memcached.Topology;
using NearCache.Transport;

namespace NearCache.Memcached;

/// <summary>A client for memcached's meta protocol: asynchronous, one pipelined connection per server. Thread-safe.</summary>
/// <remarks>
/// The constructor performs no I/O; the client connects to a server when the first call goes to it. Canceling a call stops waiting for its
/// reply; a mutation may still be executed. A buffer passed to a call may be reused as soon as the call has completed. Keys are 1 to 250
/// bytes of UTF-8 without spaces and control characters.
/// </remarks>
public sealed class MemcachedClient : IAsyncDisposable, IDisposable
{
    private readonly Lock _changing = new();   // guards changes of the server list
    private readonly MemcachedOptions _options;
    private readonly TransportOptions _transport;
    private readonly ILogger _logger;
    private readonly ClientLifetime _guard;
    private readonly StarvationWarning _starvation;
    private readonly MemcachedMetrics _metrics;
    private readonly TimeProvider _time;
    private volatile MemcachedServerList _servers;

    /// <summary>Initializes a client with a copy of the options.</summary>
    /// <param name="options">The servers and all limits.</param>
    /// <param name="loggerFactory">Creates the logger for events of connections and servers. If null, nothing is logged.</param>
    /// <param name="meterFactory">Owns the meter <c>NearCache.Memcached</c>. If null, the client owns it.</param>
    /// <param name="timeProvider">The clock of all timeouts. If null, the system clock.</param>
    /// <exception cref="ArgumentException">The options are invalid; the message lists every error.</exception>
    public MemcachedClient(
        MemcachedOptions options,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null,
        TimeProvider? timeProvider = null)
    {
        MemcachedOptionsValidator.ThrowIfInvalid(options);
        _options = options.Copy();
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<MemcachedClient>();
        _transport = new TransportOptions
        {
            ConnectTimeout = _options.ConnectTimeout,
            KeepAliveTime = _options.KeepAlive,
            KeepAliveInterval = TimeSpan.FromSeconds(Math.Clamp(_options.KeepAlive.TotalSeconds / 3, 1, 10)),
            Tls = _options.Tls,
            Resolve = _options.Resolve ?? NameResolver.Default.ResolveAsync,
        };
        _metrics = MemcachedMetrics.GetOrCreate(meterFactory, CommandNames.Outcomes);
        _time = timeProvider ?? TimeProvider.System;
        _guard = new ClientLifetime(_logger);
        _starvation = new StarvationWarning(_logger);
        _servers = MakeList(_options, []);
        _guard.Add(_servers.Select(server => server.Pool));
    }

    /// <summary>Gets the current servers, in the order of the options or of the last <see cref="SetServersAsync"/>.</summary>
    public MemcachedServerList Servers => _servers;

    /// <summary>
    /// Gets the connections to all servers whose sockets are connected now, including those to removed servers until they are closed.
    /// </summary>
    public IReadOnlyList<MemcachedConnectionInfo> Connections => [.. _guard.Pools.SelectMany(pool => pool.Describe())];

    /// <summary>Returns the server that owns a key.</summary>
    public MemcachedServer ServerFor(ReadOnlySpan<byte> key) => _servers.ServerFor(key);

    /// <summary>
    /// Replaces the list of servers while calls continue. All calls that start after this method has returned its task use the new list.
    /// </summary>
    /// <remarks>
    /// Remaining servers keep their connections and commands in flight. New servers are connected to when the first call goes to them.
    /// Removed servers reply to what is in flight, and then their connections are closed; the task completes when that is done. Keys that
    /// move to another server are misses until they are stored again. A server that is added again may still hold its old items: flush it
    /// first.
    /// </remarks>
    /// <param name="servers">The servers, in the format of <see cref="MemcachedOptions.Servers"/>.</param>
    /// <param name="drain">The time to wait for replies of removed servers. If null,
    /// <see cref="MemcachedOptions.OperationTimeout"/>.</param>
    /// <exception cref="ArgumentException">The list is invalid; the message lists every error. Nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public Task SetServersAsync(IEnumerable<string> servers, TimeSpan? drain = null)
    {
        ArgumentNullException.ThrowIfNull(servers);
        var limit = drain ?? _options.OperationTimeout;
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, TimeSpan.Zero, nameof(drain));
        var options = _options.Copy();
        options.Servers = [.. servers];
        MemcachedOptionsValidator.ThrowIfInvalid(options);
        MemcachedServer[] removed, added;
        lock (_changing)
        {
            var before = _servers;
            var next = MakeList(options, before);
            (removed, added) = ([.. before.Except(next)], [.. next.Except(before)]);
            _guard.Add(added.Select(server => server.Pool));
            _servers = next;
        }

        _logger.ServersChanged(NamesOf(_servers), NamesOf(added), NamesOf(removed));
        return _guard.RetireAsync([.. removed.Select(server => server.Pool)], limit);
    }

    /// <summary>Sends one command to the server that owns its key.</summary>
    /// <returns>The server's reply. An error that concerns this command alone is part of it (<see cref="MetaStatus.Error"/>).</returns>
    /// <exception cref="ArgumentException">The key or the value is invalid.</exception>
    /// <exception cref="MemcachedException">No reply was received; the derived type gives the reason.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled; the command may still be
    /// executed.</exception>
    public ValueTask<MetaResponse> ExecuteAsync(in MetaCommand command, CancellationToken cancellationToken = default) =>
        ServerFor(command.Key.Span).ExecuteAsync(command, cancellationToken);

    /// <summary>Closes all connections at once. Commands in flight fail with <see cref="ObjectDisposedException"/>.</summary>
    public ValueTask DisposeAsync() => DisposeAsync(TimeSpan.Zero);

    /// <summary>
    /// Stops accepting calls, waits up to <paramref name="drain"/> for the replies of commands in flight, and closes all connections.
    /// </summary>
    public async ValueTask DisposeAsync(TimeSpan drain)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(drain, TimeSpan.Zero);
        await _guard.CloseAsync(drain).ConfigureAwait(false);
        await _guard.DisposeAsync().ConfigureAwait(false);
        _metrics.Dispose();
    }

    /// <summary>
    /// Closes all connections at once without waiting. Commands in flight fail with <see cref="ObjectDisposedException"/>.
    /// </summary>
    /// <remarks>
    /// The client's loops end in the background. May be called more than once, and while <see cref="DisposeAsync(TimeSpan)"/> waits for
    /// replies, which it ends.
    /// </remarks>
    public void Dispose()
    {
        _guard.Abort();
        _ = DisposeAsync().AsTask();
    }

    internal int Expiration(TimeSpan timeToLive) => Expirations.FromTimeToLive(timeToLive, _time);

    internal int Delay(TimeSpan delay) => Expirations.FromDelay(delay, _time);

    internal ValueTask<T> RunAsync<T>(
        in MetaCommand command,
        string key,
        IBufferWriter<byte>? writer,
        Func<SingleOperation, ValueTask<T>> selector,
        CancellationToken cancellationToken)
    {
        Span<byte> buffer = stackalloc byte[MemcachedKey.MaxLength];
        var bytes = buffer[..MemcachedKey.Encode(key, buffer)];
        return ServerFor(bytes).RunAsync(command, bytes, writer, selector, cancellationToken);
    }

    private static string NamesOf(IEnumerable<MemcachedServer> servers) =>
        string.Join(", ", servers.Select(server => server.Name).DefaultIfEmpty("none"));

    private MemcachedServerList MakeList(MemcachedOptions options, IReadOnlyList<MemcachedServer> before)
    {
        var entries = options.Servers.Select(ServerEntry.Parse).ToArray();
        var servers = entries.Select(entry => before.FirstOrDefault(server => server.Name == entry.Name) ?? Connect(entry)).ToArray();
        return new MemcachedServerList(
            servers, options.CreateLocator(
                [.. entries.Select(entry => entry.ToWeightedServer())]), ServerLocators.Describe(options, entries));
    }

    private MemcachedServer Connect(ServerEntry entry)
    {
        var totals = _metrics.CountersOf(entry.Address.UnixPath ?? entry.Address.Host, entry.Address.Port);
        var metrics = new ServerMetrics(_metrics, totals, CommandNames.All, _time);
        return new MemcachedServer(
            new ConnectionPool(
                new ConnectionSettings(
                    entry.Name, entry.Address, _options, _transport, _time, _logger, metrics)
                { Starvation = _starvation }),
            _guard);
    }
}
