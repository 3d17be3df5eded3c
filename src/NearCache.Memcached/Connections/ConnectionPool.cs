using System.Buffers;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>The connections to one server: says which one takes an operation, and lets it wait while none can.</summary>
/// <remarks>Each call names an owner, which is kept alive while something is in flight, and by nothing else here.</remarks>
internal sealed class ConnectionPool(ConnectionSettings settings)
{
    // For callers that looked the server up just before the list changed.
    private static readonly TimeSpan LateCallers = TimeSpan.FromMilliseconds(100);

    private readonly TaskCompletionSource _isClosing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConnectionKeeper[] _keepers =
        [.. Enumerable.Range(0, settings.Options.ConnectionsPerServer).Select(_ => new ConnectionKeeper(settings))];

    public IReadOnlyList<ConnectionKeeper> Keepers => _keepers;

    public ConnectionSettings Settings => settings;

    /// <summary>Ends all connections; what is still in flight after <paramref name="drain"/> fails.</summary>
    public Task CloseAsync(TimeSpan drain, ConnectionFailure? why = null)
    {
        _isClosing.TrySetResult();
        return Task.WhenAll(_keepers.Select(keeper => keeper.CloseAsync(drain, why)));
    }

    /// <summary>The server was taken off the list: serves callers that come late, waits for the answers that are due, at most for <paramref name="drain"/>, and closes.</summary>
    public async Task RetireAsync(TimeSpan drain)
    {
        var started = settings.Time.GetTimestamp();
        await _isClosing.Task.WaitAsync(drain < LateCallers ? drain : LateCallers, settings.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var left = drain - settings.Time.GetElapsedTime(started);
        await CloseAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, ConnectionFailure.Removed(settings.Server)).ConfigureAwait(false);
    }

    /// <summary>Sends one command. Checks it first; all else that goes wrong is in the task.</summary>
    /// <exception cref="ArgumentException">The command may not be sent.</exception>
    public ValueTask<T> RunAsync<T>(
        object owner, in MetaCommand command, ReadOnlySpan<byte> key, IBufferWriter<byte>? writer, Func<SingleOperation, ValueTask<T>> face, CancellationToken cancellationToken)
    {
        MetaRules.Check(command, key, settings.Options.MaxValueBytes);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(cancellationToken);
        }

        if (Pick(key).TryGet(out _) is { } connection)
        {
            var operation = Rent(command, writer, cancellationToken);
            if (connection.TryQueue(operation, command, key, owner) == QueueResult.Queued)
            {
                operation.CancelByToken();
                return face(operation);
            }

            operation.Discard();
        }

