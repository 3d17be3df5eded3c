using NearCache.Observing;

namespace NearCache.Tests.Observing;

public sealed class TransactionRateTests
{
    private const long Epoch = 5L << 32;

    [Fact]
    public void The_rate_is_that_between_two_readings_at_least_a_second_apart()
    {
        var rate = new TransactionRate();
        Assert.False(rate.Read(Epoch + 10, 0).IsKnown);
        Assert.False(rate.Read(Epoch + 20, 500).IsKnown);
        Assert.Equal(20, rate.Read(Epoch + 50, 2_000).Value);

        // A reading too soon keeps the last rate, and the next one covers the whole time.
        Assert.Equal(20, rate.Read(Epoch + 50, 2_100).Value);
        Assert.Equal(0, rate.Read(Epoch + 50, 4_000).Value);
    }

    [Fact]
    public void An_election_and_a_server_that_is_behind_make_it_unknown_until_the_next_reading()
    {
        var rate = new TransactionRate();
        rate.Read(Epoch + 10, 0);
        Assert.Contains("elected", rate.Read((6L << 32) + 3, 2_000).Unknown, StringComparison.Ordinal);
        Assert.Equal(1, rate.Read((6L << 32) + 5, 4_000).Value);
        Assert.Contains("behind", rate.Read((6L << 32) + 4, 6_000).Unknown, StringComparison.Ordinal);
    }
}
