using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Adapters.Hybrid;
using NearCache.Remote;
using NearCache.Remote.Embedded;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;

namespace NearCache.Tests.Adapters.Hybrid;

/// <summary>A process with a <see cref="HybridCache"/> on a server of its own, on a clock that the test turns.</summary>
internal sealed class HybridFixture : IAsyncDisposable
{
    private readonly NearCacheClient _client;

    private HybridFixture(Action<NearCacheOptions>? configure, NearHybridCacheOptions? adapter, IServiceProvider? services)
    {
        Remote = new EmbeddedRemote(Time);
        Server = Remote.Servers[0];
        var options = new NearCacheOptions { KeyPrefix = "", Rules = { new RuleOptions { Name = "hybrid", Match = "h:*" } } };
        configure?.Invoke(options);
        _client = new NearCacheClient(options, Remote, Log, timeProvider: Time);
        Cache = new NearHybridCache(_client, adapter, services);
    }

    public ManualTime Time { get; } = new();

    public LogRecorder Log { get; } = new();

    public IRemote Remote { get; }

    public IRemoteServer Server { get; }

    public HybridCache Cache { get; }

    /// <summary>What is near of a key; null: nothing, or no item.</summary>
    public HybridItem? NearItem(string key) => _client.Parts.Near.Find($"h:{key}")?.Value as HybridItem;

    /// <summary>The entries that are near, and the sum of their estimated memory.</summary>
    public (int Entries, long Bytes) Near => (_client.Parts.Near.Entries, _client.Parts.Near.Bytes);

    /// <summary>The estimated memory of what is near of a key; 0: nothing.</summary>
    public int NearBytes(string key) => _client.Parts.Near.Find($"h:{key}")?.Bytes ?? 0;

    public static HybridFixture Start(
        Action<NearCacheOptions>? configure = null,
        NearHybridCacheOptions? adapter = null,
        IServiceProvider? services = null) => new(configure, adapter, services);

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
