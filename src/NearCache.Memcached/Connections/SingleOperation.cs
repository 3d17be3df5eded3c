using System.Buffers;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;
using NearCache.Memcached.Diagnostics;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>One command and its caller, who awaits one of its faces. Used again and again: see <see cref="OperationPool"/>.</summary>
/// <remarks>
/// Whoever moves <see cref="SingleOperationState"/> from waiting to ended completes it: the reader, the clock, the caller's token, or the end of the connection.
/// Where the caller goes on is the reader's to decide for replies, and the thread pool for all else. An operation that was given up is not used again, since the line still holds it.
/// </remarks>
internal sealed class SingleOperation : Operation, IThreadPoolWorkItem, IValueTaskSource<MetaResponse>, IValueTaskSource<byte[]?>, IValueTaskSource<bool>, IValueTaskSource<ulong?>
{
    private readonly SingleOperationState _state = new();
    private ManualResetValueTaskSourceCore<bool> _core;
    private CancellationTokenRegistration _registration;
    private CancellationToken _token;
    private MetaReply _reply;
    private byte[]? _value;
    private Exception? _exception;
    private MetaCommandKind _kind;
    private MetaFields _returned;
    private ConnectionSettings? _settings;
    private long _started;
    private bool _isUnanswered;

    /// <summary>Where the value shall be written, or null.</summary>
    public IBufferWriter<byte>? Writer { get; private set; }

    /// <summary>For the <see cref="OperationPool"/>.</summary>
    public SingleOperation? Next { get; set; }

    public override string Name => CommandNames.Of(_kind);

    /// <summary>To make a task of one of the faces.</summary>
    public short Version => _core.Version;

    /// <summary>Makes it ready for one command that was called for at an instant of <see cref="ServerMetrics.Now"/>.</summary>
    public void Begin(in MetaCommand command, IBufferWriter<byte>? writer, ConnectionSettings settings, long started, CancellationToken cancellationToken)
    {
        (_kind, _returned, Writer, _token) = (command.Kind, command.Return, writer, cancellationToken);
        (_settings, _started, _isUnanswered) = (settings, started, false);
        Commands = 1;
        _state.Start(holdsMemory: command.Value.Length >= SendQueue.LargeValueBytes);
    }

    /// <summary>From now on the token gives up the answer. Called once, by the caller, after it was queued and before it is awaited.</summary>
    public void CancelByToken()
    {
        if (_token.CanBeCanceled)
        {
            _registration = _token.UnsafeRegister(static operation => ((SingleOperation)operation!).GiveUp(), this);
        }
    }

    public override Acceptance Accept(in MetaReply reply, ReadOnlySpan<byte> value, long now)
    {
        if (!MetaRules.IsLegal(_kind, _returned, reply))
        {
            return Acceptance.Illegal;
        }

        if (_state.TryEnd())
        {
            _reply = reply;
            if (reply.Code == MetaReplyCode.Value)
            {
                Take(value);
            }

            Answered(reply.Code, now);
            return Acceptance.Ready;
        }

        return Acceptance.Finished;
    }

    public override LargeValue BeginLarge(in MetaReply reply)
    {
        if (!MetaRules.IsLegal(_kind, _returned, reply) || !_state.TryBeginDelivery())
        {
            return default;
        }

        return Writer is { } writer ? new LargeValue { Writer = writer } : new LargeValue { Array = GC.AllocateUninitializedArray<byte>(reply.Length) };
    }

    public override Acceptance AcceptLarge(in MetaReply reply, in LargeValue value, long now)
    {
        if (_state.TryEndDelivery())
        {
            (_reply, _value, _exception) = (reply, value.Array, value.WriterFailure);
            Answered(reply.Code, now);
            return Acceptance.Ready;
        }

        return MetaRules.IsLegal(_kind, _returned, reply) ? Acceptance.Finished : Acceptance.Illegal;
    }

    public override void Fail(ConnectionFailure failure, bool outcomeUnknown)
    {
        if (_state.TryEnd() || _state.TryEndDelivery())
        {
            Failed(failure.ToException(Name, outcomeUnknown));
        }
    }

    public override bool ExpireIfQueuedBy(int tick, ConnectionSettings settings)
    {
        // Read before the tick: if the operation was used again meanwhile, the state has moved on, and ending it fails.
        var seen = _state.Read();
        if (Tick - tick > 0)
        {
            return false;
        }

        if (_state.TryGiveUp(seen))
        {
            EndByTime(settings);
        }

        return true;
    }

