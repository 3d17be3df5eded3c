using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.Cli.Tests;

/// <summary>A namespace on fake servers, for runs of the tool.</summary>
internal sealed class FleetOnFakes : IAsyncDisposable
{
    private readonly List<NearCacheClient> _processes = [];

    // Their clock stands still, so that nothing expires.
    public FakeMemcached[] Memcached { get; } = [FakeMemcached.Start(new ManualTime()), FakeMemcached.Start(new ManualTime())];

    public FakeZooKeeper ZooKeeper { get; } = FakeZooKeeper.Start();

    /// <summary>The options of the tool that name this fleet.</summary>
    public string[] Names =>
    [
        "--namespace", "shop", "--memcached", string.Join(',', Memcached.Select(server => server.Address)), "--zookeeper",
        ZooKeeper.ConnectionString, "--timeout", "30",
    ];

    /// <summary>Starts a process, and waits until it is a member and its rules are on the servers.</summary>
    public async Task<NearCacheClient> StartAsync(bool hasZooKeeper = true)
    {
        var options = new NearCacheOptions
        {
            Namespace = "shop",
            RuleLease = TimeSpan.FromSeconds(1.5),
            AuditInterval = TimeSpan.FromMilliseconds(200),
            Reports = { Interval = TimeSpan.FromSeconds(1) },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" }, new RuleOptions { Name = "site", Match = "site" } },
        };
        Array.ForEach(Memcached, server => options.Memcached.Servers.Add(server.Address));
        options.ZooKeeper.ConnectionString = hasZooKeeper ? ZooKeeper.ConnectionString : "";
        options.ZooKeeper.SessionTimeout = TimeSpan.FromSeconds(2);
        var process = new NearCacheClient(options);
        _processes.Add(process);
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await process.GetOrCreateAsync("product:1", _ => ValueTask.FromResult("value"));
                return (await process.GetAsync<string>("product:1")).Source == CacheSource.Near;
            },
            "product:1 is near");
        if (hasZooKeeper)
        {
            await Eventually.BecomesTrueAsync(() => process.Snapshot().Coordination!.IsMember, "the process is a member");
        }

        return process;
    }

    /// <summary>Runs the tool against this fleet.</summary>
    public Task<ToolRun> RunAsync(params string[] arguments) => RunAsync(new Machine(), arguments);

    /// <summary>Runs the tool against this fleet on a machine.</summary>
    public Task<ToolRun> RunAsync(Machine machine, params string[] arguments) => ToolRun.OfAsync(machine, [.. arguments, .. Names]);

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
