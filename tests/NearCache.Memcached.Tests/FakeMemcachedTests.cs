using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests;

/// <summary>The fake does what the real one does, also when its replies come in pieces.</summary>
public sealed class FakeMemcachedTests(
    FakeMemcachedTests.Server server) : MemcachedClientTests(server.Client), IClassFixture<FakeMemcachedTests.Server>
{
    public sealed class Server : IAsyncLifetime
    {
        private readonly FakeMemcached _fake = FakeMemcached.Start();

        public Server()
        {
            _fake.Faults.SplitEvery = 777;
            Client = new MemcachedClient(
                new MemcachedOptions { Servers = { _fake.Address }, OperationTimeout = TimeSpan.FromSeconds(20), VerifyReplies = true });
        }

        public MemcachedClient Client { get; }

        public ValueTask InitializeAsync() => ValueTask.CompletedTask;

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await _fake.DisposeAsync();
        }
    }
}
