using System.Buffers;
using NearCache.Memcached.Connections;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>Represents one of a client's servers: its state, and commands that go to it regardless of their keys.</summary>
public sealed class MemcachedServer
{
    private readonly ConnectionPool _pool;
    private readonly object _owner;

    internal ConnectionPool Pool => _pool;

    internal MemcachedServer(ConnectionPool pool, object owner) => (_pool, _owner) = (pool, owner);

    /// <summary>Gets the name of the server: its address as configured, with the port, for instance <c>cache-1:11211</c>.</summary>
    public string Name => _pool.Settings.Server;

    /// <summary>Gets the state of the server. With several connections, the best of their states.</summary>
    public MemcachedServerState State => _pool.State;

    /// <summary>Gets a value that indicates whether <see cref="State"/> is <see cref="MemcachedServerState.Up"/>.</summary>
    public bool IsUp => State == MemcachedServerState.Up;

    /// <summary>Gets the last known version of the server, for instance <c>1.6.18</c>; null before the first connection.</summary>
    public string? Version => _pool.Connections.Select(keeper => keeper.Version).FirstOrDefault(version => version is not null);

    /// <summary>Gets the connections whose sockets are connected now, including those being opened or closed.</summary>
    public IReadOnlyList<MemcachedConnectionInfo> Connections => [.. _pool.Describe()];

    /// <summary>Sends one command to this server, regardless of its key.</summary>
    /// <returns>The server's reply. An error that concerns this command alone is part of it (<see cref="MetaStatus.Error"/>).</returns>
    /// <exception cref="ArgumentException">The key or the value is invalid.</exception>
    /// <exception cref="MemcachedException">No reply was received; the derived type gives the reason.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled; the command may still be
    /// executed.</exception>
    public ValueTask<MetaResponse> ExecuteAsync(in MetaCommand command, CancellationToken cancellationToken = default) =>
        _pool.RunAsync(_owner, command, command.Key.Span, null, ResultSelectors.Response, cancellationToken);

    /// <summary>Sends commands in order, on one connection, by one write, regardless of their keys.</summary>
    /// <remarks>
    /// The call has no timeout of its own. It completes when all replies have arrived, or when the connection ends: because the connection
    /// was silent for the operation timeout, or one reply stalled for <see cref="MemcachedOptions.StallTimeout"/>. The memory of the
    /// commands and their values may be reused as soon as the task has completed. Values of 32 KiB and more are sent by separate writes, in
    /// order.
    /// </remarks>
    /// <param name="group">The commands.</param>
    /// <param name="cancellationToken">Cancels the wait for the replies; commands already queued may still be executed.</param>
    /// <exception cref="ArgumentException">The group is empty, or a key or value is invalid.</exception>
    /// <exception cref="MemcachedException">No replies were received; <see cref="MemcachedException.OutcomeUnknown"/> says whether anything
    /// may have reached the server. </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    public Task<MetaGroupResult> ExecuteAsync(ReadOnlyMemory<MetaCommand> group, CancellationToken cancellationToken = default) =>
        _pool.RunAsync(_owner, group, new GroupOptions(), cancellationToken);

    /// <summary>Sends commands in order, by one write, on the given connection only.</summary>
    /// <remarks>
    /// Intended for compare-and-set: CAS ids restart at 1 when a server restarts, and one connection never spans a restart.
    /// </remarks>
    /// <param name="group">The commands.</param>
    /// <param name="connectionId">The <see cref="MetaGroupResult.ConnectionId"/> of an earlier result, or the value returned by
    /// <see cref="ConnectionIdFor"/>.</param>
    /// <exception cref="ArgumentException">The group is empty, or a key or value is invalid.</exception>
    /// <exception cref="MemcachedConnectionLostException"> The connection ended. Its <see cref="MemcachedException.OutcomeUnknown"/> is
    /// false if nothing was sent on it. </exception>
    /// <exception cref="MemcachedException">No replies were received.</exception>
    public Task<MetaGroupResult> ExecuteAsync(ReadOnlyMemory<MetaCommand> group, long connectionId) =>
        _pool.RunAsync(_owner, group, new GroupOptions(ConnectionId: connectionId), CancellationToken.None);

    /// <summary>
    /// Returns the id of the connection that carries commands with this key now. The connection is opened if there is none yet.
    /// </summary>
    /// <exception cref="MemcachedException">The server is down.</exception>
    public long ConnectionIdFor(ReadOnlySpan<byte> key) => _pool.ConnectionIdFor(key);

