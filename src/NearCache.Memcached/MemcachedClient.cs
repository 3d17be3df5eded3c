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

/// <summary>
/// A client of memcached's meta protocol: asynchronous, one pipelined connection a server, safe to use from any number of tasks.
/// </summary>
/// <remarks>
/// Making one does no input or output; a server is connected to when the first call goes to it. Cancelling a call gives up its answer, not
/// its place in line: a mutation may be carried out all the same. A buffer that the caller gave is the caller's again as soon as the call
/// has ended, however it ended. Keys are 1 to 250 bytes of UTF-8 without spaces and control characters.
/// </remarks>
public sealed class MemcachedClient : IAsyncDisposable, IDisposable
{
    private readonly Lock _changing = new();   // guards the change of the list
    private readonly MemcachedOptions _options;
    private readonly TransportOptions _transport;
    private readonly ILogger _logger;
    private readonly ClientLifetime _guard;
    private readonly StarvationWarning _starvation;
    private readonly MemcachedMetrics _metrics;
    private readonly TimeProvider _time;
    private volatile MemcachedServerList _servers;

    /// <summary>Makes a client with a copy of the options.</summary>
    /// <param name="options">Where the servers are, and every limit.</param>
    /// <param name="loggerFactory">For the events of connections and servers; without it nothing is logged.</param>
    /// <param name="meterFactory">Owns the meter <c>NearCache.Memcached</c>; without it the client does.</param>
    /// <param name="timeProvider">The clock of every timeout; the system's unless given.</param>
    /// <exception cref="ArgumentException">The options have mistakes; the message names all of them.</exception>
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

    /// <summary>The servers as they are now, in the order of the options or of the last <see cref="SetServersAsync"/>.</summary>
    public MemcachedServerList Servers => _servers;

    /// <summary>The server that owns a key.</summary>
    public MemcachedServer ServerFor(ReadOnlySpan<byte> key) => _servers.ServerFor(key);

    /// <summary>Replaces the list of servers while calls go on. When this returns its task, every new call goes by the new list.</summary>
    /// <remarks>
    /// Servers that stay keep their connections and what is in flight there; new ones are connected to when the first call goes to them. Of
    /// those that were taken off, what is in flight is answered, and then the connections are closed; the task ends when that is done. Keys
    /// that move are misses until they are stored again. A server that comes back to the list may still hold what it held when it was taken
    /// off: flush it first.
    /// </remarks>
    /// <param name="servers">Written as in <see cref="MemcachedOptions.Servers"/>.</param>
    /// <param name="drain">
    /// How long answers of servers that were taken off are waited for; <see cref="MemcachedOptions.OperationTimeout"/> unless given.
    /// </param>
    /// <exception cref="ArgumentException">The list has mistakes, all of which are named; nothing was changed.</exception>
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
    /// <returns>The server's answer; an error that is about this command alone is in it (<see cref="MetaStatus.Error"/>).</returns>
    /// <exception cref="ArgumentException">The key or the value may not be sent.</exception>
    /// <exception cref="MemcachedException">There is no answer: the leaf says why.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up the answer; the command may be carried out all the same.</exception>
    public ValueTask<MetaResponse> ExecuteAsync(in MetaCommand command, CancellationToken cancellationToken = default) =>
        ServerFor(command.Key.Span).ExecuteAsync(command, cancellationToken);

    /// <summary>Ends every connection at once; what is in flight fails with <see cref="ObjectDisposedException"/>.</summary>
    public ValueTask DisposeAsync() => DisposeAsync(TimeSpan.Zero);

    /// <summary>
    /// Takes no more calls, waits up to <paramref name="drain"/> for the answers that are due, and ends every connection.
    /// </summary>
    public async ValueTask DisposeAsync(TimeSpan drain)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(drain, TimeSpan.Zero);
        await _guard.CloseAsync(drain).ConfigureAwait(false);
        await _guard.DisposeAsync().ConfigureAwait(false);
        _metrics.Dispose();
    }

    /// <summary>
    /// Closes every connection at once and waits for nothing; what is in flight fails with <see cref="ObjectDisposedException"/>.
    /// </summary>
    /// <remarks>
    /// Its own loops end in the background. May be called more than once, and while <see cref="DisposeAsync(TimeSpan)"/> waits for replies,
    /// which it ends.
    /// </remarks>
    public void Dispose()
    {
        _guard.Abort();
        _ = DisposeAsync().AsTask();
    }

    internal int Expiration(TimeSpan timeToLive) => Expirations.FromTimeToLive(timeToLive, _time);

    internal int Delay(TimeSpan delay) => Expirations.FromDelay(delay, _time);

    internal ValueTask<T> RunAsync<T>(
        in MetaCommand command, string key, IBufferWriter<byte>? writer, Func<SingleOperation, ValueTask<T>> selector, CancellationToken cancellationToken)
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