        return RunSlowlyAsync(owner, command with { Key = key.ToArray() }, writer, face, cancellationToken);
    }

    /// <summary>Sends commands in order, on one connection, by one write. The answer always comes, or the connection ends.</summary>
    public Task<MetaGroupResult> RunAsync(object owner, ReadOnlyMemory<MetaCommand> commands)
    {
        foreach (ref readonly var command in commands.Span)
        {
            MetaRules.Check(command, command.Key.Span, settings.Options.MaxValueBytes);
        }

        if (commands.IsEmpty)
        {
            throw new ArgumentException("A group has at least one command.", nameof(commands));
        }

        return Pick(commands.Span[0].Key.Span).TryGet(out _) is { } connection
            && connection.TryQueue(commands, owner, isRetry: false, out var operation) == QueueResult.Queued
            ? operation!.Completion
            : RunSlowlyAsync(owner, commands);
    }

    /// <summary>Sends a line of the classic protocol and returns the lines of the answer.</summary>
    public async Task<IReadOnlyList<string>> RunTextAsync(object owner, string text, bool hasManyLines, CancellationToken cancellationToken)
    {
        var operation = new TextOperation(text.TrimEnd(), hasManyLines);
        await QueueAsync(
            operation.Name, ReadOnlyMemory<byte>.Empty, (connection, isRetry) => connection.TryQueue(operation, text, owner, isRetry), cancellationToken).ConfigureAwait(false);
        var lines = await operation.Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
        return lines is [.., var last] && (last.StartsWith("ERROR", StringComparison.Ordinal) || last.Contains("_ERROR", StringComparison.Ordinal))
            ? throw new MemcachedServerErrorException(settings.Server, operation.Name, last)
            : lines;
    }

    private async ValueTask<T> RunSlowlyAsync<T>(
        object owner, MetaCommand command, IBufferWriter<byte>? writer, Func<SingleOperation, ValueTask<T>> face, CancellationToken cancellationToken)
    {
        SingleOperation? operation = null;
        await QueueAsync(
            CommandNames.Of(command.Kind),
            command.Key,
            (connection, isRetry) =>
            {
                operation = Rent(command, writer, cancellationToken);
                var result = connection.TryQueue(operation, command, command.Key.Span, owner, isRetry);
                if (result != QueueResult.Queued)
                {
                    operation.Discard();
                }

                return result;
            },
            cancellationToken).ConfigureAwait(false);
        operation!.CancelByToken();
        return await face(operation).ConfigureAwait(false);
    }

    private async Task<MetaGroupResult> RunSlowlyAsync(object owner, ReadOnlyMemory<MetaCommand> commands)
    {
        GroupOperation? operation = null;
        await QueueAsync(
            "group",
            commands.Span[0].Key,
            (connection, isRetry) => connection.TryQueue(commands, owner, isRetry, out operation),
            CancellationToken.None).ConfigureAwait(false);
        return await operation!.Completion.ConfigureAwait(false);
    }

    /// <summary>Waits until there is a connection with room, at most for the operation timeout, unless the policy or the server's state says to fail.</summary>
    private async Task QueueAsync(
        string name, ReadOnlyMemory<byte> key, Func<Connection, bool, QueueResult> tryQueue, CancellationToken cancellationToken)
    {
        CancellationTokenSource? limit = null;
        CancellationTokenSource? either = null;
        try
        {
            for (var isRetry = false; ; isRetry = true)
            {
                var keeper = Pick(key.Span);
                if (keeper.TryGet(out var failure) is not { } connection)
                {
                    settings.Metrics.Failed("down");
                    throw failure!.ToException(name, outcomeUnknown: false);
                }

                var result = tryQueue(connection, isRetry);
                if (result == QueueResult.Queued)
                {
                    return;
                }

                if (result == QueueResult.Full && settings.Options.OverloadPolicy == OverloadPolicy.Fail)
                {
                    settings.Metrics.Failed("overload");
                    throw new MemcachedOverloadException(settings.Server, name, "There is more in flight than allowed");
                }

                limit ??= new CancellationTokenSource(settings.Options.OperationTimeout, settings.Time);
                either ??= CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
                var waiting = result == QueueResult.Full ? connection.WaitForRoomAsync(either.Token) : keeper.ReplacedAsync(connection, either.Token);
                await waiting.ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            settings.Metrics.Failed("overload");
            throw new MemcachedOverloadException(
                settings.Server, name, $"There was no room within {settings.Options.OperationTimeout.TotalMilliseconds:0} ms (OperationTimeout)");
        }
        finally
        {
            either?.Dispose();
            limit?.Dispose();
        }
    }

    private SingleOperation Rent(in MetaCommand command, IBufferWriter<byte>? writer, CancellationToken cancellationToken)
    {
        var operation = OperationPool.Rent();
        operation.Begin(command, writer, settings.Server, command.Value.Length >= SendQueue.LargeValueBytes, cancellationToken);
        return operation;
    }

    // One key always goes by one connection, so that its operations keep their order.
    private ConnectionKeeper Pick(ReadOnlySpan<byte> key)
    {
        if (_keepers.Length == 1)
        {
            return _keepers[0];
        }

        var hash = 2166136261u;
        foreach (var value in key)
        {
            hash = (hash ^ value) * 16777619u;
        }

        return _keepers[hash % (uint)_keepers.Length];
    }
}
