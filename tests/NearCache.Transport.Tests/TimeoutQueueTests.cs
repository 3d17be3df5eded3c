using NearCache.TestSupport;
using NearCache.Transport.Scheduling;

namespace NearCache.Transport.Tests;

public sealed class TimeoutQueueTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(60);

    [Fact]
    public void On_a_clock_of_its_own_each_token_is_canceled_at_its_limit()
    {
        var time = new ManualTime();
        var queue = new TimeoutQueue(Limit, time);
        using var first = queue.Start();
        time.Advance(Limit / 2);
        using var second = queue.Start();
        var disposed = queue.Start();
        var token = disposed.Token;
        disposed.Dispose();

        time.Advance(Limit / 2);
        Assert.True(first.Token.IsCancellationRequested);
        Assert.False(second.Token.IsCancellationRequested);
        time.Advance(Limit / 2);
        Assert.True(second.Token.IsCancellationRequested);
        Assert.False(token.IsCancellationRequested);
    }

    [Fact]
    public async Task On_the_system_clock_every_token_is_canceled_after_its_limit_and_none_before()
    {
        var queue = new TimeoutQueue(Limit, TimeProvider.System);
        var waits = new List<Task<TimeSpan>>();
        for (var i = 0; i < 200; i++)
        {
            waits.Add(WaitAsync(queue));
            using var disposed = queue.Start();
            if (i % 20 == 0)
            {
                await Task.Yield();
            }
        }

        Assert.All(await Task.WhenAll(waits).WaitAsync(Enough), elapsed => Assert.True(elapsed >= Limit, $"{elapsed}"));

        // The queue is empty now, and is used again.
        Assert.True(await WaitAsync(queue).WaitAsync(Enough) >= Limit);
    }

    [Fact]
    public async Task A_disposed_token_is_not_canceled_and_does_not_delay_the_next()
    {
        var queue = new TimeoutQueue(Limit, TimeProvider.System);
        var disposed = queue.Start();
        var token = disposed.Token;
        var wait = WaitAsync(queue);
        disposed.Dispose();
        disposed.Dispose();

        await wait.WaitAsync(Enough);
        Assert.False(token.IsCancellationRequested);
    }

    private static async Task<TimeSpan> WaitAsync(TimeoutQueue queue)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var entry = queue.Start();
        var canceled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = entry.Token.Register(canceled.SetResult);
        await canceled.Task;
        return TimeProvider.System.GetElapsedTime(started);
    }
}
