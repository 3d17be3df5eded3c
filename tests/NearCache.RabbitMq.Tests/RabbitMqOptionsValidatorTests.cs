using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace NearCache.RabbitMq.Tests;

/// <summary>Mistakes in the settings are reported at once, with the setting, its value and the remedy.</summary>
public sealed class RabbitMqOptionsValidatorTests
{
    [Fact]
    public void The_defaults_with_a_host_are_valid()
    {
        Assert.True(new RabbitMqOptionsValidator().Validate(null, new RabbitMqOptions { Hosts = { "rabbit.example" } }).Succeeded);
    }

    [Fact]
    public void Every_mistake_is_reported_at_once()
    {
        var options = new RabbitMqOptions
        {
            Hosts = { "amqp://rabbit", "rabbit:0", "rabbit:70000", "[::1]:5672", "::1" },
            VirtualHost = "",
            UserName = new string('u', 256),
            Password = null!,
            Exchange = "amq.fanout",
            QueueLength = 1,
            MessageLifetime = TimeSpan.Zero,
            ConnectTimeout = TimeSpan.FromMinutes(2),
            Heartbeat = TimeSpan.FromSeconds(1.5),
        };

        var failures = new RabbitMqOptionsValidator().Validate(null, options).Failures!.ToArray();

        string[] settings =
        [
            "Hosts:0", "Hosts:1", "Hosts:2", "VirtualHost", "UserName", "Password", "Exchange", "QueueLength", "MessageLifetime",
            "ConnectTimeout", "Heartbeat",
        ];
        Assert.Equal(settings, failures.Select(failure => failure.Split(' ')[0]));
        Assert.Contains("QueueLength is 1, but must be from 10 to 100,000.", failures);
    }

    [Theory]
    [InlineData("rabbit", "rabbit", 5672)]
    [InlineData("rabbit:5673", "rabbit", 5673)]
    [InlineData("10.0.0.1:1", "10.0.0.1", 1)]
    [InlineData("[::1]:5673", "::1", 5673)]
    [InlineData("::1", "::1", 5672)]
    public void Hosts_are_parsed(string text, string host, int port)
    {
        Assert.True(RabbitMqOptionsValidator.TryParse(text, tls: false, out var parsed, out var parsedPort));
        Assert.Equal((host, port), (parsed, parsedPort));
    }

    [Theory]
    [InlineData("[::1")]
    [InlineData("::1]")]
    [InlineData("[::1]5672")]
    [InlineData("[rabbit]:5672")]
    [InlineData("]]rabbit[[")]
    [InlineData("rabbit:")]
    [InlineData(":5672")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData(null)]
    public void What_is_no_host_is_refused(string? text) => Assert.False(RabbitMqOptionsValidator.TryParse(text, tls: false, out _, out _));

