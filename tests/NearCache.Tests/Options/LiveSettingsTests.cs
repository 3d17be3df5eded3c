using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NearCache.TestSupport;

namespace NearCache.Tests.Options;

public sealed class LiveSettingsTests
{
    [Fact]
    public void Every_setting_can_change_or_is_said_to_wait()
    {
        var settings = typeof(NearCacheOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name);

        Assert.Equal(settings.Order(), LiveSettings.All.Select(setting => setting.Name).Order());
    }

    [Fact]
    public void What_can_change_is_taken_over_and_the_rest_is_named()
    {
        var now = new NearCacheOptions { Rules = { new RuleOptions { Name = "a", Match = "a:*" } } };
        var next = new NearCacheOptions
        {
            ItemLifetime = TimeSpan.FromMinutes(2),
            FactoryTimeout = TimeSpan.FromSeconds(3),
            Namespace = "other",
            Rules = { new RuleOptions { Name = "a", Match = "b:*" } },
        };
        next.Memcached.Servers.Add("a:1");
        next.Memcached.MaxValueBytes = 1;

        var (taken, waiting) = LiveSettings.Take(now, next);

        Assert.Equal(["ItemLifetime", "FactoryTimeout"], taken);
        Assert.Equal(["Namespace", "Memcached", "Rules"], waiting);
        Assert.Equal((TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(3), "default"), (now.ItemLifetime, now.FactoryTimeout, now.Namespace));
        Assert.Equal([], LiveSettings.Take(next, next).Taken);
    }

    [Fact]
    public async Task A_change_of_the_configuration_counts_at_once_and_one_with_a_mistake_does_not()
    {
        var settings = new Settings { ["NearCache:ItemLifetime"] = "00:10:00", ["NearCache:MaxConcurrentFactories"] = "1" };
        var log = new Events();
        using var host = await StartAsync(settings, log);
        var cache = host.Services.GetRequiredService<INearCache>();
        var held = new TaskCompletionSource<string>();
        var first = cache.GetOrCreateAsync("a", async _ => await held.Task).AsTask();
        var second = cache.GetOrCreateAsync("b", _ => ValueTask.FromResult("b")).AsTask();
        Assert.False(second.IsCompleted);

        settings.Change("NearCache:MaxConcurrentFactories", "2");
        Assert.Equal("b", await second);
        Assert.Contains(log.Said, line => line.Contains("count from now on: MaxConcurrentFactories.", StringComparison.Ordinal));

        settings.Change("NearCache:MaxConcurrentFactorys", "3");
        Assert.Contains(log.Said, line => line.Contains("is refused", StringComparison.Ordinal) && line.Contains("Did you mean MaxConcurrentFactories?", StringComparison.Ordinal));
        settings.Change("NearCache:MaxConcurrentFactorys", null);
        settings.Change("NearCache:Namespace", "other");
        Assert.Contains(log.Said, line => line.Contains("from the next start: Namespace.", StringComparison.Ordinal));
        held.SetResult("a");
        await first;
        await host.StopAsync();
    }

    [Fact]
    public async Task A_near_lifetime_that_changes_counts_for_rules_that_do_not_say()
    {
        var time = new ManualTime();
        await using var cache = new NearCacheClient(new NearCacheOptions { Rules = { new RuleOptions { Name = "products", Match = "product:*" } } }, time: time);
        cache.Reload(new NearCacheOptions { NearLifetime = TimeSpan.FromSeconds(2), Rules = { new RuleOptions { Name = "products", Match = "product:*" } } });
        await cache.SetAsync("product:1", "one");
        await cache.GetAsync<string>("product:1");
        Assert.Equal(CacheSource.Near, (await cache.GetAsync<string>("product:1")).Source);

        time.Advance(TimeSpan.FromSeconds(2.5));

        Assert.Equal(CacheSource.Remote, (await cache.GetAsync<string>("product:1")).Source);
    }

    private static async Task<IHost> StartAsync(Settings settings, Events log)
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

    private sealed class Events : ILoggerProvider, ILogger
    {
        private readonly List<string> _said = [];

        public IReadOnlyList<string> Said
        {
            get
            {
                lock (_said)
                {
                    return [.. _said];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_said)
            {
                _said.Add(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
