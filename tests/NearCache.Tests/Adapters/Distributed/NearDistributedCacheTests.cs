using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using NearCache.Adapters.Distributed;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Embedded;
using NearCache.Remote.Formats;
using NearCache.Tests.Reading;
using NearCache.Tests.Remote;
using NearCache.TestSupport.Servers;

namespace NearCache.Tests.Adapters.Distributed;

/// <summary>The contract holds for ours, with a rule, so that what does not slide is near.</summary>
public sealed class NearDistributedCacheTests : DistributedCacheContract
{
    private readonly EmbeddedRemote _remote;
    private readonly NearCacheClient _client;

    public NearDistributedCacheTests()
    {
        _remote = new EmbeddedRemote(Time);
        _client = Make();
        Cache = new NearDistributedCache(_client);
    }

    protected override IDistributedCache Cache { get; }

    public override async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task What_does_not_slide_is_near_and_what_slides_is_not()
    {
        await Cache.SetStringAsync(
            "stays", "1", new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromHours(1) });
        await Cache.SetStringAsync("slides", "2", new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromHours(1) });
        await Cache.GetAsync("stays");
        await Cache.GetAsync("slides");
        var before = _client.Snapshot().NearHits;

        await Cache.GetAsync("stays");
        await Cache.GetAsync("slides");

        Assert.Equal(before + 1, _client.Snapshot().NearHits);
    }

    [Fact]
    public async Task Another_process_sees_the_entry_and_keeps_it_alive()
    {
        await using var other = Make();
        var elsewhere = new NearDistributedCache(other);
        await Cache.SetStringAsync("session", "mine", new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(20) });
        for (var i = 0; i < 6; i++)
        {
            Time.Advance(TimeSpan.FromMinutes(15));
            Assert.Equal("mine", await (i % 2 == 0 ? elsewhere : Cache).GetStringAsync("session"));
        }

        await elsewhere.RemoveAsync("session");

        Assert.Null(await Cache.GetAsync("session"));
    }

    [Fact]
    public async Task Buffers_are_treated_as_arrays_are()
    {
        var cache = (IBufferDistributedCache)Cache;
        var (options, output) = (new DistributedCacheEntryOptions(), new ArrayBufferWriter<byte>());
        var cancelled = new CancellationToken(canceled: true);
        byte[] bytes = [1, 2];

        await cache.SetAsync("key", new ReadOnlySequence<byte>(bytes), options);
        await cache.SetAsync("empty", default, options);
        bytes[0] = 9;
        Assert.Equal([1, 2], await cache.GetAsync("key"));
        Assert.True(await cache.TryGetAsync("empty", output));
        Assert.False(await cache.TryGetAsync("not there", output));
        Assert.Equal(0, output.WrittenCount);

        await Assert.ThrowsAsync<ArgumentNullException>(async () => await cache.TryGetAsync(null!, output));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await cache.TryGetAsync("key", null!));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await cache.SetAsync(null!, default(ReadOnlySequence<byte>), options));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await cache.SetAsync("key", default(ReadOnlySequence<byte>), null!));
        Assert.Throws<ArgumentNullException>(() => cache.TryGet(null!, output));
        Assert.Throws<ArgumentNullException>(() => cache.TryGet("key", null!));
        Assert.Throws<ArgumentNullException>(() => cache.Set(null!, default(ReadOnlySequence<byte>), options));
        Assert.Throws<ArgumentNullException>(() => cache.Set("key", default(ReadOnlySequence<byte>), null!));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await cache.TryGetAsync("key", output, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await cache.SetAsync("key", default(ReadOnlySequence<byte>), options, cancelled));
        Assert.Equal([1, 2], await cache.GetAsync("key"));
    }

    // Microsoft's own in-memory cache holds up to 200 MB; memcached takes a MiB unless told otherwise.
    [Fact]
    public async Task A_value_that_is_too_large_is_refused() =>
        await Assert.ThrowsAsync<NearCacheException>(
            () => Cache.SetAsync("key", new byte[(1 << 20) + 1], new DistributedCacheEntryOptions()));

    [Fact]
    public async Task Garbage_on_the_remote_is_a_miss()
    {
        (byte[], uint)[] damaged = [([], 0x4E43_0105), ([0], 0x4E43_0105), ([0x80, 0x80], 0x4E43_0105), ([1, 2, 3], 0)];
        foreach (var (bytes, flags) in damaged)
        {
            await _remote.Servers[0]
                .ExecuteAsync(MetaCommand.Set("d:key"u8.ToArray(), bytes) with { ClientFlags = flags }, CancellationToken.None);

            Assert.Null(await Cache.GetAsync("key"));
            await Cache.RefreshAsync("key");
        }
    }

    [Fact]
    public async Task With_the_remote_dead_reads_are_misses_and_writes_throw()
    {
        await using var client = new NearCacheClient(new NearCacheOptions { Memcached = { Servers = { $"127.0.0.1:{Ports.Free()}" } } });
        var cache = new NearDistributedCache(client);

        Assert.Null(await cache.GetAsync("key"));
        await cache.RefreshAsync("key");
        await Assert.ThrowsAsync<NearCacheException>(() => cache.SetStringAsync("key", "value"));
        await Assert.ThrowsAsync<NearCacheException>(() => cache.RemoveAsync("key"));
        Assert.Throws<NearCacheException>(() => cache.Remove("key"));
    }

    [Fact]
    public async Task A_stale_entry_is_served_only_until_its_absolute_expiration()
    {
        var remote = new FailingRemote(Time);
        await using var client = new NearCacheClient(
            new NearCacheOptions
            {
                OnRemoteFailure = RemoteFailurePolicy.ServeStale,
                StaleLifetime = TimeSpan.FromHours(1),
            }, remote, timeProvider: Time);
        var cache = new NearDistributedCache(client);
        await cache.SetStringAsync(
            "ends", "1", new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(10) });
        await cache.SetStringAsync("slides", "2", new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(10) });
        await cache.SetStringAsync("stays", "3", new DistributedCacheEntryOptions());
        Assert.Equal(
            ("1", "2", "3"),
            (await cache.GetStringAsync("ends"), await cache.GetStringAsync("slides"), await cache.GetStringAsync("stays")));
        remote.IsDown = true;

        Time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(
            ("1", "2", "3"),
            (await cache.GetStringAsync("ends"), await cache.GetStringAsync("slides"), await cache.GetStringAsync("stays")));
        Time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(
            (null, null, "3"),
            (await cache.GetStringAsync("ends"), await cache.GetStringAsync("slides"), await cache.GetStringAsync("stays")));
    }

    // docs/formats.md, "Entries of IDistributedCache".
    [Fact]
    public void An_entry_is_stored_as_documented()
    {
        var item = new DistributedItem(
            new byte[] { 0x2a },
            TimeSpan.FromMinutes(20),
            new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds());
        var codec = new DistributedItemCodec();

        var bytes = codec.Encode(item);
        var read = codec.Decode(bytes);

        Assert.Equal("809f4980c4e3ea8d372a", Convert.ToHexStringLower(bytes.Span));
        Assert.Equal((item.Sliding, item.Deadline), (read.Sliding, read.Deadline));
        Assert.Equal([0x2a], read.Payload.ToArray());
        Assert.Equal(0x4E43_0105u, new Envelope(ValueKind.Distributed).ToClientFlags());
    }

    [Fact]
    public async Task One_line_makes_it_the_IDistributedCache_of_an_application()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IDistributedCache>(_ => throw new InvalidOperationException("Another's."));
        services.AddNearCache(_ => { }).AddDistributedCache();
        await using var provider = services.BuildServiceProvider();

        var cache = Assert.IsType<NearDistributedCache>(provider.GetRequiredService<IDistributedCache>());
        await cache.SetStringAsync("key", "value");

        Assert.Equal("value", await cache.GetStringAsync("key"));
        Assert.IsAssignableFrom<IBufferDistributedCache>(cache);
    }

    [Fact]
    public async Task The_face_of_a_cache_with_a_name_has_its_name_for_a_key()
    {
        var services = new ServiceCollection();
        services.AddNearCache("orders", options => options.Namespace = "orders").AddDistributedCache().AddHybridCache();
        await using var provider = services.BuildServiceProvider();

        Assert.IsType<NearDistributedCache>(provider.GetRequiredKeyedService<IDistributedCache>("orders"));
        Assert.IsType<NearHybridCache>(provider.GetRequiredKeyedService<Microsoft.Extensions.Caching.Hybrid.HybridCache>("orders"));
        Assert.Null(provider.GetService<IDistributedCache>());
    }

    [Fact]
    public void Without_the_line_there_is_no_IDistributedCache()
    {
        var services = new ServiceCollection();
        services.AddNearCache(_ => { });

        Assert.DoesNotContain(services, service => service.ServiceType == typeof(IDistributedCache));
    }

    private NearCacheClient Make() => new(
        new NearCacheOptions { Rules = { new RuleOptions { Name = "distributed", Match = "d:*" } } }, _remote, timeProvider: Time);
}
