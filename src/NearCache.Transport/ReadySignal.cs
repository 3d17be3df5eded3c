using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace NearCache.Transport;

/// <summary>Awaits a socket, again and again, one wait at a time; who waits goes on on the thread pool.</summary>
internal sealed class ReadySignal(Readiness readiness, bool writes) : IReadyListener, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

    /// <summary>Completes when the socket is ready or closed, or the token was cancelled: the caller finds out which.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        _core.Reset();
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

    void IReadyListener.Ready() => _core.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void GiveUp()
    {
        if (readiness.TryForget(this))
        {
            _core.SetResult(true);
        }
    }
}
