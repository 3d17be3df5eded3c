namespace NearCache.Memcached;

/// <summary>Tasks whose caller may give up the wait: what they throw afterwards is observed here, since nothing else awaits them.</summary>
internal static class AbandonedTasks
{
    /// <summary>
    /// As <see cref="Task{TResult}.WaitAsync(CancellationToken)"/>, without an unobserved exception when the task fails after the token was
    /// cancelled.
    /// </summary>
    public static Task<T> WaitOrAbandonAsync<T>(this Task<T> task, CancellationToken cancellationToken) =>
        task.IsCompleted || !cancellationToken.CanBeCanceled ? task : WaitAsync(task, cancellationToken);

    /// <summary>Nothing awaits the task any more.</summary>
    public static void Abandon(this Task task) => _ = task.ContinueWith(
        static ended =>
            ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

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
