using NearCache.Coherence.Ensemble.Core;

namespace NearCache.Tests.Coherence.Ensemble;

public sealed class FailurePauseTests
{
    private readonly FailurePause _pause = new(first: 1000, longest: 60_000, new Random(1));

    [Fact]
    public void A_pause_doubles_with_each_failure_up_to_the_longest_and_is_spread()
    {
        long[] expected = [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000];
        foreach (var middle in expected)
        {
            _pause.Failed(now: 5000);
            Assert.InRange(_pause.NotBefore - 5000, 0.8 * middle, 1.2 * middle);
        }

        Assert.Equal(expected.Length, _pause.Failures);
    }

    [Fact]
    public void However_many_failures_there_are_the_pause_is_one()
    {
        for (var i = 0; i < 5000; i++)
        {
            _pause.Failed(now: 0);
        }

        Assert.InRange(_pause.NotBefore, 48_000, 72_000);
    }

    [Fact]
    public void A_success_ends_the_pause_and_begins_the_count_anew()
    {
        _pause.Failed(0);
        _pause.Failed(0);
        _pause.Passed();
        Assert.Equal((0, 0L), (_pause.Failures, _pause.NotBefore));
        _pause.Failed(0);
        Assert.InRange(_pause.NotBefore, 800, 1200);
    }

    [Fact]
    public void A_pause_that_is_ended_goes_on_where_it_was_when_the_next_request_fails()
    {
        _pause.Failed(0);
        _pause.Failed(0);
        _pause.End();
        Assert.Equal((2, 0L), (_pause.Failures, _pause.NotBefore));
        _pause.Failed(0);
        Assert.InRange(_pause.NotBefore, 3200, 4800);
    }
}
