using System.Globalization;
using System.Text;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.Tests.Observing;

/// <summary>A namespace on fake servers, with processes, for clients that observe it.</summary>
internal sealed class FleetOfTests : IAsyncDisposable
{
    public static readonly EditReason Reason = new() { Who = "Alice", Why = "a test" };

    private readonly List<NearCacheClient> _processes = [];

    // Their clock stands still, so that nothing expires.
    public FakeMemcached[] Memcached { get; } = [FakeMemcached.Start(new ManualTime()), FakeMemcached.Start(new ManualTime())];

    public FakeZooKeeper ZooKeeper { get; } = FakeZooKeeper.Start();

    /// <summary>How the processes report keys.</summary>
    public KeyVisibility Keys { get; init; }

    /// <summary>The clock of the processes, if it is accelerated. What they wait for from servers takes the real time.</summary>
    public AcceleratedTime? Time { get; init; }

    public NearCacheOptions Options(bool hasZooKeeper = true)
    {
        var options = new NearCacheOptions
        {
            Namespace = "shop",
            RuleLease = TimeSpan.FromSeconds(1.5),
            AuditInterval = TimeSpan.FromMilliseconds(200),
            Reports = { Keys = Keys, Interval = TimeSpan.FromSeconds(1) },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" }, new RuleOptions { Name = "site", Match = "site" } },
        };
        Array.ForEach(Memcached, server => options.Memcached.Servers.Add(server.Address));
        options.ZooKeeper.ConnectionString = hasZooKeeper ? ZooKeeper.ConnectionString : "";
        options.ZooKeeper.SessionTimeout = TimeSpan.FromSeconds(2);
        if (Time is not null)
        {
            options.ZooKeeper.SessionTimeout = TimeSpan.FromMinutes(10);
            options.ZooKeeper.RequestTimeout = TimeSpan.FromMinutes(5);
            options.Memcached.OperationTimeout = options.Memcached.ConnectTimeout = TimeSpan.FromSeconds(20);
            options.RuleLease = TimeSpan.FromSeconds(30);
            options.MaxStaleness = TimeSpan.FromMinutes(1);
            options.AuditInterval = TimeSpan.FromSeconds(2);
        }

        return options;
    }

    /// <summary>Starts a process, and waits until it serves a key near.</summary>
    public async Task<NearCacheClient> StartAsync(bool hasZooKeeper = true)
    {
        var process = new NearCacheClient(Options(hasZooKeeper), timeProvider: Time);
        _processes.Add(process);
        await IsNearAsync(process, "product:1");
        return process;
    }

    /// <summary>Starts a process that leaves a namespace behind, with rules, counters and a member.</summary>
    public async Task LeaveNamespaceAsync(bool hasZooKeeper = true)
    {
        var process = await StartAsync(hasZooKeeper);
        if (hasZooKeeper)
        {
            await Eventually.BecomesTrueAsync(
                () => ZooKeeper.Paths().Any(path => path.StartsWith("/nearcache/shop/members/", StringComparison.Ordinal)),
                "it is a member");
        }

        _processes.Remove(process);
        await process.DisposeAsync();
    }

    public static async Task IsNearAsync(NearCacheClient process, string key) => await Eventually.BecomesTrueAsync(
        async () =>
        {
            await process.GetOrCreateAsync(key, _ => ValueTask.FromResult("value"));
            return (await process.GetAsync<string>(key)).Source == CacheSource.Near;
        },
        $"{key} is near");

    public static async Task IsNotNearAsync(NearCacheClient process, string key) => await Eventually.BecomesTrueAsync(
        async () =>
        {
            await process.GetOrCreateAsync(key, _ => ValueTask.FromResult("value"));
            return (await process.GetAsync<string>(key)).Source != CacheSource.Near;
        },
        $"{key} is not near");

    public Task<FleetClient> ConnectAsync(Action<FleetClientOptions>? configure = null, bool hasZooKeeper = true, TimeProvider? time = null)
    {
        // What is alive may be slow on a busy machine. What is dead fails by the clients' own limits.
        var fleet = new FleetClientOptions { ObeyTimeout = TimeSpan.Zero, Timeout = TimeSpan.FromMinutes(1) };
        configure?.Invoke(fleet);
        var options = Options(hasZooKeeper);
        options.ZooKeeper.RequestTimeout = TimeSpan.FromSeconds(3);
        options.Memcached.OperationTimeout = TimeSpan.FromSeconds(20);
        options.Memcached.ConnectTimeout = TimeSpan.FromSeconds(20);
        options.RuleLease = TimeSpan.FromSeconds(30);
        if (time is not null)
        {
            // A manual clock jumps, which a session and a connection must outlive.
            options.ZooKeeper.SessionTimeout = TimeSpan.FromHours(2);
            options.Memcached.KeepAlive = TimeSpan.FromHours(2);
        }

        return FleetClient.ConnectAsync(options, fleet, null, time, TestContext.Current.CancellationToken);
    }

    /// <summary>Everything that the servers hold, as text.</summary>
    public string Content()
    {
        var text = new StringBuilder();
        foreach (var (server, index) in Memcached.Select((server, index) => (server, index)))
        {
            foreach (var (key, item) in server.Items.OrderBy(item => item.Key, StringComparer.Ordinal))
            {
                var value = Convert.ToHexString(item.Value);
                text.AppendLine(CultureInfo.InvariantCulture, $"{index} {key} {item.ClientFlags} {item.Cas} {value}");
            }
        }

        foreach (var path in ZooKeeper.Paths().Order(StringComparer.Ordinal))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{path} {Convert.ToHexString(ZooKeeper.GetData(path) ?? [])}");
        }

        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));
        foreach (var server in Memcached)
        {
            await server.DisposeAsync();
        }

        await ZooKeeper.DisposeAsync();
    }
}
