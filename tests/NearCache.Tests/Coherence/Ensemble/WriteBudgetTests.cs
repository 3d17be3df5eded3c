using NearCache.Coherence.Ensemble.Core;

namespace NearCache.Tests.Coherence.Ensemble;

public sealed class WriteBudgetTests
{
    [Fact]
    public void Idle_the_first_attempt_leaves_at_once_and_the_next_waits()
    {
        var bucket = new WriteBudget(5, 1000) { Members = 1 };
        Assert.True(bucket.Has(10_000, false, out _));
        bucket.Take();
        Assert.False(bucket.Has(10_000, false, out var availableAt));
        Assert.Equal(10_200, availableAt);
        Assert.True(bucket.Has(availableAt, false, out _));
    }

    [Fact]
    public void A_long_rest_saves_up_no_more_than_one_attempt()
    {
        var bucket = new WriteBudget(5, 1000) { Members = 1 };
        Assert.True(bucket.Has(0, false, out _));
        Assert.True(bucket.Has(1_000_000, false, out _));
        bucket.Take();
        Assert.False(bucket.Has(1_000_000, false, out _));
    }

    [Fact]
    public void A_second_try_may_be_borrowed_and_is_paid_back()
    {
        var bucket = new WriteBudget(5, 1000) { Members = 1 };
        bucket.Has(0, false, out _);
        bucket.Take();
        Assert.True(bucket.Has(0, true, out _));
        bucket.Take();
        Assert.False(bucket.Has(0, true, out _));
        Assert.False(bucket.Has(0, false, out var availableAt));
        Assert.Equal(400, availableAt);
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(20, 4.5)]
    [InlineData(300, 0.3)]
    [InlineData(1000, 0.09)]
    public void The_rate_is_ones_own_or_a_share_of_the_namespaces(int members, double rate) =>
        Assert.Equal(rate, new WriteBudget(5, 100) { Members = members }.Rate, 5);

    [Fact]
    public void A_thousand_members_are_assumed_until_the_number_is_known() => Assert.Equal(0.09, new WriteBudget(5, 100).Rate, 5);

    [Fact]
    public void However_often_it_is_asked_no_more_leaves_than_the_rate_allows()
    {
        var bucket = new WriteBudget(5, 100) { Members = 30 };
        var left = 0;
        for (var now = 0; now < 100_000; now += 3)
        {
            if (bucket.Has(now, now % 2 == 0, out _))
            {
                bucket.Take();
                left++;
            }
        }

        Assert.InRange(left, 298, 302);
    }
}
