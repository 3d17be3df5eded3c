using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;

namespace NearCache.Loops;

/// <summary>One loop of the cache that works in the background: whoever made it begins it, and ends it by disposing it.</summary>
/// <remarks>An exception that ends it is a defect, which is logged: none is lost, and none comes out of the disposal.</remarks>
/// <param name="logger">Is told of a defect.</param>
/// <param name="name">What the loop does, for the log.</param>
internal sealed class BackgroundLoop(ILogger logger, string name) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Cancelled when the loop is to end.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>
    /// Begins: the step is taken again and again until the loop is disposed, at first on this thread as far as its first wait.
    /// </summary>
    /// <param name="step">Its token is cancelled when the loop is to end.</param>
    public void Start(Func<CancellationToken, Task> step) => Run(async stopping =>
    {
        while (!stopping.IsCancellationRequested)
        {
            await step(stopping).ConfigureAwait(false);
        }
    });

    /// <summary>Begins work that loops by itself, and may end by itself: on this thread as far as its first wait.</summary>
    /// <param name="work">Its token is cancelled when it is to end.</param>
    /// <remarks>It has nothing of the caller's execution context: no log scope, no trace, no <see cref="AsyncLocal{T}"/>.</remarks>
    public void Run(Func<CancellationToken, Task> work) => _loop = BackgroundContext.Run(() => RunAsync(work));

    /// <summary>
    /// Whether a client of servers threw this since it is disposed (<c>MemcachedClient</c>, <c>ZooKeeperClient</c>): no defect of the loop
    /// that called it.
    /// </summary>
    public static bool IsCausedByDispose(ObjectDisposedException exception) => exception.ObjectName.EndsWith("Client", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task> work)
    {
        var stopping = _stopping.Token;
        try
        {
            await work(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped.
        }
        catch (ObjectDisposedException e) when (IsCausedByDispose(e))
        {
            // NearCacheClient.Dispose closes the connections first, and ends the loops behind that.
        }
        catch (Exception e)
        {
            logger.LoopFailed(e, name);
        }
    }
}
