using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;

namespace NearCache.Loops;

/// <summary>A background loop of the cache. Its owner starts it, and disposes it to end it.</summary>
/// <remarks>An exception that ends the loop is a defect and is logged; disposal does not throw it.</remarks>
/// <param name="logger">Logs a failure of the loop.</param>
/// <param name="name">The purpose of the loop, for the log.</param>
internal sealed class BackgroundLoop(ILogger logger, string name) : IAsyncDisposable
{
    /// <summary>The object names in exceptions of a disposed cache and of its clients, which this folder does not depend on.</summary>
    internal static readonly IReadOnlySet<string> DisposedClients = new HashSet<string>
    {
        nameof(NearCacheClient),
        "MemcachedClient",
        "ZooKeeperClient",
    };

    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Gets a token that is cancelled when the loop must end.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Starts the loop: runs the step repeatedly until the loop is disposed. Runs on this thread up to the first wait.</summary>
    /// <param name="step">Receives a token that is cancelled when the loop must end.</param>
    public void Start(Func<CancellationToken, Task> step) => Run(async stopping =>
    {
        while (!stopping.IsCancellationRequested)
        {
            await step(stopping).ConfigureAwait(false);
        }
    });

    /// <summary>Starts work that loops by itself, and may end by itself. Runs on this thread up to the first wait.</summary>
    /// <param name="work">Receives a token that is cancelled when the work must end.</param>
    /// <remarks>The work has nothing of the caller's execution context: no log scope, no trace, no <see cref="AsyncLocal{T}"/>.</remarks>
    public void Run(Func<CancellationToken, Task> work) => _loop = BackgroundContext.Run(() => RunAsync(work));

    /// <summary>
    /// Returns whether an exception only reports that the cache or one of its clients is disposed, which is not a defect of the loop.
    /// </summary>
    public static bool IsCausedByDispose(ObjectDisposedException exception) =>
        DisposedClients.Contains(exception.ObjectName[(exception.ObjectName.LastIndexOf('.') + 1)..]);

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
            // Disposed.
        }
        catch (ObjectDisposedException e) when (IsCausedByDispose(e))
        {
            // NearCacheClient.Dispose closes the connections before it ends the loops.
        }
        catch (Exception e)
        {
            logger.LoopFailed(e, name);
        }
    }
}
