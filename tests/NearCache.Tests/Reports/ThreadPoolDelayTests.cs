using NearCache.Reports;
using NearCache.Reports.Core;
using NearCache.TestSupport;

namespace NearCache.Tests.Reports;

/// <summary>The delay of the thread pool in a report.</summary>
[Collection(nameof(ThreadPoolDelayTests))]
[CollectionDefinition(nameof(ThreadPoolDelayTests), DisableParallelization = true)]
public sealed class ThreadPoolDelayTests
{
    private const long Start = 1_000_000;

    private readonly ThreadPoolDelay _delay = new();

    [Fact]
    public void Without_work_there_is_no_delay() => Assert.Equal(0, _delay.Longest(Start));

    [Fact]
    public void The_longest_delay_of_the_window_counts()
    {
        Measure(Start, delay: 300);
        Measure(Start + 400, delay: 70);
        Measure(Start + 5_000, delay: 120);
        Assert.Equal(300, _delay.Longest(Start + 6_000));
        Assert.Equal(120, _delay.Longest(Start + ThreadPoolDelay.Window + 1_000));
        Assert.Equal(0, _delay.Longest(Start + (2 * ThreadPoolDelay.Window)));
    }

    [Fact]
    public void Work_that_still_waits_counts_for_as_long_as_it_waits()
    {
        Assert.True(_delay.TryQueue(Start));
        Assert.Equal(4_000, _delay.Longest(Start + 4_000));
        Assert.Equal(60_000, _delay.Longest(Start + 60_000));
        _delay.Ran(Start + 60_500);
        Assert.Equal(60_500, _delay.Longest(Start + 60_500));
        Assert.Equal(0, _delay.Longest(Start + 60_500 + ThreadPoolDelay.Window));
    }

    [Fact]
    public void A_starved_pool_gets_no_second_work_item()
    {
        Assert.True(_delay.TryQueue(Start));
        Assert.False(_delay.TryQueue(Start + 250));
        _delay.Ran(Start + 300);
        Assert.True(_delay.TryQueue(Start + 500));
    }

    [Fact]
    public void A_process_measures_that_its_pool_is_starved()
    {
        var ticks = 0;
        ReportThread.Add(Tick);
        try
        {
            StarvedThreadPool.Run(() =>
            {
                // The thread itself goes on, and what it queued waits until the pool has threads again.
                var before = Volatile.Read(ref ticks);
                Assert.True(
                    SpinWait.SpinUntil(() => ReportThread.LongestDelay >= TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)),
                    $"The measured delay is {ReportThread.LongestDelay}.");
                Assert.NotEqual(before, Volatile.Read(ref ticks));
            });
        }
        finally
        {
            ReportThread.Remove(Tick);
        }

        void Tick() => Interlocked.Increment(ref ticks);
    }

    private void Measure(long at, long delay)
    {
        Assert.True(_delay.TryQueue(at));
        _delay.Ran(at + delay);
    }
}
