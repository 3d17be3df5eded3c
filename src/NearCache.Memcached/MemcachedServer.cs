using System.Buffers;
using NearCache.Memcached.Connections;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>One of a client's servers: what is known about it, and commands that go to it whatever their keys.</summary>
public sealed class MemcachedServer
{
    private readonly ConnectionPool _pool;
    private readonly object _owner;

    internal ConnectionPool Pool => _pool;

    internal MemcachedServer(ConnectionPool pool, object owner) => (_pool, _owner) = (pool, owner);

    /// <summary>Who it is: its address as configured, with the port, for instance <c>cache-1:11211</c>.</summary>
    public string Name => _pool.Settings.Server;

    /// <summary>Whether it answers. With several connections: the best of their states.</summary>
    public MemcachedServerState State => _pool.State;

    /// <summary>Whether it answered last.</summary>
    public bool IsUp => State == MemcachedServerState.Up;

    /// <summary>Its version as it was last heard, for instance <c>1.6.18</c>; null before the first connection.</summary>
    public string? Version => _pool.Connections.Select(keeper => keeper.Version).FirstOrDefault(version => version is not null);

    /// <summary>The connections to it that are open now.</summary>
    public IReadOnlyList<MemcachedConnectionInfo> Connections =>
        [.. _pool.Connections.Select(keeper => keeper.Describe()).OfType<MemcachedConnectionInfo>()];

    /// <summary>Sends one command, whatever server its key belongs to.</summary>
    /// <returns>The server's answer; an error that is about this command alone is in it (<see cref="MetaStatus.Error"/>).</returns>
    /// <exception cref="ArgumentException">The key or the value may not be sent.</exception>
    /// <exception cref="MemcachedException">There is no answer: the leaf says why.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up the answer; the command may be carried out all the same.</exception>
    public ValueTask<MetaResponse> ExecuteAsync(in MetaCommand command, CancellationToken cancellationToken = default) =>
        _pool.RunAsync(_owner, command, command.Key.Span, null, ResultSelectors.Response, cancellationToken);

    /// <summary>Sends commands in order, on one connection, by one write, whatever servers their keys belong to.</summary>
    /// <remarks>
    /// The answer has no timeout of its own: it comes, however late, or the connection ends, which it does when it is silent for the
    /// operation timeout or one answer stalls for <see cref="MemcachedOptions.StallTimeout"/>. The memory of the commands and of their
    /// values may be used again as soon as the task has ended, however it ended. Values of 32 KiB and more are sent by writes of their own,
    /// in their place in the order.
    /// </remarks>
    /// <param name="group">The commands.</param>
    /// <param name="cancellationToken">Gives up the answer; commands that are in line by then may be carried out all the same.</param>
    /// <exception cref="ArgumentException">There is no command, or a key or value may not be sent.</exception>
    /// <exception cref="MemcachedException">
    /// There are no answers; <see cref="MemcachedException.OutcomeUnknown"/> says whether anything may have reached the server.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller gave up the answer.</exception>
    public Task<MetaGroupResult> ExecuteAsync(ReadOnlyMemory<MetaCommand> group, CancellationToken cancellationToken = default) =>
        _pool.RunAsync(_owner, group, new GroupOptions(), cancellationToken);

    /// <summary>Sends commands in order, by one write, on one connection that is named, and on no other.</summary>
    /// <remarks>
    /// For compare-and-set: CAS ids begin again at 1 when a server restarts, and a connection never leads to two lives of a server.
    /// </remarks>
    /// <param name="group">The commands.</param>
    /// <param name="connectionId">
    /// The <see cref="MetaGroupResult.ConnectionId"/> of an earlier answer, or what <see cref="ConnectionIdFor"/> returned.
    /// </param>
    /// <exception cref="ArgumentException">There is no command, or a key or value may not be sent.</exception>
    /// <exception cref="MemcachedConnectionLostException">
    /// The connection ended. Its <see cref="MemcachedException.OutcomeUnknown"/> is false if nothing was sent on it.
    /// </exception>
    /// <exception cref="MemcachedException">There are no answers.</exception>
    public Task<MetaGroupResult> ExecuteAsync(ReadOnlyMemory<MetaCommand> group, long connectionId) =>
        _pool.RunAsync(_owner, group, new GroupOptions(ConnectionId: connectionId), CancellationToken.None);