    public override void ReleaseMemory(ConnectionSettings settings)
    {
        if (!_state.ReleaseMemory())
        {
            return;
        }

        if (_token.IsCancellationRequested)
        {
            Failed(new OperationCanceledException(_token));
        }
        else
        {
            EndByTime(settings);
        }
    }

    /// <summary>Ends it as its caller's, before it was queued.</summary>
    public void Discard()
    {
        _state.TryEnd();
        OperationPool.Return(this);
    }

    /// <summary>The caller goes on on this thread.</summary>
    public void CompleteHere() => _core.SetResult(true);

    /// <summary>The caller goes on on the thread pool.</summary>
    public void CompleteElsewhere() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);

    void IThreadPoolWorkItem.Execute()
    {
        if (_isUnanswered)
        {
            // Here, since who fails it may hold the connection's lock.
            _settings!.Metrics.Failed(CommandNames.NumberOf(_kind), 1, _started, ErrorTypes.Of(_exception!));
        }

        _core.SetResult(true);
    }

    ValueTaskSourceStatus IValueTaskSource<MetaResponse>.GetStatus(short token) => _core.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource<byte[]?>.GetStatus(short token) => _core.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource<ulong?>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<MetaResponse>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource<byte[]?>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource<ulong?>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <summary>The whole response; an error of the server's is in it.</summary>
    MetaResponse IValueTaskSource<MetaResponse>.GetResult(short token)
    {
        _core.GetResult(token);
        var (exception, response) = (_exception, _exception is null ? ResponseMaker.Make(_reply, _value, _kind) : default(MetaResponse?));
        Recycle();
        return response ?? Throw<MetaResponse>(exception!);
    }

    /// <summary>The value; null for none.</summary>
    byte[]? IValueTaskSource<byte[]?>.GetResult(short token)
    {
        var value = TakeResult(token, out var reply);
        return reply.Code == MetaReplyCode.Value ? value : null;
    }

    /// <summary>Whether it was done: stored, deleted, found.</summary>
    bool IValueTaskSource<bool>.GetResult(short token)
    {
        TakeResult(token, out var reply);
        return MetaRules.StatusOf(reply.Code) == MetaStatus.Ok;
    }

    /// <summary>The counter's value; null if there is no counter.</summary>
    ulong? IValueTaskSource<ulong?>.GetResult(short token)
    {
        var value = TakeResult(token, out var reply);
        return reply.Code == MetaReplyCode.Value ? ResponseMaker.Make(reply, value, MetaCommandKind.Arithmetic).Number : null;
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

    private void Take(ReadOnlySpan<byte> value)
    {
        if (Writer is null)
        {
            var array = GC.AllocateUninitializedArray<byte>(value.Length);
            value.CopyTo(array);
            _value = array;
            return;
        }

        try
        {
            Writer.Write(value);
        }
        catch (Exception e)
        {
            // The caller's own code: the caller hears it, and the connection is none the worse.
            _exception = e;
        }
    }

    private void GiveUp()
    {
        if (_state.TryGiveUp(_state.Read()))
        {
            Failed(new OperationCanceledException(_token));
        }
    }

    private void EndByTime(ConnectionSettings settings) => Failed(new MemcachedTimeoutException(
        settings.Server, Name, outcomeUnknown: true, nameof(MemcachedOptions.OperationTimeout), settings.Options.OperationTimeout));

    private void Answered(MetaReplyCode code, long now)
    {
        var (status, metrics, number) = (MetaRules.StatusOf(code), _settings!.Metrics, CommandNames.NumberOf(_kind));
        metrics.Answered(CommandNames.AnswerTo(_kind, status));
        if (status == MetaStatus.Error)
        {
            metrics.Took(number, _started, now, ErrorTypes.ServerError);
        }
        else
        {
            metrics.Took(number, _started, now);
        }
    }

    private void Failed(Exception exception)
    {
        (_exception, _isUnanswered) = (exception, true);
        CompleteElsewhere();
    }

    private void Recycle()
    {
        // A callback of the token's that runs now would find the next caller here.
        var isFree = _registration == default || _registration.Unregister();
        var wasGivenUp = _state.WasGivenUp;
        (_registration, _token, _reply, _value, _exception, Writer) = (default, default, default, null, null, null);
        if (isFree && !wasGivenUp)
        {
            _core.Reset();
            OperationPool.Return(this);
        }
    }
}
