using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.Tests.Registration;

/// <summary>Several caches in one container.</summary>
public sealed class NamedCachesTests
{
    [Fact]
    public async Task Each_name_is_a_cache_of_its_own_and_equal_servers_are_connected_to_once()
    {
        await using var memcached = FakeMemcached.Start();
        await using var zooKeeper = FakeZooKeeper.Start();
        using var host = Build(services =>
        {
            foreach (var name in new[] { "", "orders", "menus" })
            {
                services.AddNearCache(name, Section(memcached.Address, zooKeeper.ConnectionString, name.Length == 0 ? "main" : name));
            }
        });
        await host.StartAsync();
        var main = host.Services.GetRequiredService<INearCache>();
        var orders = host.Services.GetRequiredKeyedService<INearCache>("orders");
        var menus = host.Services.GetRequiredKeyedService<NearCacheClient>("menus");
        Assert.NotSame(main, orders);
        Assert.Same(menus, host.Services.GetRequiredKeyedService<INearCache>("menus"));

        foreach (var cache in new[] { main, orders, menus })
        {
            await Eventually.BecomesTrueAsync(async () => await SetsAsync(cache), "memcached is connected");
            await Eventually.BecomesTrueAsync(() => ((NearCacheClient)cache).Snapshot().ZooKeeper == "Connected", "ZooKeeper is connected");
        }

        Assert.Equal(1, memcached.AcceptedConnections);
        Assert.Equal(1, memcached.OpenConnections);
        Assert.Single(zooKeeper.Sessions);
        Assert.Equal(1, zooKeeper.Connections);
        await host.StopAsync();
        await Eventually.BecomesTrueAsync(() => memcached.OpenConnections == 0, "the connection is closed");
    }

    [Fact]
    public async Task Another_setting_of_the_servers_is_another_connection()
    {
        await using var memcached = FakeMemcached.Start();
        using var host = Build(services =>
        {
            services.AddNearCache("slow", Section(memcached.Address, "", "slow", ("Memcached:OperationTimeout", "00:00:03")));
            services.AddNearCache("quick", Section(memcached.Address, "", "quick", ("Memcached:OperationTimeout", "00:00:02")));
        });
        await host.StartAsync();
        foreach (var name in new[] { "slow", "quick" })
        {
            await Eventually.BecomesTrueAsync(
                async () => await SetsAsync(host.Services.GetRequiredKeyedService<INearCache>(name)), "memcached is connected");
        }

        Assert.Equal(2, memcached.OpenConnections);
        await host.StopAsync();
    }

    [Fact]
    public async Task One_cache_that_ends_leaves_the_connection_to_the_other()
    {
        await using var memcached = FakeMemcached.Start();
        using var host = Build(services =>
        {
            services.AddNearCache("one", Section(memcached.Address, "", "one"));
            services.AddNearCache("two", Section(memcached.Address, "", "two"));
        });
        await host.StartAsync();
        var two = host.Services.GetRequiredKeyedService<INearCache>("two");
        await Eventually.BecomesTrueAsync(async () => await SetsAsync(two), "memcached is connected");

        await host.Services.GetRequiredKeyedService<NearCacheClient>("one").DisposeAsync();

        Assert.True(await SetsAsync(two));
        await host.StopAsync();
    }

