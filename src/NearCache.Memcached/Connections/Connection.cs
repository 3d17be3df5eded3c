using System.Text;
using NearCache.Memcached.Protocol;
using NearCache.Transport;
using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>What became of an operation that should stand in line.</summary>
internal enum QueueResult
{
    Queued,

    /// <summary>As much is in flight as may be.</summary>
    Full,

    /// <summary>This connection has ended.</summary>
    Closed,
}

/// <summary>
/// One pipelined connection: callers write into one buffer, one flush at a time sends it, one reader gives the replies out in order.
/// </summary>
/// <remarks>
/// It takes commands from the moment it exists; they are sent once it is open. It ends once, and then all that still waits fails.
/// </remarks>
internal sealed class Connection : IPendingOperations, IWatchdogTarget, IThreadPoolWorkItem
{
    private static long LastId;

    private readonly Lock _gate = new();   // guards the line, what is in flight, and the send queue
    private readonly ConnectionSettings _settings;
    private readonly OperationRing _ring = new();
    private readonly InFlightLimit _inFlight;
    private readonly Flusher _flusher;
    private readonly LivenessMonitor _liveness;
    private readonly JitAllowance _jitAllowance;
    private readonly long _made;
    private readonly bool _isWatched;   // a clock of the caller's own decides alone
    private readonly TimeSpan _late;
    private long _tickedAt;
    private int _isTickQueued;
    private ITimer? _timer;
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
        _jitAllowance = new JitAllowance(settings.TickPeriod, settings.TicksPerTimeout);
        _tickedAt = _made = settings.Time.GetTimestamp();
        (_isWatched, _late) = (ReferenceEquals(settings.Time, TimeProvider.System), settings.TickPeriod * 1.25);
        _timer = settings.Time.CreateTimer(
            static connection => ((Connection)connection!).Tick(), this, settings.TickPeriod, settings.TickPeriod);
        if (_isWatched)
        {
            ThreadWatchdog.Add(this);
        }
    }

    public long Id { get; } = Interlocked.Increment(ref LastId);

    /// <summary>The server's version, once it is open.</summary>
    public string? Version { get; private set; }

    /// <summary>How long it has been there.</summary>
    public TimeSpan Age => _settings.Time.GetElapsedTime(_made);

    public bool IsOpen => Volatile.Read(ref _transport) is not null && !Volatile.Read(ref _closed);

    public int InFlight => _inFlight.Commands;

    /// <summary>Connects and greets; throws if that fails within the connect timeout. To be called once.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        var (transport, version) = await Handshake.ConnectAsync(_settings, cancellationToken).ConfigureAwait(false);
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
    /// Sends, reads and gives out until it ends; then fails what waits, and says why it ended. To be called once it is open.
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

    /// <summary>Ends it, from any thread. What waits fails as soon as its loops have ended.</summary>
    public void Abort(ConnectionFailure failure)
    {
        if (Interlocked.CompareExchange(ref _failure, failure, null) is null)
        {
            Volatile.Read(ref _transport)?.Abort(failure.ToException(null, outcomeUnknown: false));
        }
    }

    /// <summary>Ends one that was never opened.</summary>
    public void Close(ConnectionFailure failure) => Close(failure, 0);

    /// <summary>
    /// Puts a command in line, after which its memory is the caller's again. <paramref name="owner"/> is kept alive until everything is
    /// answered.
    /// </summary>
    public QueueResult TryQueue(
        SingleOperation operation, in MetaCommand command, ReadOnlySpan<byte> key, object owner, bool isRetry = false)
    {
        var bytes = MetaCommandWriter.MaxLineLength + command.Value.Length;
        byte[]? copy = null;
        if (SendQueue.MustCopy(command))
        {
            if (Refusal(1, bytes, isRetry) is { } refusal)
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
            Write(command, key, copy);
            Enqueue(operation, owner);
            mustFlush = _flusher.TryBeginFlush();
            isAlone = _ring.Count == 1;
        }

        Watch();
        if (mustFlush)
        {
            _flusher.Flush(isAlone);
        }

        return QueueResult.Queued;
    }

    /// <summary>Puts commands in line, to be sent by one write, after which they and their memory are the caller's again.</summary>
    public QueueResult TryQueue(
        ReadOnlySpan<MetaCommand> commands, bool hasTimeout, object owner, long started, bool isRetry, out GroupOperation? operation)
    {
        operation = null;
        var bytes = 0L;
        var room = 0;
        var mustCopy = false;
        foreach (ref readonly var command in commands)
        {
            var isCopied = SendQueue.MustCopy(command);
            mustCopy |= isCopied;
            bytes += MetaCommandWriter.MaxLineLength + command.Value.Length;
            room += MetaCommandWriter.MaxLineLength + (isCopied ? 2 : command.Value.Length + 2);
        }

        byte[]?[]? copies = null;
        if (mustCopy)
        {
            if (Refusal(commands.Length, bytes, isRetry) is { } refusal)
            {
                return refusal;
            }

            copies = new byte[]?[commands.Length];
            for (var i = 0; i < copies.Length; i++)
            {
                copies[i] = SendQueue.Copy(commands[i]);
            }
        }

        bool mustFlush, isAlone;
        lock (_gate)
        {
            if (_closed || !_inFlight.HasCapacity(commands.Length, bytes, isRetry))
            {
                Array.ForEach(copies ?? [], SendQueue.Discard);
                return _closed ? QueueResult.Closed : QueueResult.Full;
            }

            operation = new GroupOperation(commands, hasTimeout, Id, _settings, started)
            {
                Commands = commands.Length,
                Start = _flusher.Queue.Position,
                Opaque = _opaque,
            };
            _flusher.Queue.GetSpan(room);
            for (var i = 0; i < commands.Length; i++)
            {
                Write(commands[i], commands[i].Key.Span, copies?[i]);
            }

            Enqueue(operation, owner);
            mustFlush = _flusher.TryBeginFlush();
            isAlone = _ring.Count == 1;
        }

        Watch();
        if (mustFlush)
        {
            _flusher.Flush(isAlone);
        }

        return QueueResult.Queued;
    }

    /// <summary>Puts a command of the classic protocol in line.</summary>
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
            var span = _flusher.Queue.GetSpan(line.Length + 2);
            Encoding.ASCII.GetBytes(line, span);
            "\r\n"u8.CopyTo(span[line.Length..]);
            _flusher.Queue.Advance(line.Length + 2);
            Enqueue(operation, owner);
            mustFlush = _flusher.TryBeginFlush();
        }

        Watch();
        if (mustFlush)
        {
            _flusher.Flush(isAlone: false);
        }

        return QueueResult.Queued;
    }

    /// <summary>Waits until there may be room again, or it has ended.</summary>
    public async Task WaitForCapacityAsync(CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource> waiter;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            waiter = _inFlight.AddWaiter();
        }

        using var registration = cancellationToken.UnsafeRegister(
            static (waiter, token) => ((TaskCompletionSource)waiter!).TrySetCanceled(token), waiter.Value);
        try
        {
            await waiter.Value.Task.ConfigureAwait(false);
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

    /// <summary>How it is now; null unless it is open.</summary>
    public MemcachedConnectionInfo? Describe() => Volatile.Read(ref _transport) is { } transport && IsOpen
        ? new MemcachedConnectionInfo
        {
            Id = Id,
            Server = _settings.Server,
            Local = transport.Local,
            Remote = transport.Remote,
            Age = Age,
            Operations = Interlocked.Read(ref _operations),
            InFlight = InFlight,
            BytesSent = _flusher.SentPosition,
            BytesReceived = Interlocked.Read(ref _received),
        }
        : null;

    bool IWatchdogTarget.HasWork => InFlight > 0;

    /// <summary>Has a tick made that the timer owes: timers run on the thread pool, which may start nothing.</summary>
    bool IWatchdogTarget.Check()
    {
        if (InFlight == 0)
        {
            return false;
        }

        if (IsTickLate() && Interlocked.Exchange(ref _isTickQueued, 1) == 0)
        {
            WorkScheduler.Queue(this);
        }

        return true;
    }

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _isTickQueued, 0);
        if (IsTickLate())
        {
            Tick();
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

    // Asked before values are copied, lest they are copied in vain.
    private QueueResult? Refusal(int commands, long bytes, bool isRetry)
    {
        lock (_gate)
        {
            return _closed ? QueueResult.Closed : _inFlight.HasCapacity(commands, bytes, isRetry) ? null : QueueResult.Full;
        }
    }

    private void Write(in MetaCommand command, ReadOnlySpan<byte> key, byte[]? copy)
    {
        ulong? opaque = _settings.Options.VerifyReplies ? _opaque++ : null;
        var queue = _flusher.Queue;
        var length = command.Value.Length;
        var span = queue.GetSpan(MetaCommandWriter.MaxLineLength + (copy is null ? length : 0) + 2);
        var written = MetaCommandWriter.Write(command, key, opaque, span);
        if (command.Kind != MetaCommandKind.Set)
        {
            queue.Advance(written);
            return;
        }

        if (copy is not null)
        {
            queue.Advance(written);
            queue.Add(copy, length);
            "\r\n"u8.CopyTo(queue.GetSpan(2));
            queue.Advance(2);
            return;
        }

        command.Value.Span.CopyTo(span[written..]);
        "\r\n"u8.CopyTo(span[(written + length)..]);
        queue.Advance(written + length + 2);
    }

    private void Enqueue(Operation operation, object owner)
    {
        operation.End = _flusher.Queue.Position;
        operation.Tick = _tick;
        _owner ??= owner;
        _ring.Enqueue(operation);
        _inFlight.Acquire(operation.Commands, operation.End - operation.Start);
    }

    // After the lock was left, a full fence: the watch thread sees what is in flight, or is seen to sleep. It holds its own lock when it
    // takes the connection's.
    private void Watch()
    {
        if (_isWatched && !ThreadWatchdog.IsAwake)
        {
            ThreadWatchdog.Wake();
        }
    }

    private bool IsTickLate() => _settings.Time.GetElapsedTime(Volatile.Read(ref _tickedAt)) > _late;

    private void Tick()
    {
        Volatile.Write(ref _tickedAt, _settings.Time.GetTimestamp());
        _settings.Starvation.LogIfStarved();
        if (_isWatched && _jitAllowance.TryExcuse(JitAwareTimeout.GetJitTime()))
        {
            return;
        }

        LivenessVerdict verdict;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _tick++;

            // One tick more than the timeout has: the tick in which an operation was queued was not a whole one.
            var due = _tick - _settings.TicksPerTimeout - 1;
            for (var i = 0; i < _ring.Count && _ring.At(i).ExpireIfQueuedBy(due, _settings); i++)
            {
                // Gives up the answer of one more.
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
            TryQueue([MetaCommand.NoOp()], hasTimeout: true, this, _settings.Metrics.GetTimestamp(), isRetry: true, out _);
        }
    }

    private void Close(ConnectionFailure failure, long firstUnanswered)
    {
        Operation[] waiting;
        lock (_gate)
        {
            _closed = true;
            _ring.RemoveUntil(firstUnanswered);
            waiting = new Operation[_ring.Count];
            for (var i = 0; i < waiting.Length; i++)
            {
                waiting[i] = _ring.At(i);
            }

            _ring.RemoveUntil(_ring.Head + waiting.Length);
            _inFlight.Close();
            _owner = null;
            _timer?.Dispose();
            _timer = null;
        }

        if (_isWatched)
        {
            ThreadWatchdog.Remove(this);
        }

        foreach (var operation in waiting)
        {
            operation.Fail(failure, outcomeUnknown: operation.Start < _flusher.SubmittedPosition);
        }
    }
}
