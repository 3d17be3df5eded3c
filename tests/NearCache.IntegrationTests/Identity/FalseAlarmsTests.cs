using System.Globalization;
using NearCache.Memcached;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Identity;

/// <summary>
/// Restarts, evictions, flushes, partitions and process starts, on servers that are what their names say: no conflict is reported.
/// </summary>
/// <remarks>
/// Ten seconds, in which the caches' clocks run five times as fast; <c>NEARCACHE_SOAK</c> sets minutes, <c>NEARCACHE_SEED</c> the faults.
/// </remarks>
public sealed class FalseAlarmsTests(ITestOutputHelper output)
{
    private const int Faster = 5;
    private const int Processes = 4;

    // Far above what a fault takes on a busy machine.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Report = TimeSpan.FromMinutes(1);
    private static readonly string[] Names = ["restart", "flush", "eviction", "partition", "reset", "process start"];

    [Fact]
    public async Task No_conflict_is_reported_for_servers_that_only_fail()
    {
        var duration = Environment.GetEnvironmentVariable("NEARCACHE_SOAK") is { Length: > 0 } minutes
            ? TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture))
            : TimeSpan.FromSeconds(10);
        var seed = Environment.GetEnvironmentVariable("NEARCACHE_SEED") is { Length: > 0 } chosen
            ? int.Parse(chosen, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var time = new AcceleratedTime(Faster);
        using var log = new LogRecorder();

        // Two megabytes are a few pages: the flood below evicts counters and identities.
        var servers = await Task.WhenAll(
            MemcachedProcess.StartNewAsync(), MemcachedProcess.StartNewAsync("-m", "2"), MemcachedProcess.StartNewAsync("-m", "2"));
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        var proxies = servers.Select(server => FaultProxy.Start(server.Port)).ToArray();
        await using var direct = new MemcachedClient(new MemcachedOptions { Servers = [.. servers.Select(server => server.Address)] });
        var caches = Enumerable.Range(0, Processes).Select(_ => Make(proxies, zooKeeper, log, time)).ToArray();
        var isOver = false;
        var load = Task.WhenAll(Enumerable.Range(0, Processes).Select(process => LoadAsync(caches, process, () => isOver)));

        var seen = new SortedDictionary<string, int>();
        var started = TimeProvider.System.GetTimestamp();
        var reportAt = Report;
        try
        {
            while (TimeProvider.System.GetElapsedTime(started) < duration)
            {
                var victim = random.Next(servers.Length);
                var fault = random.Next(Names.Length);
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 1500)), TimeProvider.System);
                seen[Names[fault]] = seen.GetValueOrDefault(Names[fault]) + 1;
                var step = fault switch
                {
                    0 => Task.Run(() => RestartAsync(servers[victim], random.Next(1000))),
                    1 => TryAsync(() => direct.Servers[victim].FlushAllAsync()),
                    2 => TryAsync(() => FloodAsync(direct.Servers[victim], random)),
                    3 => PartitionAsync(proxies[victim], random.Next(1000)),
                    4 => Task.Run(proxies[victim].Cut),
                    _ => ReplaceAsync(caches, random.Next(Processes), () => Make(proxies, zooKeeper, log, time)),
                };
                await EndedAsync(step, $"{Names[fault]}, server {victim}, after {Summary(seen)}");
                if (TimeProvider.System.GetElapsedTime(started) is var elapsed && elapsed >= reportAt)
                {
                    reportAt = elapsed + Report;
                    output.WriteLine($"{elapsed.TotalMinutes:0} minutes: {Summary(seen)}; conflicts reported: {log.Of(1800).Length}");
                }
            }
        }
        catch
        {
            isOver = true;
            throw;
        }

        // What was done last is found out, too.
        await Task.Delay(TimeSpan.FromSeconds(30) / Faster, TimeProvider.System);
        isOver = true;
        await load;
        output.WriteLine(
            $"[FIGURE] {duration.TotalMinutes:0.#} minutes, faults: {Summary(seen)}; conflicts reported: {log.Of(1800).Length}");
        Assert.Empty(log.Of(1800));
        Assert.Empty(log.Of(1802));
        Assert.All(caches, cache => Assert.All(cache.Snapshot().Servers, server => Assert.Null(server.Conflict)));
        foreach (var cache in caches)
        {
            await cache.DisposeAsync();
        }

        foreach (var proxy in proxies)
        {
            await proxy.DisposeAsync();
        }

        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }
    }

    private static string Summary(SortedDictionary<string, int> faults) =>
        string.Join(", ", faults.Select(fault => $"{fault.Key} {fault.Value}"));

    // A fault that does not end fails the test with its name.
    private static async Task EndedAsync(Task fault, string what)
    {
        try
        {
            await fault.WaitAsync(Limit, TimeProvider.System);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"Not within {Limit.TotalSeconds:0} s: {what}", e);
        }
    }

    private static async Task RestartAsync(MemcachedProcess server, int milliseconds)
    {
        server.Kill();
        await Task.Delay(milliseconds, TestContext.Current.CancellationToken);
        await server.StartAsync();
    }

    private static async Task PartitionAsync(FaultProxy proxy, int milliseconds)
    {
        proxy.Hold();
        await Task.Delay(milliseconds, TestContext.Current.CancellationToken);
        proxy.Heal();
    }

    private static async Task ReplaceAsync(NearCacheClient[] caches, int process, Func<NearCacheClient> make)
    {
        var before = caches[process];
        caches[process] = make();
        await before.DisposeAsync();
    }

    private static async Task FloodAsync(MemcachedServer server, Random random)
    {
        var value = new byte[100_000];
        for (var i = 0; i < 60; i++)
        {
            // Also of the size of counters and identities, which have a slab of their own.
            var key = System.Text.Encoding.ASCII.GetBytes($"flood:{random.Next()}");
            await server.ExecuteAsync(Memcached.Protocol.MetaCommand.Set(key, value.AsMemory(0, random.Next(2) == 0 ? 100_000 : 30)));
        }

        var small = Enumerable.Range(0, 20_000)
            .Select(i => Memcached.Protocol.MetaCommand.Set(
                System.Text.Encoding.ASCII.GetBytes($"small:{random.Next()}:{i}"), value.AsMemory(0, 30)))
            .ToArray();
        await server.ExecuteAsync(small);
    }

    private static async Task LoadAsync(NearCacheClient[] caches, int process, Func<bool> isOver)
    {
        for (var i = 0; !isOver(); i++)
        {
            try
            {
                await caches[process].SetAsync($"product:{i % 50}", i);
                await caches[process].GetAsync<int>($"product:{(i * 7) % 50}");
            }
            catch (Exception e) when (e is NearCacheException or ObjectDisposedException)
            {
                // A server is away, or the process was just replaced.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    private static async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (MemcachedException)
        {
            // It was just restarted.
        }
    }

    private static NearCacheClient Make(FaultProxy[] servers, ZooKeeperProcess zooKeeper, LogRecorder log, TimeProvider time)
    {
        var options = new NearCacheOptions
        {
            Namespace = "calm",
            KeyPrefix = "",
            Memcached = { OperationTimeout = TimeSpan.FromSeconds(4), ConnectionsPerServer = 2 },
            ZooKeeper = { ConnectionString = zooKeeper.Address, SessionTimeout = TimeSpan.FromSeconds(60) },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        foreach (var server in servers)
        {
            options.Memcached.Servers.Add(server.Address);
        }

        return new NearCacheClient(options, log, timeProvider: time);
    }
}
