using System.Buffers;
using NearCache.Memcached.Diagnostics;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>The connections to one server: says which one takes an operation, and lets it wait while none can.</summary>
/// <remarks>Each call names an owner, which is kept alive while something is in flight, and by nothing else here.</remarks>
internal sealed class ConnectionPool : IServerGauges
{
    // For callers that looked the server up just before the list changed.
    private static readonly TimeSpan LateCallers = TimeSpan.FromMilliseconds(100);

    private readonly TaskCompletionSource _isClosing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConnectionSettings _settings;
    private readonly ReconnectingConnection[] _connections;

    public ConnectionPool(ConnectionSettings settings)
    {
        _settings = settings;
        _connections = [.. Enumerable.Range(0, settings.Options.ConnectionsPerServer).Select(_ => new ReconnectingConnection(settings))];
        settings.Metrics.Register(this);
    }

    public IReadOnlyList<ReconnectingConnection> Connections => _connections;

    public ConnectionSettings Settings => _settings;

    /// <summary>The best of the connections' states.</summary>
    public MemcachedServerState State
    {
        get
        {
            var states = _connections.Select(keeper => keeper.State).ToArray();
            return Array.Find(
                [MemcachedServerState.Up, MemcachedServerState.Connecting, MemcachedServerState.Down, MemcachedServerState.Closed],
                states.Contains);
        }
    }

    int IServerGauges.InFlight => _connections.Sum(keeper => keeper.InFlight);

    int IServerGauges.OpenConnections => _connections.Count(keeper => keeper.IsOpen);

    /// <summary>Ends all connections from any thread; does not wait for that.</summary>
    public void Abort()
    {
        Array.ForEach(_connections, keeper => keeper.Abort());
        _settings.Metrics.Unregister(this);
    }

    /// <summary>Ends all connections; what is still in flight after <paramref name="drain"/> fails.</summary>
    public async Task CloseAsync(TimeSpan drain, ConnectionFailure? why = null)
    {
        _isClosing.TrySetResult();
        await Task.WhenAll(_connections.Select(keeper => keeper.CloseAsync(drain, why))).ConfigureAwait(false);
        _settings.Metrics.Unregister(this);
    }

    /// <summary>
    /// The server was taken off the list: serves callers that come late, waits for the answers that are due, at most for
    /// <paramref name="drain"/>, and closes.
    /// </summary>
    public async Task RetireAsync(TimeSpan drain)
    {
        var started = _settings.Time.GetTimestamp();
        await _isClosing.Task.WaitAsync(drain < LateCallers ? drain : LateCallers, _settings.Time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var left = drain - _settings.Time.GetElapsedTime(started);
        await CloseAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, ConnectionFailure.Removed(_settings.Server)).ConfigureAwait(false);
    }

    /// <summary>Sends one command. Checks it first; all else that goes wrong is in the task.</summary>
    /// <exception cref="ArgumentException">The command may not be sent.</exception>
    public ValueTask<T> RunAsync<T>(
        object owner, in MetaCommand command, ReadOnlySpan<byte> key, IBufferWriter<byte>? writer, Func<SingleOperation, ValueTask<T>> selector, CancellationToken cancellationToken)
    {
        MetaRules.Check(command, key, _settings.Options.MaxValueBytes);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(cancellationToken);
        }

