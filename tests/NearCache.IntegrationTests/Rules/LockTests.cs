using NearCache.TestSupport;

namespace NearCache.IntegrationTests.Rules;

/// <summary>Locks on a real memcached, used concurrently.</summary>
public sealed class LockTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Many_that_want_one_lock_have_it_one_after_the_other_and_ZooKeeper_never_hears_of_it()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 2, servers: 2);
        await fleet.ServeNearAsync("product:1");
        await fleet.AreMembersAsync(2);
        var before = await fleet.ZooKeeper.LastZxidAsync();
        var (inside, most, highest, count) = (0, 0, 0L, 0);

        await Task.WhenAll(Enumerable.Range(0, 10).Select(async worker =>
        {
            for (var i = 0; i < 10; i++)
            {
                await using var held = await fleet.Caches[worker % 2].Locks.TryAcquireAsync(
                    "job", new LockOptions { Wait = TimeSpan.FromMinutes(10) });
                most = Math.Max(most, Interlocked.Increment(ref inside));
                Assert.True(held!.Fence > highest, "each holder has a higher number than the one before");
                highest = held.Fence;
                count++;
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
                Interlocked.Decrement(ref inside);
            }
        }));

        output.WriteLine(
            $"[FIGURE] 100 locks by 10 workers in 2 processes: {await fleet.ZooKeeper.LastZxidAsync() - before} ZooKeeper transactions");
        Assert.Equal((1, 100), (most, count));
        Assert.Equal(before, await fleet.ZooKeeper.LastZxidAsync());
        Assert.DoesNotContain(fleet.Caches, cache => cache.Snapshot().Rules.Any(rule => rule.Writes > 0 && rule.Name != "products"));
    }
}
