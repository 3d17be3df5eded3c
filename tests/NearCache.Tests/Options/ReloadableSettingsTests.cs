using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.Tests.Options;

public sealed class ReloadableSettingsTests
{
    [Fact]
    public void Every_setting_can_change_or_is_said_to_wait()
    {
        var settings = typeof(NearCacheOptions)
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(property => property.Name);

        Assert.Equal(settings.Order(), ReloadableSettings.All.Select(setting => setting.Name).Order());
    }

    [Fact]
    public void What_can_change_is_taken_over_and_the_rest_is_named()
    {
        var now = new NearCacheOptions();
        var next = new NearCacheOptions
        {
            ItemLifetime = TimeSpan.FromMinutes(2),
            FactoryTimeout = TimeSpan.FromSeconds(3),
            Namespace = "other",
        };
        next.Memcached.Servers.Add("a:1");
        next.Memcached.MaxValueBytes = 1;

        var (taken, waiting) = ReloadableSettings.Take(now, next);

        Assert.Equal(["ItemLifetime", "FactoryTimeout"], taken);
        Assert.Equal(["Namespace", "Memcached"], waiting);
        Assert.Equal((TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(3), "default"), (now.ItemLifetime, now.FactoryTimeout, now.Namespace));
        Assert.Equal([], ReloadableSettings.Take(next, next).Taken);
    }

    [Fact]
    public async Task A_change_of_the_configuration_counts_at_once_and_one_with_a_mistake_does_not()
    {
        var settings = new Settings { ["NearCache:ItemLifetime"] = "00:10:00", ["NearCache:MaxConcurrentFactories"] = "1" };
        var log = new LogRecorder(LogLevel.Trace);
        using var host = await StartAsync(settings, log);
        var cache = host.Services.GetRequiredService<INearCache>();
        var held = new TaskCompletionSource<string>();
        var first = cache.GetOrCreateAsync("a", async _ => await held.Task).AsTask();
        var second = cache.GetOrCreateAsync("b", _ => ValueTask.FromResult("b")).AsTask();
        Assert.False(second.IsCompleted);

        settings.Change("NearCache:MaxConcurrentFactories", "2");
        Assert.Equal("b", await second);
        Assert.Contains(log.Texts, line => line.Contains("are in effect: MaxConcurrentFactories.", StringComparison.Ordinal));

        settings.Change("NearCache:MaxConcurrentFactorys", "3");
        Assert.Contains(
            log.Texts,
            line => line.Contains("is refused", StringComparison.Ordinal)
                && line.Contains("Did you mean MaxConcurrentFactories?", StringComparison.Ordinal));
        settings.Change("NearCache:MaxConcurrentFactorys", null);
        settings.Change("NearCache:Namespace", "other");
        Assert.Contains(log.Texts, line => line.Contains("at the next start: Namespace.", StringComparison.Ordinal));
        held.SetResult("a");
        await first;
        await host.StopAsync();
    }

    [Fact]
    public async Task A_near_lifetime_that_changes_counts_for_rules_that_do_not_say()
    {
        var time = new ManualTime();
        await using var cache = new NearCacheClient(
            new NearCacheOptions { Rules = { new RuleOptions { Name = "products", Match = "product:*" } } }, timeProvider: time);
        cache.Reload(
            new NearCacheOptions
            {
                NearLifetime = TimeSpan.FromSeconds(2),
                Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
            });
        await cache.SetAsync("product:1", "one");
        await cache.GetAsync<string>("product:1");
        Assert.Equal(CacheSource.Near, (await cache.GetAsync<string>("product:1")).Source);

        time.Advance(TimeSpan.FromSeconds(2.5));

        Assert.Equal(CacheSource.Remote, (await cache.GetAsync<string>("product:1")).Source);
    }

