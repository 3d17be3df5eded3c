using NearCache.TestSupport;

namespace NearCache.Transport.Tests;

public sealed class JitAwareTimeoutTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ManualTime _time = new();
    private TimeSpan _getJitTime = TimeSpan.FromSeconds(100);

    [Fact]
    public void Without_compiling_it_is_the_limit()
    {
        using var limit = new JitAwareTimeout(Second, _time, () => _getJitTime);

        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(limit.HasElapsed);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(limit.HasElapsed);
        Assert.True(limit.Token.IsCancellationRequested);
    }

    [Fact]
    public void What_was_compiled_meanwhile_is_added()
    {
        using var limit = new JitAwareTimeout(Second, _time, () => _getJitTime);
        _getJitTime += TimeSpan.FromMilliseconds(600);

        _time.Advance(TimeSpan.FromMilliseconds(1599));
        Assert.False(limit.HasElapsed);
        _time.Advance(TimeSpan.FromMilliseconds(3));
        Assert.True(limit.HasElapsed);
    }

    [Fact]
    public void It_ends_after_twice_the_limit_however_much_is_compiled()
    {
        using var limit = new JitAwareTimeout(Second, _time, () => _getJitTime += Second * 10);

        _time.Advance(TimeSpan.FromMilliseconds(1999));
        Assert.False(limit.HasElapsed);
        _time.Advance(TimeSpan.FromMilliseconds(3));
        Assert.True(limit.HasElapsed);
    }

    [Fact]
    public void A_clock_of_another_kind_is_not_disturbed_by_what_is_compiled()
    {
        using var limit = new JitAwareTimeout(Second, _time);

        _time.Advance(Second);
        Assert.True(limit.HasElapsed);
    }
}
