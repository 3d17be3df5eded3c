namespace NearCache.Memcached;

/// <summary>
/// Extensions for tasks that a caller may stop awaiting: their later exceptions are observed here, since no other code awaits them.
/// </summary>
internal static class AbandonedTasks
{
    /// <summary>
    /// Returns a task as <see cref="Task{TResult}.WaitAsync(CancellationToken)"/> does, without an unobserved exception when the original
    /// task fails after the token was canceled.
    /// </summary>
    public static Task<T> WaitOrAbandonAsync<T>(this Task<T> task, CancellationToken cancellationToken) =>
        task.IsCompleted || !cancellationToken.CanBeCanceled ? task : WaitAsync(task, cancellationToken);

    /// <summary>Observes the exception of a task that no code awaits any more.</summary>
    public static void Abandon(this Task task) => _ = task.ContinueWith(
        static ended => ended.Exception,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    private static async Task<T> WaitAsync<T>(Task<T> task, CancellationToken cancellationToken)
    {
        try
        {
            return await task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            task.Abandon();
            throw;
        }
    }
}
