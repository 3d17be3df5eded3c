using NearCache.Transport.Scheduling;

namespace NearCache.Transport.Tests;

public sealed class StarvationDetectorTests
{
    private const long Second = 1000;
    private readonly StarvationDetector _detector = new(Second);

    [Fact]
    public void Items_that_wait_while_none_is_taken_are_a_starved_pool()
    {
        Assert.Equal(StarvationVerdict.None, Look(0, taken: 5, hasItems: true));
        Assert.Equal(StarvationVerdict.None, Look(2, taken: 5, hasItems: true));
        Assert.Equal(StarvationVerdict.None, Look(4, taken: 5, hasItems: true));
        Assert.Equal(StarvationVerdict.Begins, Look(6, taken: 5, hasItems: true));
    }

    [Fact]
    public void Neither_an_idle_pool_nor_one_that_goes_on_is_starved()
    {
        for (var look = 0; look < 100; look++)
        {
            Assert.Equal(StarvationVerdict.None, Look(look * 2, taken: look, hasItems: true));
        }

        for (var look = 100; look < 200; look++)
        {
            Assert.Equal(StarvationVerdict.None, Look(look * 2, taken: 99, hasItems: false));
        }
    }

    [Fact]
    public void Threads_that_are_stuck_as_well_are_joined_by_another()
    {
        Begin();

        Assert.Equal(StarvationVerdict.None, Look(8, taken: 5, hasItems: true, hasProbeRun: false));
        Assert.Equal(StarvationVerdict.None, Look(10, taken: 5, hasItems: true, hasProbeRun: false));
        Assert.Equal(StarvationVerdict.Stuck, Look(12, taken: 5, hasItems: true, hasProbeRun: false));
        Assert.Equal(StarvationVerdict.None, Look(14, taken: 6, hasItems: true, hasProbeRun: false));
    }

    [Fact]
    public void It_ends_with_a_probe_that_runs_at_once_and_is_long_when_none_does_for_half_a_second()
    {
        Begin();
        Assert.Equal(StarvationVerdict.None, Look(400, taken: 6, hasItems: false, hasProbeRun: false));
        Assert.Equal(0, _detector.LongStarvations);
        Look(600, taken: 6, hasItems: false, hasProbeRun: false);
        Look(900, taken: 6, hasItems: false, hasProbeRun: false);
        Assert.Equal(1, _detector.LongStarvations);

        Assert.Equal(StarvationVerdict.ProbeAgain, Look(1000, taken: 6, hasItems: false, hasProbeRun: true));
        Assert.Equal(StarvationVerdict.None, Look(1002, taken: 6, hasItems: false, hasProbeRun: false));
        Assert.Equal(StarvationVerdict.Ends, Look(1004, taken: 6, hasItems: false, hasProbeRun: true));
        Assert.Equal(StarvationVerdict.None, Look(1006, taken: 6, hasItems: false, hasProbeRun: true));
        Assert.Equal(1, _detector.LongStarvations);
    }

    private void Begin()
    {
        for (var look = 0; look < 4; look++)
        {
            Look(look * 2, taken: 5, hasItems: true);
        }
    }

    private StarvationVerdict Look(long now, long taken, bool hasItems, bool hasProbeRun = true) =>
        _detector.Observe(now, taken, hasItems, hasProbeRun);
}
