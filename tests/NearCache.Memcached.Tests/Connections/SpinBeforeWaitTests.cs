using NearCache.Memcached.Connections;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>How much is spent on looking for replies that are not there yet.</summary>
public sealed class SpinBeforeWaitTests
{
    private readonly SpinBeforeWait _spin = new(1_000_000);

    [Fact]
    public void It_lasts_forty_microseconds() => Assert.Equal(40, _spin.SpinTicks);

    [Fact]
    public void A_server_that_answers_at_once_is_looked_at_every_time() => Assert.Equal(1000, Looks(1000, hasArrived: true));

    [Fact]
    public void A_server_that_is_farther_away_costs_next_to_nothing() => Assert.InRange(Looks(100_000, hasArrived: false), 1, 110);

    [Fact]
    public void A_server_that_has_become_near_is_found_out()
    {
        Looks(100_000, hasArrived: false);

        Assert.InRange(Looks(10_000, hasArrived: true), 8_900, 10_000);
    }

    private int Looks(int replies, bool hasArrived)
    {
        var looks = 0;
        for (var i = 0; i < replies; i++)
        {
            if (_spin.ShouldSpin())
            {
                looks++;
                _spin.Record(hasArrived);
            }
        }

        return looks;
    }
}
