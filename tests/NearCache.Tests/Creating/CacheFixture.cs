using System.Diagnostics.Metrics;
using System.Text;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.Embedded;
using NearCache.TestSupport;

namespace NearCache.Tests.Creating;

/// <summary>One or two caches on one embedded server and one clock that the test turns; the server can be away.</summary>
internal sealed class CacheFixture : IAsyncDisposable
{
    public const string Key = "product:1";
    public const string Unmatched = "basket:1";

    private readonly List<NearCacheClient> _caches = [];

    public ManualTime Time { get; } = new();

    public bool IsAway { get; set; }

    public EmbeddedServer Server => _server ??= new EmbeddedServer(Time);

    private EmbeddedServer? _server;

    /// <summary>Makes a cache with a rule for products.</summary>
    public NearCacheClient Make(Action<NearCacheOptions>? configure = null, IMeterFactory? meterFactory = null)
    {
        var options = new NearCacheOptions
        {
            KeyPrefix = "",
            LifetimeJitter = 0,
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        configure?.Invoke(options);
        var cache = new NearCacheClient(options, new Remote(this), meterFactory: meterFactory, timeProvider: Time);
        _caches.Add(cache);
        return cache;
    }

    /// <summary>What the server holds for a key.</summary>
    public async Task<MetaResponse> ItemAsync(string key) =>
        await Server.ExecuteAsync(
            MetaCommand.Get(Encoding.UTF8.GetBytes(key), MetaFields.Value | MetaFields.TimeToLive | MetaFields.ClientFlags),
            CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        foreach (var cache in _caches)
        {
            await cache.DisposeAsync();
        }
    }

    private sealed class Remote(CacheFixture shelf) : IRemote, IRemoteServer
    {
        public IReadOnlyList<IRemoteServer> Servers => [this];

        public bool IsEmbedded => true;

        public string Name => "shelf";

        public int IndexOf(ReadOnlySpan<byte> key) => 0;

        public ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken) =>
            shelf.IsAway ? ValueTask.FromException<MetaResponse>(Away()) : shelf.Server.ExecuteAsync(command, cancellationToken);

        public Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group) =>
            shelf.IsAway ? Task.FromException<RemoteReply>(Away()) : shelf.Server.ExecuteAsync(group);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static MemcachedServerDownException Away() => new("shelf", "get", null);
    }
}