        return MemcachedTraces.IsEnabled
            ? RunTracedAsync(owner, command with { Key = key.ToArray() }, writer, selector, cancellationToken)
            : SendAsync(owner, command, key, writer, selector, cancellationToken);
    }

    /// <summary>Returns the connection that takes a command with this key now.</summary>
    /// <exception cref="MemcachedException">There is none.</exception>
    public long ConnectionIdFor(ReadOnlySpan<byte> key) =>
        SelectConnection(key).TryGet(out var failure) is { } connection
            ? connection.Id
            : throw failure!.ToException(null, outcomeUnknown: false);

    /// <summary>
    /// Sends commands in order, on one connection, by one write. The commands and their memory are the caller's again when the task has
    /// ended, however it ended.
    /// </summary>
    /// <param name="owner">Kept alive meanwhile.</param>
    /// <param name="commands">At least one.</param>
    /// <param name="terms">How they are sent.</param>
    /// <param name="cancellationToken">Gives up the answer.</param>
    public Task<MetaGroupResult> RunAsync(
        object owner, ReadOnlyMemory<MetaCommand> commands, GroupOptions terms, CancellationToken cancellationToken)
    {
        commands = WithOwnKeys(commands);
        foreach (ref readonly var command in commands.Span)
        {
            MetaRules.Check(command, command.Key.Span, _settings.Options.MaxValueBytes);
        }

        if (commands.IsEmpty)
        {
            throw new ArgumentException("A group has at least one command.", nameof(commands));
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<MetaGroupResult>(cancellationToken);
        }

        return MemcachedTraces.IsEnabled
            ? RunTracedAsync(owner, commands, terms, cancellationToken)
            : SendAsync(owner, commands, terms, cancellationToken);
    }

    /// <summary>Sends a command of the classic protocol and returns the lines of the answer.</summary>
    public ValueTask<IReadOnlyList<string>> RunTextAsync(object owner, TextCommand command, CancellationToken cancellationToken)
    {
        var call = new Call(CommandNames.IndexOf(command.Line), 1, _settings.Metrics.GetTimestamp());
        return TracedCall.RunAsync(_settings, call.Number, 1, async () =>
        {
            var operation = new TextOperation(command, _settings, call.Started);
            await QueueAsync(
                command.Line, call, ReadOnlyMemory<byte>.Empty, (connection, isRetry) => connection.TryQueue(
                    operation, owner, isRetry), null, cancellationToken).ConfigureAwait(false);
            operation.CancelByToken(cancellationToken);
            var reply = await operation.Completion.ConfigureAwait(false);
            return reply.Error is { } error ? throw new MemcachedServerErrorException(_settings.Server, command.Line, error) : reply.Lines;
        });
    }

    // Keys that code of the application hands out are asked for once, and not under the connection's lock.
    private static ReadOnlyMemory<MetaCommand> WithOwnKeys(ReadOnlyMemory<MetaCommand> commands)
    {
        MetaCommand[]? copies = null;
        for (var i = 0; i < commands.Length; i++)
        {
            var key = commands.Span[i].Key;
            if (SendQueue.IsCustomMemory(key))
            {
                copies ??= commands.ToArray();
                copies[i] = copies[i] with { Key = key.ToArray() };
            }
        }

        return copies ?? commands;
    }

    // Methods of their own, since the closures would be made by every call.
    private ValueTask<T> RunTracedAsync<T>(
        object owner, MetaCommand command, IBufferWriter<byte>? writer, Func<SingleOperation, ValueTask<T>> selector, CancellationToken cancellationToken) =>
        TracedCall.RunAsync(
            _settings, CommandNames.IndexOf(command.Kind), 1, () =>
                SendAsync(owner, command, command.Key.Span, writer, selector, cancellationToken));

    private Task<MetaGroupResult> RunTracedAsync(
        object owner, ReadOnlyMemory<MetaCommand> commands, GroupOptions terms, CancellationToken cancellationToken) =>
        TracedCall.RunAsync(
            _settings,
            CommandNames.IndexOf(commands.Span),
            commands.Length,
            () => new ValueTask<MetaGroupResult>(SendAsync(owner, commands, terms, cancellationToken))).AsTask();

    private ValueTask<T> SendAsync<T>(
        object owner, in MetaCommand command, ReadOnlySpan<byte> key, IBufferWriter<byte>? writer, Func<SingleOperation, ValueTask<T>> selector, CancellationToken cancellationToken)
    {
        var started = _settings.Metrics.GetTimestamp();
        if (SelectConnection(key).TryGet(out _) is { } connection)
        {
            var operation = Rent(command, writer, started, cancellationToken);
            if (connection.TryQueue(operation, command, key, owner) == QueueResult.Queued)
            {
                operation.CancelByToken();
                return selector(operation);
            }

            operation.Discard();
        }

        return SendSlowPathAsync(owner, command with { Key = key.ToArray() }, writer, selector, started, cancellationToken);
    }

    private Task<MetaGroupResult> SendAsync(
        object owner, ReadOnlyMemory<MetaCommand> commands, GroupOptions terms, CancellationToken cancellationToken)
    {
        var started = _settings.Metrics.GetTimestamp();
        if (SelectConnection(commands.Span[0].Key.Span).TryGet(out _) is { } connection
            && (terms.ConnectionId is null || connection.Id == terms.ConnectionId)
            && connection.TryQueue(
                commands.Span, terms.HasTimeout, owner, started, isRetry: false, out var operation) == QueueResult.Queued)
        {
            operation!.CancelByToken(cancellationToken);
            return operation.Completion;
        }

        return SendSlowPathAsync(owner, commands, terms, started, cancellationToken);
    }

    private async ValueTask<T> SendSlowPathAsync<T>(
        object owner, MetaCommand command, IBufferWriter<byte>? writer, Func<SingleOperation, ValueTask<T>> selector, long started, CancellationToken cancellationToken)
    {
        SingleOperation? operation = null;
        await QueueAsync(
            CommandNames.Of(command.Kind),
            new Call(CommandNames.IndexOf(command.Kind), 1, started),
            command.Key,
            (connection, isRetry) =>
            {
                operation = Rent(command, writer, started, cancellationToken);
                var result = connection.TryQueue(operation, command, command.Key.Span, owner, isRetry);
                if (result != QueueResult.Queued)
                {
                    operation.Discard();
                }

                return result;
            },
            null,
            cancellationToken).ConfigureAwait(false);
        operation!.CancelByToken();
        return await selector(operation).ConfigureAwait(false);
    }

    private async Task<MetaGroupResult> SendSlowPathAsync(
        object owner, ReadOnlyMemory<MetaCommand> commands, GroupOptions terms, long started, CancellationToken cancellationToken)
    {
        GroupOperation? operation = null;
        await QueueAsync(
            "group",
            new Call(CommandNames.IndexOf(commands.Span), commands.Length, started),
            commands.Span[0].Key,
            (connection, isRetry) => connection.TryQueue(commands.Span, terms.HasTimeout, owner, started, isRetry, out operation),
            terms.ConnectionId,
            cancellationToken).ConfigureAwait(false);
        operation!.CancelByToken(cancellationToken);
        return await operation.Completion.ConfigureAwait(false);
    }

    private async Task QueueAsync(
        string name, Call call, ReadOnlyMemory<byte> key, Func<Connection, bool, QueueResult> tryQueue, long? connectionId, CancellationToken cancellationToken)
    {
        try
        {
            await QueueAsync(name, key, tryQueue, connectionId, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _settings.Metrics.RecordFailure(call.Number, call.Commands, call.Started, ErrorTypes.Of(e));
            throw;
        }
    }

    /// <summary>
    /// Waits until there is a connection with room, at most for the operation timeout, unless the policy or the server's state says to
    /// fail.
    /// </summary>
    private async Task QueueAsync(
        string name, ReadOnlyMemory<byte> key, Func<Connection, bool, QueueResult> tryQueue, long? connectionId, CancellationToken cancellationToken)
    {
        CancellationTokenSource? limit = null;
        CancellationTokenSource? either = null;
        try
        {
            for (var isRetry = false; ; isRetry = true)
            {
                var keeper = connectionId is { } named
                    ? Array.Find(_connections, keeper => keeper.IsCurrent(named)) ?? throw ReplacedFailure(name)
                    : SelectConnection(key.Span);
                if (keeper.TryGet(out var failure) is not { } connection)
                {
                    throw failure!.ToException(name, outcomeUnknown: false);
                }

                if (connectionId is { } only && connection.Id != only)
                {
                    throw ReplacedFailure(name);
                }

                var result = tryQueue(connection, isRetry);
                if (result == QueueResult.Queued)
                {
                    return;
                }

                if (result == QueueResult.Full && _settings.Options.OverloadPolicy == OverloadPolicy.Fail)
                {
                    throw new MemcachedOverloadException(_settings.Server, name, "There is more in flight than allowed");
                }

                limit ??= new CancellationTokenSource(_settings.Options.OperationTimeout, _settings.Time);
                either ??= CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
                var waiting = result == QueueResult.Full
                    ? connection.WaitForCapacityAsync(either.Token)
                    : keeper.WaitForReplacementAsync(connection, either.Token);
                await waiting.ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MemcachedOverloadException(
                _settings.Server, name, $"There was no room within {_settings.Options.OperationTimeout.TotalMilliseconds:0} ms (OperationTimeout)");
        }
        finally
        {
            either?.Dispose();
            limit?.Dispose();
        }
    }

    private MemcachedConnectionLostException ReplacedFailure(string name) =>
        new(_settings.Server, name, outcomeUnknown: false, "it was replaced before this was sent, and this may go by no other", null);

    private SingleOperation Rent(in MetaCommand command, IBufferWriter<byte>? writer, long started, CancellationToken cancellationToken)
    {
        var operation = OperationPool.Rent();
        operation.Initialize(command, writer, _settings, started, cancellationToken);
        return operation;
    }

    // For the metrics, should the call never come to be sent.
    private readonly record struct Call(int Number, int Commands, long Started);

    // One key always goes by one connection, so that its operations keep their order.
    private ReconnectingConnection SelectConnection(ReadOnlySpan<byte> key)
    {
        if (_connections.Length == 1)
        {
            return _connections[0];
        }

        var hash = 2166136261u;
        foreach (var value in key)
        {
            hash = (hash ^ value) * 16777619u;
        }

        return _connections[hash % (uint)_connections.Length];
    }
}