    [Fact]
    public async Task Rules_that_are_edited_in_appsettings_count_at_once_and_a_mistake_in_them_keeps_those_before()
    {
        var directory = Directory.CreateTempSubdirectory("nearcache-");
        try
        {
            var file = Path.Combine(directory.FullName, "appsettings.json");
            var source = new JsonConfigurationSource { Path = file };
            source.ResolveFileProvider();
            await EditAsync("""{ "Name": "products", "Match": "product:*" }""");
            var log = new LogRecorder(LogLevel.Trace);
            using var host = await StartAsync(source, log);
            var cache = host.Services.GetRequiredService<NearCacheClient>();
            await BecomesNearAsync(cache, "product:1");
            Assert.Equal(CacheSource.Remote, await SecondReadAsync(cache, "site:1"));

            await EditAsync("""{ "Name": "site", "Match": "site:*" }""");
            Reload(host);
            Assert.Equal(CacheSource.Remote, await SecondReadAsync(cache, "product:1"));
            await BecomesNearAsync(cache, "site:1");
            Assert.Contains("Rules of revision 2 applied: 1 rules.", log.Texts);

            await EditAsync("""{ "Name": "everything", "Match": "*" }, { "Name": "products", "Mach": "product:*" }""");
            Reload(host);
            Assert.Equal(CacheSource.Near, (await cache.GetAsync<string>("site:1")).Source);
            Assert.Equal(CacheSource.Remote, await SecondReadAsync(cache, "product:1"));
            var refused = log.Texts.Last(line => line.Contains("the settings stay unchanged", StringComparison.Ordinal));
            Assert.Contains("Rules:0: Match is \"*\"", refused, StringComparison.Ordinal);
            Assert.Contains("Did you mean Rules:1:Match?", refused, StringComparison.Ordinal);
            Assert.Equal(2, cache.Rules.Current.Revision);

            // The mistake is mended: that is a change again.
            await EditAsync("""{ "Name": "site", "Match": "site:*" }, { "Name": "products", "Match": "product:*" }""");
            Reload(host);
            await BecomesNearAsync(cache, "product:1");
            await host.StopAsync();

            Task EditAsync(string rules) => File.WriteAllTextAsync(file, $$"""{ "NearCache": { "Rules": [ {{rules}} ] } }""");
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        static void Reload(IHost host) => ((IConfigurationRoot)host.Services.GetRequiredService<IConfiguration>()).Reload();
    }

    [Fact]
    public async Task Rules_that_were_edited_through_the_api_stay_until_those_of_the_configuration_change()
    {
        var settings = new Settings { ["NearCache:Rules:0:Name"] = "products", ["NearCache:Rules:0:Match"] = "product:*" };
        using var host = await StartAsync(settings, new LogRecorder(LogLevel.Trace));
        var cache = host.Services.GetRequiredService<NearCacheClient>();
        await cache.Rules.AddAsync(new RuleOptions { Name = "site", Match = "site:*" }, new EditReason { Who = "Alice", Why = "a test" });

        settings.Change("NearCache:ItemLifetime", "00:10:00");
        Assert.Equal(["products", "site"], cache.Rules.Current.Rules.Select(rule => rule.Settings.Name));

        settings.Change("NearCache:Rules:0:NearLifetime", "00:00:10");
        var rule = Assert.Single(cache.Rules.Current.Rules);
        Assert.Equal(("products", TimeSpan.FromSeconds(10), 1), (rule.Settings.Name, rule.Settings.NearLifetime!.Value, rule.Since));
        await host.StopAsync();
    }

    [Fact]
    public async Task Where_there_is_a_registry_the_rules_of_the_configuration_change_nothing_and_that_is_said()
    {
        await using var memcached = FakeMemcached.Start();
        await using var zooKeeper = FakeZooKeeper.Start();
        var settings = new Settings
        {
            ["NearCache:Memcached:Servers:0"] = memcached.Address,
            ["NearCache:ZooKeeper:ConnectionString"] = zooKeeper.ConnectionString,
            ["NearCache:Rules:0:Name"] = "products",
            ["NearCache:Rules:0:Match"] = "product:*",
        };
        var log = new LogRecorder(LogLevel.Trace);
        using var host = await StartAsync(settings, log);
        var cache = host.Services.GetRequiredService<NearCacheClient>();
        await Eventually.BecomesTrueAsync(() => cache.Rules.Current.Revision == 1, "the registry is read");

        settings.Change("NearCache:Rules:0:Match", "other:*");

        Assert.Contains(
            log.Texts,
            line => line.Contains("changes nothing", StringComparison.Ordinal) && line.Contains("IRuleRegistry", StringComparison.Ordinal));
        Assert.DoesNotContain(log.Texts, line => line.Contains("next start", StringComparison.Ordinal));
        Assert.Equal(("product:*", 1), (cache.Rules.Current.Rules[0].Settings.Match, cache.Rules.Current.Revision));
        await host.StopAsync();
    }

    // Everything of one process knows a rule a moment after it is in force.
    private static Task BecomesNearAsync(NearCacheClient cache, string key) =>
        Eventually.BecomesTrueAsync(async () => await SecondReadAsync(cache, key) == CacheSource.Near, $"{key} is near");

    private static async Task<CacheSource> SecondReadAsync(NearCacheClient cache, string key)
    {
        await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("value"));
        return (await cache.GetAsync<string>(key)).Source;
    }

    private static async Task<IHost> StartAsync(IConfigurationSource settings, LogRecorder log)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Development });
        builder.Configuration.Sources.Add(settings);
        builder.Logging.AddProvider(log);
        builder.Services.AddNearCache(builder.Configuration.GetSection("NearCache"));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private sealed class Settings : ConfigurationProvider, IConfigurationSource
    {
        public string this[string name]
        {
            init => Data[name] = value;
        }

        public void Change(string name, string? value)
        {
            if (value is null)
            {
                Data.Remove(name);
            }
            else
            {
                Data[name] = value;
            }

            OnReload();
        }

        public IConfigurationProvider Build(IConfigurationBuilder builder) => this;
    }
}
