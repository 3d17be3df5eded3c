using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>An operation with its request and reply types. Instances are pooled, so that a call allocates only what it returns.</summary>
internal sealed class PooledOperation<TRequest, TReply> : Operation, IValueTaskSource<TReply>, IValueTaskSource
    where TRequest : struct, IRequest<TReply>
{
    private const int MaxPooled = 4096;
    private static readonly ConcurrentQueue<PooledOperation<TRequest, TReply>> Pool = new();
    private static int Kept;

    private ManualResetValueTaskSourceCore<TReply> _source;
    private CancellationTokenRegistration _registration;
    private TRequest _request;
    private TReply _reply = default!;
    private Exception? _exception;
    private bool _isReusable;
    private int _references;
    private int _isConsumed;

    public override OperationCode Code => _request.Code;

    public override string? Path => _request.Path;

    public override bool IsWrite => TRequest.IsWrite;

    public static PooledOperation<TRequest, TReply> Rent(in TRequest request)
    {
        if (Pool.TryDequeue(out var operation))
        {
            Interlocked.Decrement(ref Kept);
        }
        else
        {
            operation = new PooledOperation<TRequest, TReply>();
        }

        operation._request = request;
        operation._isReusable = true;
        operation._references = 2;   // the queue and the caller
        operation._isConsumed = 0;
        operation.Reset();
        return operation;
    }

    /// <summary>Gets the task of the caller.</summary>
    public ValueTask<TReply> Reply => new(this, _source.Version);

    /// <summary>Gets the task of the caller for a request whose reply is empty.</summary>
    public ValueTask Completion => new(this, _source.Version);

    /// <summary>Makes a cancellation claim the operation. Called before the caller gets the task.</summary>
    public void RegisterCancellation(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(
                static (state, token) => ((Operation)state!).TryFail((_, _) => new OperationCanceledException(token)), this);
        }
    }

    public override void WriteTo(JuteWriter writer) => _request.WriteTo(writer);

    public override bool ReadReply(in ReplyHeader header, ref JuteReader reader, string server)
    {
        if (header.Error == ZooKeeperErrorCode.Ok)
        {
            try
            {
                _reply = _request.ReadReply(ref reader);
                return true;
            }
            catch (JuteFormatException e)
            {
                _exception = ExceptionFactory.ConnectionLost(Code, Path, server, IsWrite, e);
                throw;
            }
        }

        if (TRequest.AllowsNoNode && header.Error == ZooKeeperErrorCode.NoNode)
        {
            return true;
        }

        _exception = ExceptionFactory.ForErrorReply(header.Error, Code, Path, server, IsWrite);
        return false;
    }

    public override void SetException(Exception exception) => _exception = exception;

    public override void Execute()
    {
        if (_exception is not null)
        {
            if (FailedWithoutReply)
            {
                OnFailed?.Invoke(this, _exception);
            }

            _source.SetException(_exception);
        }
        else
        {
            _source.SetResult(_reply);
        }
    }

    public override void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0 && _isReusable && Volatile.Read(ref Kept) < MaxPooled)
        {
            Interlocked.Increment(ref Kept);
            _source.Reset();
            (_request, _reply, _exception, _registration, WatchUpdate, OnFailed) = (default, default!, null, default, null, null);
            Pool.Enqueue(this);
        }
    }

    TReply IValueTaskSource<TReply>.GetResult(short token)
    {
        CheckVersion(token);
        try
        {
            return _source.GetResult(token);
        }
        finally
        {
            ReleaseByCaller();
        }
    }

    void IValueTaskSource.GetResult(short token)
    {
        CheckVersion(token);
        try
        {
            _source.GetResult(token);
        }
        finally
        {
            ReleaseByCaller();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<TReply>.GetStatus(short token) => _source.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<TReply>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void CheckVersion(short token)
    {
        if (token != _source.Version)
        {
            throw new InvalidOperationException("The task has already been awaited. A ValueTask may be awaited only once.");
        }
    }

    private void ReleaseByCaller()
    {
        // A ValueTask that is awaited twice is misuse, but must not release an operation that another caller uses.
        if (Interlocked.Exchange(ref _isConsumed, 1) != 0)
        {
            return;
        }

        // A running cancellation callback still refers to this object, so it must not be pooled.
        if (_registration != default && !_registration.Unregister())
        {
            _isReusable = false;
        }

        Release();
    }
}
