using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NearCache.TestSupport.Diagnostics;

namespace NearCache.Tests.Registration;

/// <summary>What a host says when it starts with settings that are wrong, or are not there.</summary>
public sealed class StartTests : IDisposable
{
    private readonly LogRecorder _log = new(LogLevel.Information);

    public void Dispose() => _log.Dispose();

    [Theory]
    [InlineData("Production")]
    [InlineData("Prod")]
    [InlineData("Staging")]
    [InlineData("Live")]
    public async Task Outside_of_development_a_host_does_not_start_embedded(string environment)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () =>
                StartAsync(
                    environment,
                    [("NearCahce:Memcached:Servers:0", "127.0.0.1:1")],
                    (services, root) => services.AddNearCache(root.GetSection("NearCache"))));

        Assert.Contains(
            "NearCache:Memcached:Servers is empty, so everything would be kept in this process only, and the environment is "
                + $"{environment}, not Development",
            refused.Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "The section NearCache does not exist in the configuration. Did you mean NearCahce?",
            refused.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_development_or_where_it_is_allowed_it_does_and_says_what_it_lacks()
    {
        await StartAsync(
            "Development",
            [("NearCahce:Memcached:Servers:0", "127.0.0.1:1")],
            (services, root) => services.AddNearCache(root.GetSection("NearCache")));
        Assert.Equal(
            ["The section NearCache does not exist in the configuration. Did you mean NearCahce? Every setting that is not set in code "
                + "has its default."],
            _log.Of(1010));
        Assert.Single(_log.Of(1000));

        await StartAsync(
            "Live", [("NearCache:AllowEmbedded", "true")], (services, root) => services.AddNearCache(root.GetSection("NearCache")));
        Assert.Equal(2, _log.Of(1000).Length);
        Assert.Single(_log.Of(1010));
    }

    [Fact]
    public async Task Without_a_host_it_starts_with_its_warning()
    {
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(_log);
        services.AddNearCache(_ => { });
        await using var provider = services.BuildServiceProvider();

        await provider.GetRequiredService<INearCache>().SetAsync("key", "value");
        Assert.Single(_log.Of(1000));
    }

    [Fact]
    public async Task The_whole_configuration_is_one_mistake_that_says_which_section_to_take()
    {
        (string, string)[] settings =
        [
            ("Shop:Memcached:Servers:0", "127.0.0.1:1"), ("Logging:LogLevel:Default", "Warning"), ("NAMESPACE", "pods"),
            .. Enumerable.Range(0, 50).Select(number => ($"VARIABLE_{number}", "of the environment")),
        ];
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => StartAsync("Development", settings, (services, root) => services.AddNearCache(root)));

        Assert.Matches(
            "^AddNearCache was given the whole configuration, of which 5[0-9] entries are no settings of NearCache, and not a section of "
                + "it: pass configuration.GetSection\\(\"Shop\"\\)\\.$",
            Assert.Single(refused.Failures));
    }

    [Fact]
    public async Task Every_mistake_names_its_section_and_its_cache()
    {
        (string, string)[] settings =
        [
            ("Caches:Orders:NearEntires", "5"),
            ("Caches:Orders:MaxStaleness", "00:00:01"),
            ("Caches:Orders:Rules:0:Match", "*"),
            ("Caches:Orders:Memcached:ConnectionsPerServer", "0"),
        ];
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => StartAsync("Live", settings, (services, root) => services.AddNearCache("orders", root.GetSection("Caches:Orders"))));

        Assert.True(refused.Failures.Count() >= 5, refused.Message);
        Assert.All(refused.Failures, failure => Assert.StartsWith("Cache \"orders\": Caches:Orders:", failure, StringComparison.Ordinal));
        Assert.Contains("Cache \"orders\": Caches:Orders:NearEntires is not a setting. Did you mean NearEntries?", refused.Failures);
    }

    [Fact]
    public async Task A_section_that_is_absent_below_another_is_named_whole()
    {
        await StartAsync(
            "Development",
            [("Caches:Ordres:NearEntries", "5")],
            (services, root) => services.AddNearCache("orders", root.GetSection("Caches:Orders")));
        Assert.Contains(
            "The section Caches:Orders does not exist in the configuration. Did you mean Caches:Ordres?",
            Assert.Single(_log.Of(1010)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_caches_with_a_namespace_and_servers_in_common_need_the_same_settings()
    {
        (string, string)[] settings =
        [
            ("A:Namespace", "shop"), ("A:Memcached:Servers:0", "127.0.0.1:1"), ("A:Memcached:Servers:1", "127.0.0.1:2"),
            ("B:Namespace", "shop"), ("B:Memcached:Servers:0", "127.0.0.1:2"), ("B:Memcached:Servers:1", "127.0.0.1:1"),
            ("C:Namespace", "stock"), ("C:Memcached:Servers:0", "127.0.0.1:1"), ("C:NearLifetime", "00:00:09"),
        ];
        await StartAsync("Live", settings, Add);

        (string, string)[] others =
        [
            ("B:KeyPrefix", ""),
            ("B:RuleLease", "00:00:07"),
            ("B:Rules:0:Name", "site"),
            ("B:Rules:0:Match", "site"),
            ("B:Memcached:Servers:2", "127.0.0.1:3"),
        ];
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync("Live", [.. settings, .. others], Add));
        Assert.Equal(
            "The caches \"a\" and \"b\" have the namespace \"shop\" on the same servers, but other settings (KeyPrefix, RuleLease, "
                + "Memcached:Servers, Rules): "
            + "give one of them a Namespace of its own, or both the same settings.",
            Assert.Single(refused.Failures));

        static void Add(IServiceCollection services, IConfiguration root)
        {
            services.AddNearCache("a", root.GetSection("A"));
            services.AddNearCache("b", root.GetSection("B"));
            services.AddNearCache("c", root.GetSection("C"));
        }
    }

    private async Task StartAsync(
        string environment, (string Name, string Value)[] settings, Action<IServiceCollection, IConfiguration> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = environment });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)));
        builder.Services.AddSingleton<ILoggerFactory>(_log);
        add(builder.Services, builder.Configuration);
        using var host = builder.Build();
        await host.StartAsync();
        await host.StopAsync();
    }
}
