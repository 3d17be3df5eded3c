using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// Two namespaces in one process, as keyed services on one connection to a real memcached, both under load: large values in one do not
/// make calls of the other fail or wait, and neither reads the other's values.
/// </summary>
/// <remarks>3 s with both; half a minute with <c>NEARCACHE_FULL=1</c>.</remarks>
public sealed class TwoNamespacesTests(ITestOutputHelper output)
{
    private const int Workers = 16;
    private const int Keys = 200;

    [Fact]
    public async Task Two_namespaces_under_load_share_one_connection_and_nothing_else()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var proxy = FaultProxy.Start(memcached.Port);
        using var host = Build(proxy.Address);
        await host.StartAsync();
        var orders = new Load(host, "orders", valueLength: 100);
        var menus = new Load(host, "menus", valueLength: 20_000);
        foreach (var load in new[] { orders, menus })
        {
            await Eventually.BecomesTrueAsync(load.IsNearAsync, $"{load.Name} serves near");
        }

        var alone = await Load.RunAsync(TimeSpan.FromSeconds(1), orders);
        var both = await Load.RunAsync(TimeSpan.FromSeconds(TestScale.Of(3, 30)), orders, menus);
        Assert.Equal((1, 1), (proxy.Accepted, proxy.Connections));
        Assert.Equal((orders.Counted, menus.Counted), (await orders.VisitsAsync(), await menus.VisitsAsync()));
        Assert.True(orders.NearHits > 0 && menus.NearHits > 0, "Nothing was ever near.");

        // One cache ends while the other is in use: the connection stays open.
        var after = Load.RunAsync(TimeSpan.FromSeconds(1), orders);
        await menus.Cache.DisposeAsync();
        var last = await after;
        Assert.Equal((1, 1), (proxy.Accepted, proxy.Connections));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"[FIGURE] two namespaces on one connection, {Workers} workers each: orders (100 B) "
            + $"alone {alone[0]}; beside menus (20 kB) {both[0]}; menus {both[1]}; after menus has ended {last[0]}; "
            + $"{orders.NearHits} and {menus.NearHits} near hits, {proxy.Accepted} connection"));
        await host.StopAsync();
        await Eventually.BecomesTrueAsync(() => proxy.Connections == 0, "the connection is closed");
    }

    // A long timeout, so that a stall of the machine does not break the counted connection.
    private static IHost Build(string memcached)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Development });
        foreach (var name in new[] { "orders", "menus" })
        {
            builder.Services.AddNearCache(name, options =>
            {
                options.Namespace = name;
                options.ChurnBreaker = false;
                options.Memcached.Servers.Add(memcached);
                options.Memcached.OperationTimeout = TimeSpan.FromSeconds(4);
                options.Rules.Add(new RuleOptions { Name = "items", Match = "item:*" });
            });
        }

        return builder.Build();
    }

    /// <summary>The load of one namespace. Both namespaces have the same keys, and values that name the namespace.</summary>
    private sealed class Load(IHost host, string name, int valueLength)
    {
        private readonly string _padding = new('x', valueLength);
        private long _nearHits;
        private long _counted;
        private long _versions;

        public string Name => name;

        public NearCacheClient Cache { get; } = host.Services.GetRequiredKeyedService<NearCacheClient>(name);

        public long NearHits => Interlocked.Read(ref _nearHits);

        public long Counted => Interlocked.Read(ref _counted);

        /// <summary>Runs both loads for the given time.</summary>
        /// <returns>The durations of the calls of each.</returns>
        public static async Task<Percentiles[]> RunAsync(TimeSpan time, params Load[] loads)
        {
            var clock = Stopwatch.StartNew();
            return await Task.WhenAll(loads.Select(async load =>
            {
                var calls = await Task.WhenAll(
                    Enumerable.Range(0, Workers)
                        .Select(worker => Task.Run(() => load.WorkAsync(new Random(worker), () => clock.Elapsed < time))));
                return new Percentiles(calls.SelectMany(call => call));
            }));
        }

        public async Task<bool> IsNearAsync()
        {
            await Cache.GetOrCreateAsync("item:0", _ => ValueTask.FromResult(Value()));
            return (await Cache.GetAsync<string>("item:0")).Source == CacheSource.Near;
        }

        public Task<long> VisitsAsync() => Cache.IncrementAsync("visits", 0);

        private async Task<List<TimeSpan>> WorkAsync(Random random, Func<bool> goesOn)
        {
            var took = new List<TimeSpan>();
            while (goesOn())
            {
                var sent = Stopwatch.GetTimestamp();
                await CallAsync(random);
                took.Add(Stopwatch.GetElapsedTime(sent));
            }

            return took;
        }

        private async Task CallAsync(Random random)
        {
            var key = random.Next(Keys);
            switch (random.Next(100))
            {
                case < 60:
                    Check(await Cache.GetAsync<string>($"item:{key}"));
                    break;
                case < 75:
                    Check(await Cache.GetOrCreateResultAsync($"item:{key}", _ => ValueTask.FromResult(Value())));
                    break;
                case < 80:
                    foreach (var result in (await Cache.GetManyAsync<string>(Enumerable.Range(key, 20).Select(KeyOf))).Values)
                    {
                        Check(result);
                    }

                    break;
                case < 93:
                    await Cache.SetAsync(KeyOf(key), Value());
                    break;
                case < 96:
                    await Cache.RemoveAsync(KeyOf(key));
                    break;
                default:
                    await Cache.IncrementAsync("visits");
                    Interlocked.Increment(ref _counted);
                    break;
            }
        }

        private static string KeyOf(int key) => string.Create(CultureInfo.InvariantCulture, $"item:{key}");

        private string Value() => string.Create(CultureInfo.InvariantCulture, $"{name} {Interlocked.Increment(ref _versions)} {_padding}");

        private void Check(CacheResult<string> result)
        {
            if (result.Source == CacheSource.Near)
            {
                Interlocked.Increment(ref _nearHits);
            }

            if (result.HasValue
                && (
                    !result.Value!.StartsWith(name + " ", StringComparison.Ordinal)
                        || !result.Value.EndsWith(_padding, StringComparison.Ordinal)))
            {
                Assert.Fail($"{name} has read something else: {result.Value.AsSpan(0, Math.Min(30, result.Value.Length))}");
            }
        }
    }
}
