using System.Diagnostics;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// A stampede: 200 callers in each of four caches on one real memcached request a missing key with a factory of 20 ms, which runs once.
/// </summary>
/// <remarks>10 rounds; 200 with <c>NEARCACHE_FULL=1</c>.</remarks>
public sealed class StampedeTests(ITestOutputHelper output)
{
    private const int Processes = 4;
    private const int Callers = 200;
    private static readonly TimeSpan Factory = TimeSpan.FromMilliseconds(20);

    [Theory]
    [InlineData("product")]
    [InlineData("basket")]
    public async Task One_factory_of_the_fleet_runs_for_all_concurrent_callers(string kind)
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        var caches = Enumerable.Range(0, Processes).Select(_ => Make(memcached.Address)).ToArray();

        // A value that is created during the first audit of a server is not stored there.
        await Eventually.BecomesTrueAsync(
            () => caches.All(cache => cache.Snapshot().Servers.All(server => server.IsServedNear)), "all have looked at memcached");
        await AskAllAsync(caches, $"{kind}:warm-up", new Runs());
        var waits = new List<TimeSpan>();
        for (var round = 0; round < TestScale.Of(10, 200); round++)
        {
            var runs = new Runs();
            waits.AddRange(await AskAllAsync(caches, $"{kind}:{round}", runs));
            Assert.Equal(1, runs.Count);
        }

        output.WriteLine($"[FIGURE] stampede of {Processes} caches with {Callers} callers each on a missing {kind}, factory "
            + $"{Factory.TotalMilliseconds} ms, run once: a caller waited {new Percentiles(waits)}");
        foreach (var cache in caches)
        {
            await cache.DisposeAsync();
        }
    }

    private static async Task<TimeSpan[]> AskAllAsync(NearCacheClient[] caches, string key, Runs runs)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var callers = caches.SelectMany(cache => Enumerable.Range(0, Callers).Select(_ => AskAsync(cache, key, runs, begun.Task)))
            .ToArray();
        begun.SetResult();
        return await Task.WhenAll(callers);
    }

    private static async Task<TimeSpan> AskAsync(NearCacheClient cache, string key, Runs runs, Task begun)
    {
        await begun;
        var asked = Stopwatch.StartNew();
        var value = await cache.GetOrCreateAsync(key, runs, static async (runs, token) =>
        {
            runs.Add();
            await Task.Delay(Factory, TimeProvider.System, token);
            return "made";
        });
        Assert.Equal("made", value);
        return asked.Elapsed;
    }

    // A long timeout, so that a machine that stalls for a second does not cause a second run of the factory.
    private static NearCacheClient Make(string memcached) => new(new NearCacheOptions
    {
        Namespace = "stampede",
        FillLease = TimeSpan.FromMinutes(1),
        RuleLease = TimeSpan.FromMinutes(1),
        Memcached = { Servers = { memcached }, OperationTimeout = TimeSpan.FromSeconds(30) },
        Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
    });

    private sealed class Runs
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Add() => Interlocked.Increment(ref _count);
    }
}
