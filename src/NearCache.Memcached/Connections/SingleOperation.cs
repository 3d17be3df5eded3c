using System.Buffers;
using System.Numerics;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;
using NearCache.Memcached.Diagnostics;
using NearCache.Memcached.Protocol;
using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>An operation of one command, and the task source that its caller awaits. Reused; see <see cref="OperationPool"/>.</summary>
/// <remarks>
/// The thread that changes <see cref="SingleOperationState"/> from waiting to ended completes the operation: the reader, the timer, the
/// caller's token, or the end of the connection. After a reply, the reader decides where the continuation runs; otherwise it runs by the
/// work scheduler. An abandoned operation is not reused, since the connection's ring still references it. Application code (the
/// continuation, the buffer writer, listeners to metrics) runs only where the continuation runs.
/// </remarks>
internal sealed class SingleOperation
    : Operation, IValueTaskSource<MetaResponse>, IValueTaskSource<byte[]?>, IValueTaskSource<bool>, IValueTaskSource<ulong?>
{
    // The maximum size of a value for a buffer writer that is kept in the operation's own memory; larger values use the shared pool.
    private const int MaxScratchBytes = 4096;
    private readonly SingleOperationState _state = new();
    private ReusableTaskSourceCore _core;
    private CancellationTokenRegistration _registration;
    private CancellationToken _token;
    private MetaReply _reply;
    private byte[]? _value;
    private byte[]? _scratch;
    private Exception? _exception;
    private IBufferWriter<byte>? _writer;
    private MetaCommandKind _kind;
    private LegalReplies _legal;
    private ConnectionSettings? _settings;
    private long _started;
    private long _endedAt;
    private bool _hasNoReply;

    /// <summary>Gets or sets the next operation in the <see cref="OperationPool"/>.</summary>
    public SingleOperation? Next { get; set; }

    public override string Name => CommandNames.Of(_kind);

    public override bool HasWaiter => !_state.IsAbandoned;

    /// <summary>Gets the token for a task of this use.</summary>
    public short Version => _core.Version;

    /// <summary>
    /// Prepares the operation for one command that was issued at a timestamp of <see cref="ServerMetrics.GetTimestamp"/>.
    /// </summary>
    public void Initialize(
        in MetaCommand command, IBufferWriter<byte>? writer, ConnectionSettings settings, long started, CancellationToken cancellationToken)
    {
        (_kind, _legal, _writer, _token) = (command.Kind, LegalReplies.For(command), writer, cancellationToken);
        (_settings, _started, _hasNoReply) = (settings, started, false);
        Commands = 1;
        _state.Start();
    }

    /// <summary>
    /// Lets the token cancel the wait for the reply. Called once, after the operation was queued and before it is awaited.
    /// </summary>
    public void CancelByToken()
    {
        if (_token.CanBeCanceled)
        {
            _registration = _token.UnsafeRegister(static operation => ((SingleOperation)operation!).Cancel(), this);
        }
    }

    public override bool Allows(in MetaReply reply) => _legal.Allows(reply);

    public override AcceptResult Accept(in MetaReply reply, ReadOnlySpan<byte> value, long now)
    {
        if (!_legal.AllowsValue(reply, value))
        {
            return AcceptResult.Illegal;
        }

        if (!_state.TryEnd())
        {
            return AcceptResult.Completed;
        }

        if (reply.Code == MetaReplyCode.Value)
        {
            _value = MemoryFor(value.Length);
            value.CopyTo(_value);
        }

        EndWithReply(reply, now);
        return AcceptResult.CompletedWithWaiter;
    }

    // An abandoned operation drops its value.
    public override LargeValueBuffer BeginLarge(int length) =>
        _state.IsAbandoned ? default : _writer is null ? LargeValueBuffer.Exact(length) : LargeValueBuffer.Rented(length);

    public override AcceptResult AcceptLarge(in MetaReply reply, in LargeValueBuffer value, long now)
    {
        if (!_state.TryEnd())
        {
            value.Release();
            return AcceptResult.Completed;
        }

        _value = value.Array;
        EndWithReply(reply, now);
        return AcceptResult.CompletedWithWaiter;
    }

    public override void Fail(ConnectionFailure failure, bool outcomeUnknown)
    {
        if (_state.TryEnd())
        {
            EndWithException(failure.ToException(Name, outcomeUnknown));
        }
    }

    public override bool ExpireIfQueuedBy(int tick, ConnectionSettings settings)
    {
        // Read the state before the tick: if the operation has been reused, the state has changed, and abandoning it fails.
        var seen = _state.Read();
        if (Tick - tick > 0)
        {
            return false;
        }

        if (_state.TryAbandon(seen))
        {
            EndWithTimeout(settings);
        }

        return true;
    }

    /// <summary>Ends an operation that was not queued.</summary>
    public void Discard()
    {
        _state.TryEnd();
        OperationPool.Return(this);
    }

    public override void Complete()
    {
        try
        {
            Measure();
        }
        finally
        {
            _core.SetCompleted();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<MetaResponse>.GetStatus(short token) => _core.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource<byte[]?>.GetStatus(short token) => _core.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource<ulong?>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<MetaResponse>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource<byte[]?>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource<ulong?>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <summary>Returns the complete response, including an error of the server.</summary>
    MetaResponse IValueTaskSource<MetaResponse>.GetResult(short token)
    {
        _core.GetResult(token);
        var (exception, response) = (
            _exception, _exception is null ? ResponseFactory.Create(_reply, _value, _kind) : default(MetaResponse?));
        Recycle();
        return response ?? Throw<MetaResponse>(exception!);
    }

    /// <summary>Returns the value, or null.</summary>
    byte[]? IValueTaskSource<byte[]?>.GetResult(short token)
    {
        var value = TakeResult(token, out var reply);
        return reply.Code == MetaReplyCode.Value ? value : null;
    }

    /// <summary>Returns whether the operation succeeded: stored, deleted, or found.</summary>
    bool IValueTaskSource<bool>.GetResult(short token)
    {
        if (_writer is not null)
        {
            WriteOut(token);
        }

        TakeResult(token, out var reply);
        return MetaRules.StatusOf(reply.Code) == MetaStatus.Ok;
    }

    /// <summary>Returns the counter's value, or null if there is no counter.</summary>
    ulong? IValueTaskSource<ulong?>.GetResult(short token)
    {
        var value = TakeResult(token, out var reply);
        return reply.Code == MetaReplyCode.Value ? ResponseFactory.Create(reply, value, MetaCommandKind.Arithmetic).Number : null;
    }

    private static T Throw<T>(Exception exception)
    {
        ExceptionDispatchInfo.Throw(exception);
        return default!;
    }

    private byte[]? TakeResult(short token, out MetaReply reply)
    {
        _core.GetResult(token);
        reply = _reply;
        var (exception, value, server, name) = (_exception, _value, _settings!.Server, _kind);
        Recycle();
        if (exception is not null)
        {
            Throw<bool>(exception);
        }

        if (reply.Error is { } error)
        {
            throw new MemcachedServerErrorException(server, CommandNames.Of(name), error);
        }

        return value;
    }

    /// <summary>Writes the value, if any, to the caller's writer, on the thread on which the continuation runs.</summary>
    private void WriteOut(short token)
    {
        _core.GetResult(token);
        if (_value is not { } value)
        {
            return;
        }

        // Evaluated before recycling, after which the memory belongs to the next caller.
        var isRented = !ReferenceEquals(value, _scratch);
        try
        {
            _writer!.Write(value.AsSpan(0, _reply.Length));
        }
        catch
        {
            Recycle();
            throw;
        }
        finally
        {
            if (isRented)
            {
                ArrayPool<byte>.Shared.Return(value);
            }
        }
    }

    private byte[] MemoryFor(int length)
    {
        if (_writer is null)
        {
            return GC.AllocateUninitializedArray<byte>(length);
        }

        if (length > MaxScratchBytes)
        {
            return ArrayPool<byte>.Shared.Rent(length);
        }

        if (_scratch is null || _scratch.Length < length)
        {
            _scratch = GC.AllocateUninitializedArray<byte>((int)Math.Max(256, BitOperations.RoundUpToPowerOf2((uint)length)));
        }

        return _scratch;
    }

    private void Cancel()
    {
        if (_state.TryAbandon(_state.Read()))
        {
            EndWithException(new OperationCanceledException(_token));
        }
    }

    private void EndWithTimeout(ConnectionSettings settings) => EndWithException(new MemcachedTimeoutException(
        settings.Server, Name, outcomeUnknown: true, nameof(MemcachedOptions.OperationTimeout), settings.Options.OperationTimeout));

    private void EndWithReply(in MetaReply reply, long now)
    {
        (_reply, _endedAt) = (reply, now);
        _settings!.Metrics.CountReply(CommandNames.OutcomeIndex(_kind, MetaRules.StatusOf(reply.Code)));
    }

    // Runs where the continuation runs, since listeners are application code.
    private void Measure()
    {
        var (metrics, number) = (_settings!.Metrics, CommandNames.IndexOf(_kind));
        if (_hasNoReply)
        {
            metrics.RecordFailure(number, 1, _started, ErrorTypes.Of(_exception!));
        }
        else if (_reply.Error is not null)
        {
            metrics.RecordDuration(number, _started, _endedAt, ErrorTypes.ServerError);
        }
        else
        {
            metrics.RecordDuration(number, _started, _endedAt);
        }
    }

    private void EndWithException(Exception exception)
    {
        (_exception, _hasNoReply) = (exception, true);
        QueueCompletion();
    }

    private void Recycle()
    {
        // A token callback that is running would find the next caller here.
        var isFree = _registration == default || _registration.Unregister();
        var wasGivenUp = _state.IsAbandoned;
        (_registration, _token, _reply, _value, _exception, _writer) = (default, default, default, null, null, null);
        if (isFree && !wasGivenUp)
        {
            _core.Reset();
            OperationPool.Return(this);
        }
    }
}
