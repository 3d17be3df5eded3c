using NearCache.Memcached.Protocol;
using NearCache.Transport;
using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>The result of queueing an operation.</summary>
internal enum QueueResult
{
    Queued,

    /// <summary>The limit of commands or bytes in flight is reached.</summary>
    Full,

    /// <summary>The connection has ended.</summary>
    Closed,
}

/// <summary>
/// A pipelined connection. Callers write into one buffer, one flush at a time sends it, and one reader distributes the replies in order.
/// </summary>
/// <remarks>
/// Accepts commands before it is open; they are sent once it is. It ends once; all commands that still wait for replies then fail. This
/// folder holds everything that belongs to connections: <see cref="ConnectionPool"/> is its entry point.
/// </remarks>
internal sealed class Connection : IPendingOperations
{
    private static long LastId;

    private readonly Lock _gate = new();   // guards the ring, the limit and the send queue
    private readonly ConnectionSettings _settings;
    private readonly OperationRing _ring = new();
    private readonly InFlightLimit _inFlight;
    private readonly Flusher _flusher;
    private readonly LivenessMonitor _liveness;
    private readonly long _createdAt;
    private readonly bool _isWatched;
    private readonly ConnectionTimer _timer;
    private TransportConnection? _opening;   // connected; the handshake is not over
    private TransportConnection? _transport;
    private ConnectionFailure? _failure;
    private object? _owner;
    private bool _closed;
    private int _tick;
    private long _received;
    private long _operations;
    private ulong _opaque;

    public Connection(ConnectionSettings settings)
    {
        _settings = settings;
        _inFlight = new InFlightLimit(settings.Options);
        _flusher = new Flusher(_gate, settings, failure => Abort(failure));
        _liveness = new LivenessMonitor(settings.TicksPerTimeout, settings.KeepAliveTicks, settings.StallTicks);
        _createdAt = settings.Time.GetTimestamp();
        _timer = new ConnectionTimer(this, settings);
        _isWatched = _timer.IsWatched;
    }

    public long Id { get; } = Interlocked.Increment(ref LastId);

    /// <summary>Gets the server's version; null until the connection is open.</summary>
    public string? Version { get; private set; }

    /// <summary>Gets the time since the connection was created.</summary>
    public TimeSpan Age => _settings.Time.GetElapsedTime(_createdAt);

    public bool IsOpen => Volatile.Read(ref _transport) is not null && !Volatile.Read(ref _closed);

    public int InFlight => _inFlight.Commands;

