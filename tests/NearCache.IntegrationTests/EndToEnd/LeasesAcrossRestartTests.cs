using System.Diagnostics;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// A restart of memcached leaves no fill lease behind: hot keys are created again at once, and no reader waits for the end of a lease.
/// </summary>
public sealed class LeasesAcrossRestartTests(ITestOutputHelper output)
{
    private const int Readers = 20;
    private const int Keys = 60;

    // Longer than any read of a busy machine that waits for no lease.
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("product")]
    [InlineData("basket")]
    public async Task Hot_keys_are_there_again_as_soon_as_memcached_is(string kind)
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var one = Make(memcached.Address);
        await using var other = Make(memcached.Address);
        using var stop = new CancellationTokenSource();
        var (longest, restarted, reads) = (0L, 0L, 0L);
        using var stalls = new StallMeter();
        var readers = Enumerable.Range(0, Readers)
            .Select(i => Task.Run(() => ReadAsync(i % 2 == 0 ? one : other, new Random(i))))
            .ToArray();
        await Eventually.BecomesTrueAsync(() => Volatile.Read(ref reads) > 20 * Keys, "the readers read");
        memcached.Kill();
        await memcached.StartAsync();
        Volatile.Write(ref restarted, Stopwatch.GetTimestamp());
        var before = Volatile.Read(ref reads);
        await Eventually.BecomesTrueAsync(
            async () =>
                Volatile.Read(ref reads) > before + (50 * Keys)
                    && (
                        await one.GetManyAsync<string>(
                            Enumerable.Range(0, Keys).Select(key => $"{kind}:{key}"))).Values.All(found => found.HasValue),
            "all keys are there again");
        await stop.CancelAsync();
        await Task.WhenAll(readers);

        var most = TimeSpan.FromMilliseconds(longest);
        output.WriteLine($"[FIGURE] longest read across a restart of memcached, {Readers} readers, {Keys} {kind} keys, factory 20 ms, "
            + $"with leases: {most.TotalMilliseconds:0} ms, of which the machine stood still for {stalls.Total.TotalMilliseconds:0} ms "
            + $"at most");
        Assert.True(most - stalls.Total < Lease / 2, $"A read took {most}: it waited for the end of a lease.");

        async Task ReadAsync(NearCacheClient cache, Random random)
        {
            while (!stop.IsCancellationRequested)
            {
                var began = Stopwatch.GetTimestamp();
                await cache.GetOrCreateAsync($"{kind}:{random.Next(Keys)}", static async token =>
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, token);
                    return "made";
                });
                Interlocked.Increment(ref reads);
                if (Volatile.Read(ref restarted) is not 0 and var since && began > since)
                {
                    InterlockedMax(ref longest, (long)Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                }
            }
        }
    }

    private static void InterlockedMax(ref long most, long value)
    {
        for (var seen = Volatile.Read(ref most); value > seen;)
        {
            var now = Interlocked.CompareExchange(ref most, value, seen);
            if (now == seen)
            {
                return;
            }

            seen = now;
        }
    }

    private static NearCacheClient Make(string memcached) => new(new NearCacheOptions
    {
        Namespace = "restart",
        FillLease = Lease,
        Memcached = { Servers = { memcached } },
        Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
    });
}
