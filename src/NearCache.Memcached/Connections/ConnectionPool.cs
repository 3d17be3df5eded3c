using System.Buffers;
using NearCache.Memcached.Diagnostics;
using NearCache.Memcached.Protocol;
using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>
/// The connections to one server: selects the connection of an operation, and lets the operation wait while it has no capacity.
/// </summary>
/// <remarks>Each call passes an owner, which is kept alive while commands are in flight, and not otherwise.</remarks>
internal sealed class ConnectionPool : IServerGauges
{
    // The grace period for callers that selected the server just before the list changed.
    private static readonly TimeSpan LateCallerGrace = TimeSpan.FromMilliseconds(100);

    private readonly TaskCompletionSource _isClosing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConnectionSettings _settings;
    private readonly ReconnectingConnection[] _connections;
    private readonly TimeoutQueue _waits;   // of operations for a connection with capacity

    public ConnectionPool(ConnectionSettings settings)
    {
        _settings = settings;
        Probe = new ServerProbe(settings);
        _connections = [.. Enumerable.Range(0, settings.Options.ConnectionsPerServer).Select(_ => new ReconnectingConnection(settings))];
        _waits = new TimeoutQueue(settings.Options.OperationTimeout, settings.Time);
        settings.Metrics.Register(this);
    }

    public IReadOnlyList<ReconnectingConnection> Connections => _connections;

    public ConnectionSettings Settings => _settings;

    /// <summary>Describes every connected socket. Thread-safe.</summary>
    public IEnumerable<MemcachedConnectionInfo> Describe() =>
        _connections.Select(connection => connection.Describe()).OfType<MemcachedConnectionInfo>().Concat(Probe.Describe());

    /// <summary>Gets the short-lived connection beside those of the pool.</summary>
    public ServerProbe Probe { get; }

    /// <summary>Gets the best state of all connections.</summary>
    public MemcachedServerState State
    {
        get
        {
            var states = _connections.Select(connection => connection.State).ToArray();
            return Array.Find(
                [MemcachedServerState.Up, MemcachedServerState.Connecting, MemcachedServerState.Down, MemcachedServerState.Closed],
                states.Contains);
        }
    }

    int IServerGauges.InFlight => _connections.Sum(connection => connection.InFlight);

    int IServerGauges.OpenConnections => _connections.Count(connection => connection.IsOpen);

    int IServerGauges.ConnectionLimit => _connections.Length;

    /// <summary>Closes all connections without waiting. Thread-safe.</summary>
    public void Abort()
    {
        Array.ForEach(_connections, connection => connection.Abort());
        Probe.Abort();
        _settings.Metrics.Unregister(this);
    }