    /// <summary>Connects and performs the handshake. Throws if that fails or exceeds the connect timeout. Called once.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        var (transport, version) = await Handshake.ConnectAsync(
            _settings, connected => Volatile.Write(ref _opening, connected), cancellationToken).ConfigureAwait(false);
        Version = version;
        lock (_gate)
        {
            _transport = transport;
        }

        if (_failure is { } failure)
        {
            transport.Abort(failure.ToException(null, outcomeUnknown: false));
        }
    }

    /// <summary>
    /// Sends commands and distributes replies until the connection ends. Then fails the pending operations and returns the reason. Called
    /// once, after <see cref="OpenAsync"/>.
    /// </summary>
    public async Task<ConnectionFailure> RunAsync()
    {
        var transport = _transport!;
        var limit = Math.Max(_settings.Options.MaxValueBytes, 128 << 20);
        var reader = new ReplyReader(
            transport.Stream, this, _settings.Server, _settings.Options.VerifyReplies, ServerVersion.Parse(
                Version!).RepeatsOpaqueOfMiss, limit);
        var reading = new ReadLoop(reader, transport, _flusher, _settings.Server).RunAsync();
        _flusher.Open(transport.Stream);
        var failure = await reading.ConfigureAwait(false);
        failure = Interlocked.CompareExchange(ref _failure, failure, null) ?? failure;
        transport.Abort(failure.ToException(null, outcomeUnknown: false));
        Close(failure, reader.NextNumber);
        await _flusher.StopAsync().ConfigureAwait(false);
        await transport.DisposeAsync().ConfigureAwait(false);
        return failure;
    }

    /// <summary>Ends the connection. Thread-safe. Waiting operations fail as soon as the loops have ended.</summary>
    public void Abort(ConnectionFailure failure)
    {
        if (Interlocked.CompareExchange(ref _failure, failure, null) is null)
        {
            Volatile.Read(ref _transport)?.Abort(failure.ToException(null, outcomeUnknown: false));
        }
    }

    /// <summary>Ends a connection that was never opened.</summary>
    public void Close(ConnectionFailure failure) => Close(failure, 0);

    /// <summary>
    /// Queues a command. Afterward its memory may be reused. <paramref name="owner"/> is kept alive until all commands in flight are
    /// answered.
    /// </summary>
    public QueueResult TryQueue(
        SingleOperation operation, in MetaCommand command, ReadOnlySpan<byte> key, object owner, bool isRetry = false)
    {
        var bytes = MetaCommandWriter.MaxLineLength + command.Value.Length;
        byte[]? copy = null;
        if (SendQueue.MustCopy(command))
        {
            if (TryRefuse(1, bytes, isRetry) is { } refusal)
            {
                return refusal;
            }

            copy = SendQueue.Copy(command);
        }

        bool mustFlush, isAlone;
        lock (_gate)
        {
            if (_closed || !_inFlight.HasCapacity(1, bytes, isRetry))
            {
                SendQueue.Discard(copy);
                return _closed ? QueueResult.Closed : QueueResult.Full;
            }

            operation.Start = _flusher.Queue.Position;
            operation.Opaque = _opaque;
            _flusher.Queue.Append(command, key, NextOpaque(), copy);
            Enqueue(operation, owner);
            mustFlush = _flusher.TryBeginFlush();
            isAlone = _ring.Count == 1;
        }

        WakeWatchdog();
        if (mustFlush)
        {
            _flusher.Flush(isAlone);
        }

        return QueueResult.Queued;
    }

    /// <summary>Queues commands to be sent by one write. Afterward the commands and their memory may be reused.</summary>
    public QueueResult TryQueue(
        ReadOnlySpan<MetaCommand> commands, GroupOptions options, object owner, long started, bool isRetry, out GroupOperation? operation)
    {
        operation = null;
        var bytes = 0L;
        var length = 0;
        var mustCopy = false;
        foreach (ref readonly var command in commands)
        {
            var isCopied = SendQueue.MustCopy(command);
            mustCopy |= isCopied;
            bytes += MetaCommandWriter.MaxLineLength + command.Value.Length;
            length += MetaCommandWriter.MaxLineLength + (isCopied ? 2 : command.Value.Length + 2);
        }

        byte[]?[]? copies = null;
        if (mustCopy)
        {
            if (TryRefuse(commands.Length, bytes, isRetry) is { } refusal)
            {
                return refusal;
            }

            copies = SendQueue.CopyAll(commands);
        }

        bool mustFlush, isAlone;
        lock (_gate)
        {
            if (_closed || !_inFlight.HasCapacity(commands.Length, bytes, isRetry))
            {
                Array.ForEach(copies ?? [], SendQueue.Discard);
                return _closed ? QueueResult.Closed : QueueResult.Full;
            }

            operation = new GroupOperation(commands, options, Id, _settings, started)
            {
                Commands = commands.Length,
                Start = _flusher.Queue.Position,
                Opaque = _opaque,
            };
            _flusher.Queue.GetSpan(length);
            for (var i = 0; i < commands.Length; i++)
            {
                _flusher.Queue.Append(commands[i], commands[i].Key.Span, NextOpaque(), copies?[i]);
            }

            Enqueue(operation, owner);
            mustFlush = _flusher.TryBeginFlush();
            isAlone = _ring.Count == 1;
        }

        WakeWatchdog();
        if (mustFlush)
        {
            _flusher.Flush(isAlone);
        }

        return QueueResult.Queued;
    }

    /// <summary>Queues a command of the classic protocol.</summary>
    public QueueResult TryQueue(TextOperation operation, object owner, bool isRetry)
    {
        var line = operation.Name;
        bool mustFlush;
        lock (_gate)
        {
            if (_closed || !_inFlight.HasCapacity(1, line.Length + 2, isRetry))
            {
                return _closed ? QueueResult.Closed : QueueResult.Full;
            }

            operation.Start = _flusher.Queue.Position;
            operation.Commands = 1;
            _flusher.Queue.AppendLine(line);
            Enqueue(operation, owner);
            mustFlush = _flusher.TryBeginFlush();
        }

        WakeWatchdog();
        if (mustFlush)
        {
            _flusher.Flush(isAlone: false);
        }

        return QueueResult.Queued;
    }

    /// <summary>Waits until there may be capacity, or the connection has ended.</summary>
    public async Task WaitForCapacityAsync(CancellationToken cancellationToken)
    {
        LinkedListNode<ScheduledCompletionSource<bool>> waiter;
        lock (_gate)
        {
            if (_closed || _inFlight.AddWaiter() is not { } added)
            {
                return;
            }

            waiter = added;
        }

        try
        {
            await waiter.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
            {
                _inFlight.RemoveWaiter(waiter);
            }

            throw;
        }
    }

    /// <summary>Returns the current state of the connection; null unless its socket is connected. Thread-safe.</summary>
    public MemcachedConnectionInfo? Describe(bool isClosing = false)
    {
        var open = Volatile.Read(ref _transport);
        return (open ?? Volatile.Read(ref _opening)) is { } transport && !Volatile.Read(ref _closed) ? new MemcachedConnectionInfo
        {
            Id = Id,
            Server = _settings.Server,
            Local = transport.Local,
            Remote = transport.Remote,
            State = open is null ? MemcachedConnectionState.Connecting
                : isClosing ? MemcachedConnectionState.Closing
                : MemcachedConnectionState.Open,
            Age = Age,
            Operations = Interlocked.Read(ref _operations),
            InFlight = InFlight,
            BytesSent = _flusher.SentPosition,
            BytesReceived = Interlocked.Read(ref _received),
        }
        : null;
    }

    /// <summary>Expires operations and checks the server's liveness. Called by <see cref="ConnectionTimer"/>.</summary>
    public void Tick()
    {
        LivenessVerdict verdict;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _tick++;

            // One tick more than the timeout, since the tick in which an operation was queued was not a full one.
            var due = _tick - _settings.TicksPerTimeout - 1;
            for (var i = 0; i < _ring.Count && _ring.At(i).ExpireIfQueuedBy(due, _settings); i++)
            {
                // Expire the next one.
            }

            var oldest = _ring.Count > 0 ? _ring.At(0) : null;
            verdict = _transport is null
                ? LivenessVerdict.Healthy
                : _liveness.Tick(
                    _received, _flusher.SentPosition, _ring.Head, oldest?.End ?? -1, isHeldUp: _ring.Count > 1
                        || oldest?.HasWaiter == false);
        }

        if (verdict == LivenessVerdict.Dead)
        {
            Abort(ConnectionFailure.Silent(_settings.Server, _settings.Options.OperationTimeout));
        }
        else if (verdict == LivenessVerdict.Stalled)
        {
            Abort(ConnectionFailure.Stalled(_settings.Server, _settings.Options.StallTimeout));
        }
        else if (verdict == LivenessVerdict.SendProbe)
        {
            var options = new GroupOptions(HasTimeout: true);
            TryQueue([MetaCommand.NoOp()], options, this, _settings.Metrics.GetTimestamp(), isRetry: true, out _);
        }
    }

    Operation? IPendingOperations.Peek(long number) =>
        _ring.Peek(number) is { } operation && operation.Start < _flusher.SubmittedPosition ? operation : null;

    long IPendingOperations.GetTimestamp() => _settings.Metrics.GetTimestamp();

    void IPendingOperations.OnBytesReceived(int bytes)
    {
        Volatile.Write(ref _received, _received + bytes);
        _settings.Metrics.AddReceived(bytes);
    }

    void IPendingOperations.OnCompleted(long number, int commands, long bytes)
    {
        if (commands == 0)
        {
            return;
        }

        lock (_gate)
        {
            _ring.RemoveUntil(number);
            _inFlight.Release(commands, bytes);
            if (_ring.Count == 0)
            {
                _owner = null;
            }
        }

        Volatile.Write(ref _operations, _operations + commands);
    }

    // Checked before values are copied, to avoid a needless copy.
    private QueueResult? TryRefuse(int commands, long bytes, bool isRetry)
    {
        lock (_gate)
        {
            return _closed ? QueueResult.Closed : _inFlight.HasCapacity(commands, bytes, isRetry) ? null : QueueResult.Full;
        }
    }

    private ulong? NextOpaque() => _settings.Options.VerifyReplies ? _opaque++ : null;

    private void Enqueue(Operation operation, object owner)
    {
        operation.End = _flusher.Queue.Position;
        operation.Tick = _tick;
        _owner ??= owner;
        _ring.Enqueue(operation);
        _inFlight.Acquire(operation.Commands, operation.End - operation.Start);
    }

    // Releasing `_gate` is a full fence: either the watchdog sees what is in flight, or this thread sees that the watchdog sleeps.
    private void WakeWatchdog()
    {
        if (_isWatched && !ThreadWatchdog.IsAwake)
        {
            ThreadWatchdog.Wake();
        }
    }

    private void Close(ConnectionFailure failure, long firstPending)
    {
        Operation[] pending;
        lock (_gate)
        {
            _closed = true;
            _ring.RemoveUntil(firstPending);
            pending = new Operation[_ring.Count];
            for (var i = 0; i < pending.Length; i++)
            {
                pending[i] = _ring.At(i);
            }

            _ring.RemoveUntil(_ring.Head + pending.Length);
            _inFlight.Close();
            _owner = null;
        }

        _timer.Stop();
        foreach (var operation in pending)
        {
            operation.Fail(failure, outcomeUnknown: operation.Start < _flusher.SubmittedPosition);
        }
    }
}