    [Fact]
    public async Task One_cache_that_ends_takes_its_member_back_and_leaves_the_session_to_the_other()
    {
        await using var memcached = FakeMemcached.Start();
        await using var zooKeeper = FakeZooKeeper.Start();
        using var host = Build(services =>
        {
            foreach (var name in new[] { "one", "two" })
            {
                services.AddNearCache(
                    name, Section(memcached.Address, zooKeeper.ConnectionString, name, ("ZooKeeper:SessionTimeout", "00:00:03")));
            }
        });
        await host.StartAsync();
        await Eventually.BecomesTrueAsync(() => Members("one").Any() && Members("two").Any(), "both are members");

        await host.Services.GetRequiredKeyedService<NearCacheClient>("one").DisposeAsync();

        Assert.Empty(Members("one"));
        Assert.NotEmpty(Members("two"));
        Assert.Single(zooKeeper.Sessions);
        await host.StopAsync();
        await Eventually.BecomesTrueAsync(() => zooKeeper.Sessions.Count == 0 && !Members("two").Any(), "the session is closed");

        IEnumerable<string> Members(string @namespace) =>
            zooKeeper.Paths().Where(path => path.StartsWith($"/nearcache/{@namespace}/members/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_list_of_servers_that_changes_for_one_cache_changes_for_no_other()
    {
        await using var old = FakeMemcached.Start();
        await using var other = FakeMemcached.Start();
        using var host = Build(services =>
        {
            services.AddNearCache("one", Section(old.Address, "", "one"));
            services.AddNearCache("two", Section(old.Address, "", "two"));
        });
        await host.StartAsync();
        var (one, two) = (
            host.Services.GetRequiredKeyedService<NearCacheClient>("one"), host.Services.GetRequiredKeyedService<NearCacheClient>("two"));
        await Eventually.BecomesTrueAsync(async () => await SetsAsync(one) && await SetsAsync(two), "memcached is connected");

        await one.SetServersAsync([other.Address]);
        await Eventually.BecomesTrueAsync(async () => await SetsAsync(one), "the other memcached is connected");
        Assert.True(await SetsAsync(two));
        Assert.Equal((old.Address, other.Address), (two.Snapshot().Servers[0].Name, one.Snapshot().Servers[0].Name));
        Assert.Equal((1, 1), (old.OpenConnections, other.OpenConnections));

        // Now both have the new list, and its connection.
        await two.SetServersAsync([other.Address]);
        Assert.True(await SetsAsync(two));
        await Eventually.BecomesTrueAsync(() => old.OpenConnections == 0, "no client is connected to the old one");
        Assert.Equal(1, other.OpenConnections);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_mistake_in_one_of_them_stops_the_host()
    {
        using var host = Build(services =>
        {
            services.AddNearCache("good", options => { });
            services.AddNearCache("bad", options => options.NearEntries = -1);
        });

        var e = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains("NearEntries is -1", Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cache_ends_when_every_other_service_has_stopped()
    {
        var last = new LastWords();
        using var host = Build(services =>
        {
            services.AddNearCache(_ => { });
            services.AddSingleton<IHostedService>(last);
        });
        await host.StartAsync();
        last.Cache = host.Services.GetRequiredService<INearCache>();

        await host.StopAsync();

        Assert.True(last.WasHeard);
    }

    [Fact]
    public async Task A_host_stops_in_its_time_also_when_ZooKeeper_and_memcached_answer_nothing()
    {
        await using var memcached = FakeMemcached.Start();
        await using var zooKeeper = FakeZooKeeper.Start();
        using var host = Build(services =>
        {
            services.AddNearCache(
                "one", Section(memcached.Address, zooKeeper.ConnectionString, "one", ("Rules:0:Name", "all"), ("Rules:0:Match", "key*")));
            services.AddNearCache("two", Section(memcached.Address, zooKeeper.ConnectionString, "two"));
        });
        await host.StartAsync();
        var cache = host.Services.GetRequiredKeyedService<NearCacheClient>("one");
        await Eventually.BecomesTrueAsync(
            async () => await SetsAsync(cache) && cache.Snapshot() is { ZooKeeper: "Connected", RulesRevision: > 0 }, "all are connected");

        // News of changes are to be sent, and a call is under way.
        zooKeeper.Freeze();
        for (var i = 0; i < 20; i++)
        {
            await cache.SetAsync($"key:{i}", "value");
        }

        memcached.HoldReplies();
        var hanging = cache.GetAsync<string>("key:1").AsTask();
        await host.StopAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(3));

        Assert.Equal(CacheSource.None, (await hanging).Source);
        memcached.ReleaseReplies();
        await Eventually.BecomesTrueAsync(() => memcached.OpenConnections == 0, "the connection is closed");
    }

    private static async Task<bool> SetsAsync(INearCache cache)
    {
        try
        {
            await cache.SetAsync("key", "value");
            return true;
        }
        catch (NearCacheException e) when (e.IsTransient)
        {
            return false;
        }
    }

    private static IHost Build(Action<IServiceCollection> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Development });
        add(builder.Services);
        return builder.Build();
    }

    // Patient: a machine that stands still for a second must not lose the connection that is counted.
    private static IConfiguration Section(string memcached, string zooKeeper, string @namespace, params (string Name, string Value)[] more)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Namespace"] = @namespace,
            ["Memcached:Servers:0"] = memcached,
            ["Memcached:OperationTimeout"] = "00:00:04",
            ["ZooKeeper:ConnectionString"] = zooKeeper,
        };
        foreach (var (name, value) in more)
        {
            settings[name] = value;
        }

        return new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
    }

    private sealed class LastWords : IHostedService
    {
        public INearCache? Cache { get; set; }

        public bool WasHeard { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            await Cache!.SetAsync("last", "words", cancellationToken: cancellationToken);
            WasHeard = (await Cache.GetAsync<string>("last", cancellationToken)).HasValue;
        }
    }
}
