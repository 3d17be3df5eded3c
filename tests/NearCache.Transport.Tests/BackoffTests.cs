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
        var waits = Enumerable.Range(0, 100).Select(seed => new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), 0.2, new Random(seed)).Next());

        Assert.True(waits.Distinct().Count() > 90);
    }
}