    [Fact]
    public void A_URI_of_AMQP_is_refused_without_its_password()
    {
        var options = new RabbitMqOptions { Hosts = { "amqp://cache:s3cret@rabbit:5672/vhost" } };
        var refused = Assert.Single(new RabbitMqOptionsValidator().Validate(null, options).Failures!);
        Assert.StartsWith("Hosts:0 is \"…@rabbit:5672/vhost\", but must be a host", refused, StringComparison.Ordinal);
        Assert.Contains("UserName, Password, VirtualHost", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_of_TLS_that_the_client_library_does_not_apply_are_refused()
    {
        var options = new RabbitMqOptions
        {
            Hosts = { "rabbit" },
            Tls = new SslClientAuthenticationOptions
            {
                TargetHost = "rabbit.example",
                CertificateChainPolicy = new X509ChainPolicy(),
                AllowTlsResume = false,
            },
        };
        var refused = new RabbitMqOptionsValidator().Validate(null, options).Failures!.ToArray();
        Assert.Equal(["Tls:AllowTlsResume", "Tls:CertificateChainPolicy"], refused.Select(failure => failure.Split(' ')[0]));
    }

    [Fact]
    public void Caches_whose_configuration_says_TLS_share_a_connection()
    {
        RabbitMqOptions New() => new() { Hosts = { "rabbit" }, Tls = new SslClientAuthenticationOptions() };
        Assert.True(RabbitMqOptions.ShareConnection(New(), New()));
        var other = New();
        other.Tls!.TargetHost = "other";
        Assert.False(RabbitMqOptions.ShareConnection(New(), other));
        other.Tls = null;
        Assert.False(RabbitMqOptions.ShareConnection(New(), other));
    }

    [Fact]
    public async Task A_host_does_not_start_with_an_unknown_setting_or_without_hosts()
    {
        var unknown = await StartAsync(
            ("NearCache:Memcached:Servers:0", "127.0.0.1:1"), ("RabbitMq:Hosts:0", "rabbit"), ("RabbitMq:UserNam", "cache"));
        Assert.Equal("RabbitMq:UserNam is not a setting. Did you mean UserName?", unknown);
        Assert.StartsWith(
            "RabbitMq:Hosts is empty",
            await StartAsync(("NearCache:Memcached:Servers:0", "127.0.0.1:1"), ("RabbitMq:UserName", "cache")),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_memcached_or_over_another_remote_without_ZooKeeper_it_is_refused_with_the_remedy()
    {
        Assert.StartsWith(
            "NearCache:Memcached:Servers is empty, but RabbitMQ is to carry announcements",
            await StartAsync(("NearCache:AllowEmbedded", "true"), ("RabbitMq:Hosts:0", "rabbit")),
            StringComparison.Ordinal);
        var options = new NearCacheOptions { DistributedCache = new NoCache() };
        options.UseRabbitMq(new RabbitMqOptions { Hosts = { "rabbit" } });
        var refused = Assert.Throws<OptionsValidationException>(() => new NearCacheClient(options));
        Assert.Contains(
            refused.Failures,
            failure => failure.StartsWith("ZooKeeper:ConnectionString is empty, but RabbitMQ is to carry", StringComparison.Ordinal)
                && failure.Contains("Name a ZooKeeper, beside which RabbitMQ may carry", StringComparison.Ordinal));

        // Beside ZooKeeper, which confirms, it may carry announcements too.
        options.ZooKeeper.ConnectionString = "127.0.0.1:1";
        Assert.True(new NearCacheOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void A_cache_has_one_RabbitMQ()
    {
        var options = new NearCacheOptions { Memcached = { Servers = { "127.0.0.1:1" } } };
        options.UseRabbitMq(new RabbitMqOptions { Hosts = { "one" } }).UseRabbitMq(new RabbitMqOptions { Hosts = { "two" } });
        Assert.Contains(
            "RabbitMQ carries announcements 2 times: configure it once for a cache.",
            new NearCacheOptionsValidator().Validate(null, options).Failures!);
    }

    [Fact]
    public void Called_twice_for_one_cache_the_last_settings_count_and_there_is_one_broker()
    {
        var services = new ServiceCollection();
        services.AddNearCache(options => options.Memcached.Servers.Add("127.0.0.1:1"))
            .UseRabbitMq(options => options.Hosts.Add("rabbit-1"))
            .UseRabbitMq(options => options.UserName = "cache");
        using var provider = services.BuildServiceProvider();
        Assert.Single(provider.GetRequiredService<IOptions<NearCacheOptions>>().Value.Brokers);
        var settings = provider.GetRequiredService<IOptions<RabbitMqOptions>>().Value;
        Assert.Equal(("rabbit-1", "cache"), (Assert.Single(settings.Hosts), settings.UserName));
    }

    private static async Task<string> StartAsync(params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value));
        builder.Services.AddNearCache(builder.Configuration.GetSection("NearCache"))
            .UseRabbitMq(builder.Configuration.GetSection("RabbitMq"));
        using var host = builder.Build();
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        return refused.Failures.First();
    }

    private sealed class NoCache : Microsoft.Extensions.Caching.Distributed.IDistributedCache
    {
        public byte[]? Get(string key) => null;

        public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => Task.FromResult<byte[]?>(null);

        public void Refresh(string key)
        {
        }

        public Task RefreshAsync(string key, CancellationToken token = default) => Task.CompletedTask;

        public void Remove(string key)
        {
        }

        public Task RemoveAsync(string key, CancellationToken token = default) => Task.CompletedTask;

        public void Set(string key, byte[] value, Microsoft.Extensions.Caching.Distributed.DistributedCacheEntryOptions options)
        {
        }

        public Task SetAsync(
            string key,
            byte[] value,
            Microsoft.Extensions.Caching.Distributed.DistributedCacheEntryOptions options,
            CancellationToken token = default) => Task.CompletedTask;
    }
}
