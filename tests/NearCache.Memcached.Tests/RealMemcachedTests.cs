using NearCache.TestSupport.Servers;

namespace NearCache.Memcached.Tests;

public sealed class RealMemcachedTests(
    RealMemcachedTests.Server server) : MemcachedClientTests(server.Client), IClassFixture<RealMemcachedTests.Server>
{
    [Fact]
    public async Task Settings_are_statistics_too() =>
        Assert.Contains("maxconns", await server.Client.Servers[0].GetStatisticsAsync("settings"));

    [Fact]
    public async Task Flushing_makes_everything_expire()
    {
        await using var process = await MemcachedProcess.StartNewAsync();
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { process.Address }, OperationTimeout = TimeSpan.FromSeconds(20) });
        await client.SetAsync("k", "v"u8.ToArray());

        await client.Servers[0].FlushAllAsync();

        Assert.Null(await client.GetAsync("k"));
    }

    public sealed class Server : IAsyncLifetime
    {
        private MemcachedProcess? _process;

        public MemcachedClient Client { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _process = await MemcachedProcess.StartNewAsync();
            Client = new MemcachedClient(
                new MemcachedOptions { Servers = { _process.Address }, OperationTimeout = TimeSpan.FromSeconds(20), VerifyReplies = true });
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await _process!.DisposeAsync();
        }
    }
}
