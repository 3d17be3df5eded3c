using System.Net;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NearCache.Memcached;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests;

public sealed class ServerListTests
{
    // A busy machine is no dead server.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly string[] Keys = [.. Enumerable.Range(0, 60).Select(key => $"product:{key}")];

    [Fact]
    public async Task After_every_change_of_the_list_reads_are_answered_by_the_servers_that_own_the_keys_now()
    {
        await using var fleet = new Fakes(4);
        await using var cache = new NearCacheClient(Options(fleet.Addresses[..2]));
        await FillAsync(cache, "first");
        await Eventually.BecomesTrueAsync(async () => await NearAsync(cache) == Keys.Length, "all keys are near");
        using var stop = new CancellationTokenSource();
        var load = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await cache.GetManyAsync<string>(Keys);
                await Task.Yield();
            }
        });

        for (var round = 0; round < 20; round++)
        {
            // What stays put is near again by now, and stale if it were served after its key has moved.
            await Eventually.BecomesTrueAsync(async () => await NearAsync(cache) > 0 || load.IsFaulted, "keys are near");
            string[] next = [.. fleet.Addresses.Where((_, index) => index < 2 || index == 2 + (round % 3))];
            await using var truth = new MemcachedClient(new MemcachedOptions { Servers = [.. next], OperationTimeout = Patience });
            foreach (var key in Keys.Where((_, index) => index % 2 == round % 2))
            {
                // A writer that has the new list already, and that counts nothing: as if the keys' new servers had long had other values.
                if (fleet.Addresses.Skip(2).Contains(truth.ServerFor(Encoding.UTF8.GetBytes(key)).Name))
                {
                    await truth.SetAsync(key, Encoding.UTF8.GetBytes($"round {round}"), clientFlags: 0x4E430101);
                }
            }

            await cache.SetServersAsync(next);

            var found = await cache.GetManyAsync<string>(Keys);
            foreach (var key in Keys)
            {
                var bytes = await truth.GetAsync(key);
                Assert.Equal(bytes is null ? null : Encoding.UTF8.GetString(bytes), found[key].Value);
            }

            Assert.Equal(next, cache.Snapshot().Servers.Select(server => server.Name));
            await Eventually.BecomesTrueAsync(
                () => fleet.OpenConnectionsExcept(next) == 0, "connections to servers that are gone are closed");
        }

        await stop.CancelAsync();
        await load.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task New_names_are_resolved_if_every_address_is_a_server()
    {
        await using var fleet = new Fakes(2);
        var options = Options([$"one.test:{fleet[0].Port}"]);
        options.EveryAddressIsAServer = true;
        options.Memcached.Resolve = (name, _) => Task.FromResult(
            name == "both.test" ? new[] { IPAddress.Loopback, IPAddress.Parse("127.0.0.2") } : [IPAddress.Loopback]);
        await using var cache = new NearCacheClient(options);
        await Eventually.BecomesTrueAsync(() => Names(cache).SequenceEqual([fleet.Addresses[0]]), "the first name is resolved");

        await cache.SetServersAsync([$"two.test:{fleet[1].Port}"]);
        Assert.Equal([fleet.Addresses[1]], Names(cache));
        await FillAsync(cache, "second");
        await Eventually.BecomesTrueAsync(async () => await NearAsync(cache) == Keys.Length, "all keys are near");

        await Assert.ThrowsAsync<ArgumentException>(() => cache.SetServersAsync([]));
        Assert.Equal([fleet.Addresses[1]], Names(cache));

        await cache.SetServersAsync([$"both.test:{fleet[0].Port}", $"one.test:{fleet[0].Port}"]);
        Assert.Equal([fleet.Addresses[0], $"127.0.0.2:{fleet[0].Port}"], Names(cache));
    }

    [Fact]
    public async Task A_fill_that_began_before_a_change_is_not_kept_near()
    {
        await using var fleet = new Fakes(2);
        await using var cache = new NearCacheClient(Options(fleet.Addresses[..1]));
        await FillAsync(cache, "first");
        await Eventually.BecomesTrueAsync(async () => await NearAsync(cache) == Keys.Length, "all keys are near");
        await cache.SetAsync("product:0", "second");

        fleet[0].HoldReplies();
        var filling = cache.GetAsync<string>("product:0").AsTask();
        await Eventually.BecomesTrueAsync(
            () => fleet[0].Commands.Any(command => command.StartsWith("mg product:0 ", StringComparison.Ordinal)), "the read is there");
        var changing = cache.SetServersAsync(fleet.Addresses[1..]);
        fleet[0].ReleaseReplies();
        await changing.WaitAsync(TimeSpan.FromMinutes(1));
        await filling.WaitAsync(TimeSpan.FromMinutes(1));

        Assert.False((await cache.GetAsync<string>("product:0")).HasValue);
    }

    [Fact]
    public async Task A_server_whose_rules_could_not_be_read_is_forgotten_when_it_is_taken_off()
    {
        await using var fleet = new Fakes(2);
        await using (var vandal = new MemcachedClient(
            new MemcachedOptions { Servers = { fleet.Addresses[1] }, OperationTimeout = Patience }))
        {
            await vandal.SetAsync("~nc:1:default:rules", "ncrules 9 what is this"u8.ToArray());
        }

        await using var cache = new NearCacheClient(Options(fleet.Addresses));
        await Eventually.BecomesTrueAsync(
            () => fleet[1].Commands.Any(command => command.StartsWith("mg ~nc:1:default:rules", StringComparison.Ordinal)),
            "it was looked at");

        await cache.SetServersAsync(fleet.Addresses[..1]);
        await FillAsync(cache, "first");

        await Eventually.BecomesTrueAsync(async () => await NearAsync(cache) == Keys.Length, "all keys are near");
    }

    [Fact]
    public async Task A_list_with_mistakes_or_an_embedded_cache_cannot_be_changed()
    {
        await using var embedded = new NearCacheClient(new NearCacheOptions());
        await Assert.ThrowsAsync<NotSupportedException>(() => embedded.SetServersAsync(["a:1"]));

        await using var fleet = new Fakes(1);
        await using var cache = new NearCacheClient(Options(fleet.Addresses));
        await Assert.ThrowsAsync<ArgumentException>(() => cache.SetServersAsync([]));
        Assert.Equal(fleet.Addresses, cache.Snapshot().Servers.Select(server => server.Name));
    }

    [Fact]
    public async Task Configuration_that_is_loaded_again_changes_the_list_unless_it_has_mistakes()
    {
        await using var fleet = new Fakes(2);
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("NearCache:Memcached:Servers:0", fleet.Addresses[0])])
            .Build();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IHostEnvironment>(new Environment());
        services.AddNearCache(configuration.GetSection("NearCache"));
        await using var provider = services.BuildServiceProvider();
        var hosted = provider.GetServices<IHostedService>().ToArray();
        foreach (var service in hosted)
        {
            await service.StartAsync(CancellationToken.None);
        }

        var cache = provider.GetRequiredService<NearCacheClient>();
        configuration["NearCache:Memcached:Servers:1"] = "no:port:at:all";
        configuration.Reload();
        configuration["NearCache:Memcached:Servers:1"] = fleet.Addresses[1];
        configuration.Reload();

        await Eventually.BecomesTrueAsync(() => cache.Snapshot().Servers.Count == 2, "the new list is taken over");
        Assert.Equal(fleet.Addresses, cache.Snapshot().Servers.Select(server => server.Name));
        foreach (var service in hosted)
        {
            await service.StopAsync(CancellationToken.None);
        }

        configuration["NearCache:Memcached:Servers:1"] = "127.0.0.1:1";
        configuration.Reload();
        Assert.Equal(fleet.Addresses, cache.Snapshot().Servers.Select(server => server.Name));
    }

    private static NearCacheOptions Options(IEnumerable<string> servers)
    {
        var options = new NearCacheOptions
        {
            KeyPrefix = "",
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
            RuleLease = Patience / 10 + TimeSpan.FromMilliseconds(1),
            AuditInterval = TimeSpan.FromMilliseconds(100),
            Memcached = { OperationTimeout = Patience / 10 },
        };
        foreach (var server in servers)
        {
            options.Memcached.Servers.Add(server);
        }

        return options;
    }

    private static IEnumerable<string> Names(NearCacheClient cache) => cache.Snapshot().Servers.Select(server => server.Name);

    private static Task FillAsync(NearCacheClient cache, string value) =>
        cache.SetManyAsync(Keys.Select(key => KeyValuePair.Create(key, value)));

    private static async Task<int> NearAsync(NearCacheClient cache) =>
        (await cache.GetManyAsync<string>(Keys)).Values.Count(result => result.Source == CacheSource.Near);

    private sealed class Fakes(int count) : IAsyncDisposable
    {
        private readonly FakeMemcached[] _servers = [.. Enumerable.Range(0, count).Select(_ => FakeMemcached.Start())];

        public string[] Addresses => [.. _servers.Select(server => server.Address)];

        public FakeMemcached this[int index] => _servers[index];

        public int OpenConnectionsExcept(string[] addresses) =>
            _servers.Where(server => !addresses.Contains(server.Address)).Sum(server => server.OpenConnections);

        public async ValueTask DisposeAsync()
        {
            foreach (var server in _servers)
            {
                await server.DisposeAsync();
            }
        }
    }

    private sealed class Environment : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = "Development";

        public string ApplicationName { get; set; } = "tests";

        public string ContentRootPath { get; set; } = "";

        public Microsoft.Extensions.FileProviders.IFileProvider ContentRootFileProvider { get; set; } =
            new Microsoft.Extensions.FileProviders.NullFileProvider();
    }
}
