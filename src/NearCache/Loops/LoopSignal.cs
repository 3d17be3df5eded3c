namespace NearCache.Loops;

/// <summary>Lets a loop wait until a time or until it is signaled, whichever comes first.</summary>
internal sealed class LoopSignal(TimeProvider time)
{
    private TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends the current wait, or the next one at once.</summary>
    public void Set() => Volatile.Read(ref _called).TrySetResult();

    /// <summary>Waits for a number of milliseconds, or until it is signaled.</summary>
    public async Task WaitAsync(long milliseconds, CancellationToken cancellationToken)
    {
        var called = Volatile.Read(ref _called);
        if (milliseconds > 0)
        {
            await called.Task.WaitAsync(TimeSpan.FromMilliseconds(Math.Min(milliseconds, int.MaxValue)), time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (called.Task.IsCompleted)
        {
            Volatile.Write(ref _called, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
    }
}
