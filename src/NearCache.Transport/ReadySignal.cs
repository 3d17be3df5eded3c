using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace NearCache.Transport;

/// <summary>
/// Awaits a socket, again and again, one wait at a time; what waits goes on in the <see cref="SerialLane"/> where it began to wait, or else
/// by the <see cref="WorkScheduler"/>.
/// </summary>
internal sealed class ReadySignal(Readiness readiness, bool writes) : IReadyListener, IThreadPoolWorkItem, IValueTaskSource
{
    private WaitCore _core;
    private SerialLane? _lane;

    /// <summary>Completes when the socket is ready or closed, or the token was cancelled: the caller finds out which.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        _core.Reset();
        _lane = SerialLane.Current;
        if (writes)
        {
            readiness.WhenWritable(this);
        }
        else
        {
            readiness.WhenReadable(this);
        }

        using (cancellationToken.UnsafeRegister(static signal => ((ReadySignal)signal!).GiveUp(), this))
        {
            await new ValueTask(this, _core.Version).ConfigureAwait(false);
        }
    }

    void IReadyListener.Ready() => GoOn();

    void IThreadPoolWorkItem.Execute() => _core.SetEnded();

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void GoOn()
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

    private void GiveUp()
    {
        if (readiness.TryForget(this))
        {
            GoOn();
        }
    }
}
