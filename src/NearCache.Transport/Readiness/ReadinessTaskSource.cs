using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using NearCache.Transport.Scheduling;

namespace NearCache.Transport.Readiness;

/// <summary>
/// A reusable awaitable for the readiness of a socket, one wait at a time. Its continuation runs in the <see cref="SerialWorkQueue"/> in
/// which the wait began, or else by the <see cref="WorkScheduler"/>.
/// </summary>
internal sealed class ReadinessTaskSource(
    SocketReadiness readiness, bool writes) : IReadinessCallback, IThreadPoolWorkItem, IValueTaskSource
{
    private ReusableTaskSourceCore _core;
    private SerialWorkQueue? _lane;

    /// <summary>Completes when the socket is ready or closed, or the token is canceled. The caller checks which one occurred.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        _core.Reset();
        _lane = SerialWorkQueue.Current;
        if (writes)
        {
            readiness.NotifyWhenWritable(this);
        }
        else
        {
            readiness.NotifyWhenReadable(this);
        }

        using (cancellationToken.UnsafeRegister(static signal => ((ReadinessTaskSource)signal!).Cancel(), this))
        {
            await new ValueTask(this, _core.Version).ConfigureAwait(false);
        }
    }

    void IReadinessCallback.OnReady() => QueueContinuation();

    void IThreadPoolWorkItem.Execute() => _core.SetCompleted();

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void QueueContinuation()
    {
        if (_lane is { } lane)
        {
            lane.Post(this);
        }
        else
        {
            WorkScheduler.Queue(this);
        }
    }

    private void Cancel()
    {
        if (readiness.TryUnregister(this))
        {
            QueueContinuation();
        }
    }
}
