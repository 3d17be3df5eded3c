namespace NearCache.Memcached.Tests;

public sealed class MemcachedOptionsValidatorTests
{
    [Fact]
    public void Every_mistake_is_named_at_once()
    {
        var options = new MemcachedOptions
        {
            Servers = { "a:0", "b:1", "b:1", "", "c:1 weight=2" },
            ConnectionsPerServer = 0,
            ConnectTimeout = TimeSpan.Zero,
            OperationTimeout = TimeSpan.FromHours(1),
            ReconnectDelay = TimeSpan.FromSeconds(10),
            ReconnectJitter = double.NaN,
            KeepAlive = TimeSpan.FromMilliseconds(1),
            MaxInFlightCommands = 0,
            MaxInFlightBytes = 0,
            MaxValueBytes = 0,
            OverloadPolicy = (OverloadPolicy)7,
            UserName = "a b",
            Distribution = (MemcachedDistribution)77,
        };

        var mistakes = MemcachedOptionsValidator.Validate(options);

        string[] settings =
        [
            "Servers[0]", "Servers[2]", "Servers[3]", "Servers[4]", "ConnectionsPerServer", "ConnectTimeout", "OperationTimeout",
            "ReconnectDelay", "ReconnectJitter", "KeepAlive",
            "MaxInFlightCommands", "MaxInFlightBytes", "MaxValueBytes", "OverloadPolicy", "Distribution", "UserName", "UserName",
        ];
        Assert.Equal(settings.Order(), mistakes.Select(mistake => mistake.Split(' ')[0]).Order());
        var e = Assert.Throws<ArgumentException>(() => new MemcachedClient(options));
        Assert.All(mistakes, mistake => Assert.Contains(mistake, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void The_defaults_need_a_server_and_nothing_else()
    {
        Assert.Single(MemcachedOptionsValidator.Validate(new MemcachedOptions()));
        Assert.Empty(
            MemcachedOptionsValidator.Validate(
                new MemcachedOptions { Servers = { "cache-1", "cache-2:11211", "[::1]:1", "/run/memcached.sock" } }));
    }

    [Fact]
    public async Task A_client_keeps_a_copy()
    {
        var options = new MemcachedOptions { Servers = { "a:1" } };
        await using var client = new MemcachedClient(options);

        options.Servers.Add("b:1");

        Assert.Equal("a:1", Assert.Single(client.Servers).Name);
        Assert.Equal(MemcachedServerState.Unused, client.Servers[0].State);
    }
}
