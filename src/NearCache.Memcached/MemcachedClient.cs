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

/// <summary>A client of memcached's meta protocol: asynchronous, one pipelined connection a server, safe to use from any number of tasks.</summary>
/// <remarks>
/// Making one does no input or output; a server is connected to when the first call goes to it. Cancelling a call gives up its answer, not its place in line: a
/// mutation may be carried out all the same. Keys are 1 to 250 bytes of UTF-8 without spaces and control characters.
/// </remarks>
public sealed class MemcachedClient : IAsyncDisposable
{
    private const long LongestRelative = 60 * 60 * 24 * 30;
    private readonly IServerLocator _locator;
    private readonly MemcachedServer[] _servers;
    private readonly ClientGuard _guard;
    private readonly MemcachedMetrics _metrics;
    private readonly TimeProvider _time;

    /// <summary>Makes a client with a copy of the options.</summary>
    /// <param name="options">Where the servers are, and every limit.</param>
    /// <param name="loggerFactory">For the events of connections and servers; without it nothing is logged.</param>
    /// <param name="meterFactory">Owns the meter <c>NearCache.Memcached</c>; without it the client does.</param>
    /// <param name="timeProvider">The clock of every timeout; the system's unless given.</param>
    /// <exception cref="ArgumentException">The options have mistakes; the message names all of them.</exception>
    public MemcachedClient(MemcachedOptions options, ILoggerFactory? loggerFactory = null, IMeterFactory? meterFactory = null, TimeProvider? timeProvider = null)
    {
        MemcachedOptionsValidator.ThrowIfInvalid(options);
        var copy = options.Copy();
        var logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<MemcachedClient>();
        var entries = copy.Servers.Select(ServerEntry.Parse).ToArray();
        var transport = new TransportOptions
        {
            ConnectTimeout = copy.ConnectTimeout,
            KeepAliveTime = copy.KeepAlive,
            KeepAliveInterval = TimeSpan.FromSeconds(Math.Clamp(copy.KeepAlive.TotalSeconds / 3, 1, 10)),
            Tls = copy.Tls,
        };
        _metrics = new MemcachedMetrics(meterFactory);
        _time = timeProvider ?? TimeProvider.System;
        var pools = entries.Select(entry => new ConnectionPool(new ConnectionSettings(
            entry.Name, entry.Address, copy, transport, _time, logger, new ServerMetrics(_metrics, entry.Name)))).ToArray();
        _locator = copy.MakeLocator([.. entries.Select(entry => entry.ForRing)]);
        _guard = new ClientGuard(pools, logger);
        _servers = [.. pools.Select(pool => new MemcachedServer(pool, _guard))];
    }

    /// <summary>The servers in the order of the options.</summary>
    public IReadOnlyList<MemcachedServer> Servers => _servers;

    /// <summary>The server that owns a key.</summary>
    public MemcachedServer ServerFor(ReadOnlySpan<byte> key) => _servers.Length == 1 ? _servers[0] : _servers[_locator.Locate(key)];

    /// <summary>Sends one command to the server that owns its key.</summary>
    /// <returns>The server's answer; an error that is about this command alone is in it (<see cref="MetaStatus.Error"/>).</returns>
    /// <exception cref="ArgumentException">The key or the value may not be sent.</exception>
    /// <exception cref="MemcachedException">There is no answer: the leaf says why.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up the answer; the command may be carried out all the same.</exception>
    public ValueTask<MetaResponse> ExecuteAsync(in MetaCommand command, CancellationToken cancellationToken = default) =>
        ServerFor(command.Key.Span).ExecuteAsync(command, cancellationToken);

    /// <summary>Ends every connection at once; what is in flight fails with <see cref="ObjectDisposedException"/>.</summary>
    public ValueTask DisposeAsync() => DisposeAsync(TimeSpan.Zero);

    /// <summary>Takes no more calls, waits up to <paramref name="drain"/> for the answers that are due, and ends every connection.</summary>
    public async ValueTask DisposeAsync(TimeSpan drain)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(drain, TimeSpan.Zero);
        await _guard.CloseAsync(drain).ConfigureAwait(false);
        await _guard.DisposeAsync().ConfigureAwait(false);
        _metrics.Dispose();
    }

    /// <summary>A time to live as memcached takes it: 0 for ever, seconds up to 30 days, beyond that the Unix time of the end.</summary>
    internal int Expiration(TimeSpan timeToLive)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeToLive, TimeSpan.Zero);
        var seconds = (long)Math.Ceiling(timeToLive.TotalSeconds);
        return (int)Math.Min(seconds <= LongestRelative ? seconds : _time.GetUtcNow().ToUnixTimeSeconds() + seconds, int.MaxValue);
    }

    internal ValueTask<T> RunAsync<T>(
        in MetaCommand command, string key, IBufferWriter<byte>? writer, Func<SingleOperation, ValueTask<T>> face, CancellationToken cancellationToken)
    {
        Span<byte> buffer = stackalloc byte[MemcachedKey.MaxLength];
        var bytes = buffer[..MemcachedKey.Encode(key, buffer)];
        return ServerFor(bytes).RunAsync(command, bytes, writer, face, cancellationToken);
    }
}