    /// <summary>Closes all connections. Commands still in flight after <paramref name="drain"/> fail.</summary>
    public async Task CloseAsync(TimeSpan drain, ConnectionFailure? why = null)
    {
        _isClosing.TrySetResult();
        await Probe.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_connections.Select(connection => connection.CloseAsync(drain, why))).ConfigureAwait(false);
        _settings.Metrics.Unregister(this);
    }

    /// <summary>
    /// Closes the connections to a removed server: serves late callers, waits up to <paramref name="drain"/> for replies, and closes.
    /// </summary>
    public async Task RetireAsync(TimeSpan drain)
    {
        var started = _settings.Time.GetTimestamp();
        await _isClosing.Task.WaitAsync(drain < LateCallerGrace ? drain : LateCallerGrace, _settings.Time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var left = drain - _settings.Time.GetElapsedTime(started);
        await CloseAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, ConnectionFailure.Removed(_settings.Server)).ConfigureAwait(false);
    }

    /// <summary>Validates and sends one command. All failures but an invalid command are reported by the task.</summary>
    /// <exception cref="ArgumentException">The command is invalid.</exception>
    public ValueTask<T> RunAsync<T>(
        object owner,
        in MetaCommand command,
        ReadOnlySpan<byte> key,
        IBufferWriter<byte>? writer,
        Func<SingleOperation, ValueTask<T>> selector,
        CancellationToken cancellationToken)
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

    /// <summary>Returns the id of the connection that carries commands with this key now.</summary>
    /// <exception cref="MemcachedException">There is no connection.</exception>
    public long ConnectionIdFor(ReadOnlySpan<byte> key) =>
        SelectConnection(key).TryGet(out var failure) is { } connection
            ? connection.Id
            : throw failure!.ToException(null, outcomeUnknown: false);

    /// <summary>
    /// Sends commands in order, on one connection, by one write. The commands and their memory may be reused when the task has completed.
    /// </summary>
    /// <param name="owner">The object that is kept alive until the replies have arrived.</param>
    /// <param name="commands">The commands; at least one.</param>
    /// <param name="options">The options of the group.</param>
    /// <param name="cancellationToken">Cancels the wait for the replies.</param>
    public Task<MetaGroupResult> RunAsync(
        object owner, ReadOnlyMemory<MetaCommand> commands, GroupOptions options, CancellationToken cancellationToken)
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
            ? RunTracedAsync(owner, commands, options, cancellationToken)
            : SendAsync(owner, commands, options, cancellationToken);
    }

    /// <summary>Sends a command of the classic protocol and returns the lines of its reply.</summary>
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

    // Copies keys whose memory is provided by application code, so that this code does not run under the connection's lock.
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

    // Separate methods, because the closures would be allocated by every call.
    private ValueTask<T> RunTracedAsync<T>(
        object owner,
        MetaCommand command,
        IBufferWriter<byte>? writer,
        Func<SingleOperation, ValueTask<T>> selector,
        CancellationToken cancellationToken) =>
        TracedCall.RunAsync(
            _settings, CommandNames.IndexOf(command.Kind), 1, () =>
                SendAsync(owner, command, command.Key.Span, writer, selector, cancellationToken));

    private Task<MetaGroupResult> RunTracedAsync(
        object owner, ReadOnlyMemory<MetaCommand> commands, GroupOptions options, CancellationToken cancellationToken) =>
        TracedCall.RunAsync(
            _settings,
            CommandNames.IndexOf(commands.Span),
            commands.Length,
            () => new ValueTask<MetaGroupResult>(SendAsync(owner, commands, options, cancellationToken))).AsTask();

    private ValueTask<T> SendAsync<T>(
        object owner,
        in MetaCommand command,
        ReadOnlySpan<byte> key,
        IBufferWriter<byte>? writer,
        Func<SingleOperation, ValueTask<T>> selector,
        CancellationToken cancellationToken)
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
        object owner, ReadOnlyMemory<MetaCommand> commands, GroupOptions options, CancellationToken cancellationToken)
    {
        var started = _settings.Metrics.GetTimestamp();
        if (SelectConnection(commands.Span[0].Key.Span).TryGet(out _) is { } connection
            && (options.ConnectionId is null || connection.Id == options.ConnectionId)
            && connection.TryQueue(
                commands.Span, options, owner, started, isRetry: false, out var operation) == QueueResult.Queued)
        {
            operation!.CancelByToken(cancellationToken);
            return operation.Completion;
        }

        return SendSlowPathAsync(owner, commands, options, started, cancellationToken);
    }

    private async ValueTask<T> SendSlowPathAsync<T>(
        object owner,
        MetaCommand command,
        IBufferWriter<byte>? writer,
        Func<SingleOperation, ValueTask<T>> selector,
        long started,
        CancellationToken cancellationToken)
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
        object owner, ReadOnlyMemory<MetaCommand> commands, GroupOptions options, long started, CancellationToken cancellationToken)
    {
        GroupOperation? operation = null;
        await QueueAsync(
            "group",
            new Call(CommandNames.IndexOf(commands.Span), commands.Length, started),
            commands.Span[0].Key,
            (connection, isRetry) => connection.TryQueue(commands.Span, options, owner, started, isRetry, out operation),
            options.ConnectionId,
            cancellationToken).ConfigureAwait(false);
        operation!.CancelByToken(cancellationToken);
        return await operation.Completion.ConfigureAwait(false);
    }

    private async Task QueueAsync(
        string name,
        Call call,
        ReadOnlyMemory<byte> key,
        Func<Connection, bool, QueueResult> tryQueue,
        long? connectionId,
        CancellationToken cancellationToken)
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
    /// Queues an operation: waits for a connection with capacity, at most for the operation timeout, unless the policy or the server's
    /// state requires to fail.
    /// </summary>
    private async Task QueueAsync(
        string name,
        ReadOnlyMemory<byte> key,
        Func<Connection, bool, QueueResult> tryQueue,
        long? connectionId,
        CancellationToken cancellationToken)
    {
        TimeoutQueue.Entry? limit = null;
        CancellationTokenSource? either = null;
        try
        {
            for (var isRetry = false; ; isRetry = true)
            {
                var reconnecting = connectionId is { } named
                    ? Array.Find(_connections, reconnecting => reconnecting.IsCurrent(named)) ?? throw ReplacedFailure(name)
                    : SelectConnection(key.Span);
                if (reconnecting.TryGet(out var failure) is not { } connection)
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
                    throw new MemcachedOverloadException(_settings.Server, name, "The limit of commands in flight is reached");
                }

                limit ??= _waits.Start();
                either ??= CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
                var waiting = result == QueueResult.Full
                    ? connection.WaitForCapacityAsync(either.Token)
                    : reconnecting.WaitForReplacementAsync(connection, either.Token);
                await waiting.ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MemcachedOverloadException(
                _settings.Server,
                name,
                $"No capacity became available within {_settings.Options.OperationTimeout.TotalMilliseconds:0} ms (OperationTimeout)");
        }
        finally
        {
            either?.Dispose();
            limit?.Dispose();
        }
    }

    private MemcachedConnectionLostException ReplacedFailure(string name) =>
        new(
            _settings.Server,
            name,
            outcomeUnknown: false,
            "it was replaced before the command was sent, and the command requires this connection",
            null);

    private SingleOperation Rent(in MetaCommand command, IBufferWriter<byte>? writer, long started, CancellationToken cancellationToken)
    {
        var operation = OperationPool.Rent();
        operation.Initialize(command, writer, _settings, started, cancellationToken);
        return operation;
    }

    // The data for the metrics of a call that is never sent.
    private readonly record struct Call(int Number, int Commands, long Started);

    // A key always uses the same connection, so that its operations keep their order.
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