    /// <summary>Queries the server's version.</summary>
    /// <exception cref="MemcachedException">No reply was received.</exception>
    public async Task<string> GetVersionAsync(CancellationToken cancellationToken = default)
    {
        var lines = await _pool.RunTextAsync(_owner, TextCommand.Version, cancellationToken).ConfigureAwait(false);
        return lines[0]["VERSION ".Length..];
    }

    /// <summary>Queries statistics: the general ones, or a group such as <c>items</c>, <c>slabs</c> or <c>settings</c>.</summary>
    /// <remarks>The groups <c>detail on</c>, <c>detail off</c> and <c>reset</c> are commands that return no statistics.</remarks>
    /// <exception cref="ArgumentException">The group contains characters other than letters, digits and spaces.</exception>
    /// <exception cref="MemcachedException">No reply was received, or the server does not know the group.</exception>
    public async Task<IReadOnlyDictionary<string, string>> GetStatisticsAsync(
        string? group = null, CancellationToken cancellationToken = default)
    {
        if (group is not null && !group.All(character => char.IsAsciiLetterOrDigit(character) || character == ' '))
        {
            throw new ArgumentException("A group of statistics consists of letters, digits and spaces.", nameof(group));
        }

        var lines = await _pool.RunTextAsync(_owner, TextCommand.Statistics(group), cancellationToken).ConfigureAwait(false);
        var statistics = new Dictionary<string, string>();
        foreach (var line in lines)
        {
            // (STAT|PREFIX|ITEM) <name> <value>
            var parts = line.Split(' ', 3);
            if (parts.Length > 1)
            {
                statistics[parts[1]] = parts.Length > 2 ? parts[2] : "";
            }
        }

        return statistics;
    }

    /// <summary>
    /// Queries the connections of all clients of the server (<c>stats conns</c>). A connection of this client is one whose address equals
    /// <see cref="MemcachedConnectionInfo.Local"/> of one of <see cref="Connections"/>.
    /// </summary>
    /// <exception cref="MemcachedException">No reply was received.</exception>
    public async Task<IReadOnlyList<MemcachedServerConnection>> GetServerConnectionsAsync(CancellationToken cancellationToken = default) =>
        MemcachedServerConnection.Parse(await GetStatisticsAsync("conns", cancellationToken).ConfigureAwait(false));

    /// <summary>Invalidates all items of the server, now or after a delay.</summary>
    /// <param name="delay">The delay; fractions of a second are rounded up. Zero, the default, invalidates immediately.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply; the command may still be executed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The delay is negative.</exception>
    /// <exception cref="MemcachedException">No reply was received.</exception>
    public async Task FlushAllAsync(TimeSpan delay = default, CancellationToken cancellationToken = default) =>
        await _pool.RunTextAsync(
            _owner, TextCommand.FlushAll(Expirations.FromDelay(delay, _pool.Settings.Time)), cancellationToken)
            .ConfigureAwait(false);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({State})";

    internal ValueTask<T> RunAsync<T>(
        in MetaCommand command,
        ReadOnlySpan<byte> key,
        IBufferWriter<byte>? writer,
        Func<SingleOperation, ValueTask<T>> selector,
        CancellationToken cancellationToken) =>
        _pool.RunAsync(_owner, command, key, writer, selector, cancellationToken);

    /// <summary>Sends a group with the operation timeout.</summary>
    internal Task<MetaGroupResult> RunAsync(ReadOnlyMemory<MetaCommand> group, CancellationToken cancellationToken) =>
        _pool.RunAsync(_owner, group, new GroupOptions(HasTimeout: true), cancellationToken);

    /// <summary>Sends a group whose replies keep no value above a size, so that memory is bounded whatever the server holds.</summary>
    internal Task<MetaGroupResult> ReadAsync(ReadOnlyMemory<MetaCommand> group, int maxValueBytes) =>
        _pool.RunAsync(_owner, group, new GroupOptions(MaxValueBytes: maxValueBytes), CancellationToken.None);

    /// <summary>Throws unless the command is valid.</summary>
    /// <exception cref="ArgumentException">Its key or its value is invalid.</exception>
    internal void Check(in MetaCommand command) => MetaRules.Check(command, command.Key.Span, _pool.Settings.Options.MaxValueBytes);
}