    /// <summary>
    /// Returns the id of the connection that takes a command with this key now. The connection is made if there is none yet.
    /// </summary>
    /// <exception cref="MemcachedException">The server is down.</exception>
    public long ConnectionIdFor(ReadOnlySpan<byte> key) => _pool.ConnectionIdFor(key);

    /// <summary>Asks for its version.</summary>
    /// <exception cref="MemcachedException">There is no answer.</exception>
    public async Task<string> GetVersionAsync(CancellationToken cancellationToken = default)
    {
        var lines = await _pool.RunTextAsync(_owner, TextCommand.Version, cancellationToken).ConfigureAwait(false);
        return lines[0]["VERSION ".Length..];
    }

    /// <summary>Asks for statistics: the general ones, or a group such as <c>items</c>, <c>slabs</c> or <c>settings</c>.</summary>
    /// <remarks>The groups <c>detail on</c>, <c>detail off</c> and <c>reset</c> are switches: what is returned is empty.</remarks>
    /// <exception cref="ArgumentException">The group has characters other than letters, digits and spaces.</exception>
    /// <exception cref="MemcachedException">There is no answer, or the server knows no such group.</exception>
    public async Task<IReadOnlyDictionary<string, string>> GetStatisticsAsync(
        string? group = null, CancellationToken cancellationToken = default)
    {
        if (group is not null && !group.All(character => char.IsAsciiLetterOrDigit(character) || character == ' '))
        {
            throw new ArgumentException("A group of statistics is letters, digits and spaces.", nameof(group));
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
    /// Asks which connections it has (<c>stats conns</c>): those of all its clients. Ours are those whose address is the <c>Local</c> of
    /// one of <see cref="Connections"/>.
    /// </summary>
    /// <exception cref="MemcachedException">There is no answer.</exception>
    public async Task<IReadOnlyList<MemcachedServerConnection>> GetServerConnectionsAsync(CancellationToken cancellationToken = default) =>
        MemcachedServerConnection.Parse(await GetStatisticsAsync("conns", cancellationToken).ConfigureAwait(false));

    /// <summary>Makes everything that it holds expire, now or after <paramref name="delay"/>.</summary>
    /// <param name="delay">A part of a second counts as a whole one. Zero, unless given: now.</param>
    /// <param name="cancellationToken">Gives up the answer; it may happen all the same.</param>
    /// <exception cref="ArgumentOutOfRangeException">The delay is negative.</exception>
    /// <exception cref="MemcachedException">There is no answer.</exception>
    public async Task FlushAllAsync(TimeSpan delay = default, CancellationToken cancellationToken = default) =>
        await _pool.RunTextAsync(_owner, TextCommand.FlushAll(Expirations.FromDelay(delay, _pool.Settings.Time)), cancellationToken)
            .ConfigureAwait(false);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({State})";

    internal ValueTask<T> RunAsync<T>(
        in MetaCommand command, ReadOnlySpan<byte> key, IBufferWriter<byte>? writer, Func<SingleOperation, ValueTask<T>> selector, CancellationToken cancellationToken) =>
        _pool.RunAsync(_owner, command, key, writer, selector, cancellationToken);

    /// <summary>Sends a group whose caller waits for the operation timeout at most.</summary>
    internal Task<MetaGroupResult> RunAsync(ReadOnlyMemory<MetaCommand> group, CancellationToken cancellationToken) =>
        _pool.RunAsync(_owner, group, new GroupOptions(HasTimeout: true), cancellationToken);

    /// <summary>Throws unless the command may be sent.</summary>
    /// <exception cref="ArgumentException">Its key or its value may not be sent.</exception>
    internal void Check(in MetaCommand command) => MetaRules.Check(command, command.Key.Span, _pool.Settings.Options.MaxValueBytes);
}
