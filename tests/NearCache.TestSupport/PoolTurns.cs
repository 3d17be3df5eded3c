namespace NearCache.TestSupport;

/// <summary>Real time for background work after a step of a <see cref="ManualTime"/>, as much as a busy machine needs.</summary>
public static class PoolTurns
{
    // Work in the background is short chains: a timer wakes a loop, which asks a server, whose reply wakes the loop again.
    private const int Turns = 5;

    /// <summary>
    /// Waits until the thread pool has begun all work that was queued before, and several times what that work has queued. Under load this
    /// takes longer, where a fixed time would let the clock run ahead of the work.
    /// </summary>
    public static async Task PassAsync()
    {
        for (var turn = 0; turn < Turns; turn++)
        {
            await Task.Run(static () => { }).ConfigureAwait(false);
        }

        await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System).ConfigureAwait(false);
    }
}
