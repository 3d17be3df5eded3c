using NearCache.Near;
using NearCache.TestSupport;

namespace NearCache.Tests.Near;

public sealed class NearClockTests
{
    [Fact]
    public void With_the_system_time_the_coarse_clocks_agree_with_the_exact_ones()
    {
        var clock = new NearClock(TimeProvider.System);
        for (var i = 0; i < 1000; i++)
        {
            var (monotonicBefore, wallBefore) = (Environment.TickCount64, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
            var now = clock.Now();
            var (monotonicAfter, wallAfter) = (Environment.TickCount64, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());

            Assert.InRange(now.Monotonic, monotonicBefore, monotonicAfter);
            Assert.InRange(now.Wall, wallBefore - 100, wallAfter);   // a tick of the kernel is 1 to 10 ms
        }
    }

    [Fact]
    public void With_another_time_provider_both_clocks_are_its_own()
    {
        var time = new ManualTime();
        var clock = new NearClock(time);
        var before = clock.Now();

        time.Advance(TimeSpan.FromSeconds(3));
        time.JumpWallClock(TimeSpan.FromHours(1));

        Assert.Equal(3000, clock.Now().Monotonic - before.Monotonic);
        Assert.Equal(3_603_000, clock.Now().Wall - before.Wall);
        Assert.Equal(time.GetUtcNow().ToUnixTimeMilliseconds(), clock.Now().Wall);
    }
}
