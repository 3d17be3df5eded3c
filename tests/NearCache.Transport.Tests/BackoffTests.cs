namespace NearCache.Transport.Tests;

public sealed class BackoffTests
{
    [Fact]
    public void It_doubles_up_to_the_cap_within_the_jitter()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), 0.2, new Random(1));
        double[] middles = [100, 200, 400, 800, 1600, 3200, 5000, 5000];

        foreach (var middle in middles)
        {
            Assert.InRange(backoff.Next().TotalMilliseconds, middle * 0.8, middle * 1.2);
        }
    }

    [Fact]
    public void After_a_success_it_starts_from_the_first_wait_again()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), 0, new Random(1));
        backoff.Next();
        backoff.Next();

        backoff.Reset();

        Assert.Equal(TimeSpan.FromMilliseconds(100), backoff.Next());
    }

    [Fact]
    public void Two_clients_do_not_return_at_one_instant()
    {
        var waits = Enumerable.Range(0, 100)
            .Select(seed => new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), 0.2, new Random(seed)).Next());

        Assert.True(waits.Distinct().Count() > 90);
    }

    // 500 clients that lost their servers at one instant, with the ZooKeeper client's waits; they return with the first attempt after the
    // outage.
    [Theory]
    [InlineData(0.5, 0.5, 200)]
    [InlineData(2, 0.5, 75)]
    [InlineData(30, 0.5, 75)]
    [InlineData(0.5, 0, 500)]
    public void After_an_outage_few_clients_return_within_the_same_100_milliseconds(double outageSeconds, double jitter, int most)
    {
        var returns = Enumerable.Range(0, 500).Select(seed =>
        {
            var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2), jitter, new Random(seed));
            var now = 0.0;
            while (now < outageSeconds)
            {
                now += backoff.Next().TotalSeconds;
            }

            return now;
        }).ToArray();

        var busiest = returns.Max(from => returns.Count(time => time >= from && time < from + 0.1));
        Assert.InRange(busiest, jitter == 0 ? most : 1, most);
    }
}
