using NearCache.Memcached.Connections;

namespace NearCache.Memcached.Tests.Connections;

public sealed class JitAllowanceTests
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(125);

    [Fact]
    public void A_tick_that_went_into_compiling_does_not_count()
    {
        var credit = new JitAllowance(Period, 8);

        Assert.True(credit.TryExcuse(TimeSpan.FromMilliseconds(100)));
        Assert.False(credit.TryExcuse(TimeSpan.FromMilliseconds(110)));
        Assert.True(credit.TryExcuse(TimeSpan.FromMilliseconds(200)));
        Assert.False(credit.TryExcuse(TimeSpan.FromMilliseconds(200)));
    }

    // A process that compiles for ever must notice a server that hangs.
    [Fact]
    public void No_more_ticks_are_left_out_than_an_operation_timeout_has()
    {
        var credit = new JitAllowance(Period, 8);

        Assert.Equal(8, Enumerable.Range(1, 100).Count(tick => credit.TryExcuse(tick * Period)));
    }
}
