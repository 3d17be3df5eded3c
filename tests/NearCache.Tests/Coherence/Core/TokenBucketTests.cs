using NearCache.Coherence.Core;

namespace NearCache.Tests.Coherence.Core;

public sealed class TokenBucketTests
{
    [Theory]
    [InlineData(30, 1.0, 10)]
    [InlineData(3, 0.1, 60)]
    [InlineData(1, 0.01, 600)]
    public void No_more_is_let_through_than_was_saved_up_and_has_come_since(int most, double rate, int seconds)
    {
        var allowance = new TokenBucket(most) { Rate = rate };
        var let = 0;
        for (long now = 0; now <= seconds * 1000L;)
        {
            if (allowance.Wait(now) is > 0 and var wait)
            {
                now += wait;
                continue;
            }

            allowance.Take();
            let++;
        }

        Assert.Equal(most + (int)Math.Floor((rate * seconds) + 1e-6), let);
    }

    [Fact]
    public void What_is_saved_up_is_bounded_and_filling_makes_it_whole()
    {
        var allowance = new TokenBucket(2) { Rate = 1 };
        Assert.Equal(0, allowance.Wait(0));
        Assert.Equal(0, allowance.Wait(1_000_000));
        allowance.Take();
        allowance.Take();
        Assert.Equal(1000, allowance.Wait(1_000_000));
        allowance.Fill();
        Assert.Equal(0, allowance.Wait(1_000_000));
    }
}
