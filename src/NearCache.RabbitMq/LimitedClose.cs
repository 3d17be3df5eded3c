namespace NearCache.RabbitMq;

/// <summary>
/// Limits the time that the client library takes to close something: a write to a broker that does not read has no limit of its own.
/// </summary>
internal static class LimitedClose
{
    /// <summary>The time that closing may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>Closes something, and returns after <see cref="Limit"/> at the latest.</summary>
    /// <remarks>It may have ended already, so no failure counts.</remarks>
    public static async Task RunAsync(Func<CancellationToken, Task> close, TimeProvider time)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        var closing = close(limit.Token);
        await closing.WaitAsync(Limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Abandon(closing);
    }

    // Observes the exception of a task that no code awaits any more.
    private static void Abandon(Task task) => _ = task.ContinueWith(
        static ended => ended.Exception,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
