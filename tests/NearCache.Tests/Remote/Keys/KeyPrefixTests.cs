using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Remote.Keys;

/// <summary>
/// Namespaces on the same servers: each has its keys behind a prefix of its own, and every process of one knows whether it has the same.
/// </summary>
public sealed class KeyPrefixTests : IAsyncLifetime
{
    private const string Key = "product:1";
    private readonly FakeMemcached _server = FakeMemcached.Start();
    private readonly LogRecorder _log = new();
    private readonly List<NearCacheClient> _caches = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var cache in _caches)
        {
            await cache.DisposeAsync();
        }

        await _server.DisposeAsync();
        _log.Dispose();
    }

    [Fact]
    public async Task Two_namespaces_do_not_see_each_others_keys()
    {
        var (shop, stock) = (Make("shop"), Make("stock"));
        await shop.SetAsync(Key, "of the shop");
        await stock.SetAsync(Key, "of the stock");

        Assert.Equal(
            ("of the shop", "of the stock"), ((await shop.GetAsync<string>(Key)).Value, (await stock.GetAsync<string>(Key)).Value));
        Assert.Equal(["shop:", "stock:"], new[] { "shop", "stock" }.Select(name => Text($"~nc:1:{name}:prefix")));
        Assert.Equal(
            ["shop:product:1", "stock:product:1"],
            _server.Items.Keys.Where(key => !key.StartsWith("~nc:", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Beside_processes_of_an_older_version_all_read_the_same_items()
    {
        // An older process: its counters say nothing of a prefix.
        var older = Make("shop", options => options.KeyPrefix = "");
        await older.SetAsync(Key, "old");
        await Eventually.BecomesTrueAsync(() => _server.Items.ContainsKey("~nc:1:shop:total"), "the counters are there");
        Assert.True(_server.Evict("~nc:1:shop:prefix"));
        await older.DisposeAsync();

        var cache = Make("shop");
        Assert.Equal("old", (await cache.GetAsync<string>(Key)).Value);
        await cache.SetAsync(Key, "new");
        Assert.Equal("new", Text(Key));
        Assert.Single(_log.Of(1132));
        await Eventually.BecomesTrueAsync(async () => (await cache.GetAsync<string>(Key)).Source == CacheSource.Near, "the key is near");
    }

    [Fact]
    public async Task A_process_with_another_prefix_closes_near_for_itself_alone()
    {
        var right = Make("shop");
        await right.SetAsync(Key, "right");
        await Eventually.BecomesTrueAsync(async () => (await right.GetAsync<string>(Key)).Source == CacheSource.Near, "the key is near");

        var wrong = Make("shop", options => options.KeyPrefix = "else:");
        await wrong.SetAsync(Key, "wrong");
        await Eventually.BecomesTrueAsync(() => _log.Of(1130).Length == 1, "it says so");
        await wrong.GetAsync<string>(Key);
        Assert.Equal(CacheSource.Remote, (await wrong.GetAsync<string>(Key)).Source);
        Assert.False(Assert.Single(wrong.Snapshot().Servers).IsServedNear);

        // The counters are lost: the wrong one does not make them again with its prefix.
        _server.Kill();
        _server.Restart();
        await Eventually.BecomesTrueAsync(() => _server.Items.ContainsKey("~nc:1:shop:total"), "the counters are there again");
        Assert.Equal("shop:", Text("~nc:1:shop:prefix"));
        await Eventually.BecomesTrueAsync(async () => await NearAsync(right), "the key is near again");
        Assert.Single(_log.Of(1130));
    }

    [Fact]
    public async Task An_item_that_was_evicted_is_put_back()
    {
        var cache = Make("shop", options => options.AuditInterval = TimeSpan.FromMilliseconds(100));
        await cache.SetAsync(Key, "value");
        await Eventually.BecomesTrueAsync(() => _server.Items.ContainsKey("~nc:1:shop:total"), "the counters are there");
        Assert.True(_server.Evict("~nc:1:shop:prefix"));

        await Eventually.BecomesTrueAsync(() => _server.Items.ContainsKey("~nc:1:shop:prefix"), "it is there again");
        Assert.Equal("shop:", Text("~nc:1:shop:prefix"));
        Assert.Empty(_log.Of(1130));
    }

    [Fact]
    public async Task While_no_server_can_say_reads_are_misses_and_writes_are_refused()
    {
        _server.Kill();
        var cache = Make("shop");
        Assert.False((await cache.GetAsync<string>(Key)).HasValue);
        Assert.Equal("made", await cache.GetOrCreateAsync(Key, _ => ValueTask.FromResult("made")));
        Assert.True((await Assert.ThrowsAsync<NearCacheException>(() => cache.SetAsync(Key, "value"))).IsTransient);
        Assert.True(
            (await Assert.ThrowsAsync<NearCacheException>(() => new NearHybridCache(cache).RemoveByTagAsync("tag").AsTask())).IsTransient);

        _server.Restart();
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                try
                {
                    await cache.SetAsync(Key, "value");
                    return true;
                }
                catch (NearCacheException)
                {
                    return false;
                }
            },
            "the server is back");
        Assert.Equal("value", Text("shop:product:1"));
    }

    [Fact]
    public async Task A_namespace_of_64_letters_leaves_room_for_keys_and_says_how_much()
    {
        var name = new string('n', 64);
        var cache = Make(name);
        var longest = new string('k', 250 - 65);
        await cache.SetAsync(longest, "value");
        Assert.Equal("value", (await cache.GetAsync<string>(longest)).Value);

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => cache.SetAsync(longest + "k", "value"));
        Assert.Contains($"this one has 251, of which 65 are \"{name}:\"", refused.Message, StringComparison.Ordinal);
        var hybrid = new NearHybridCache(cache);
        await hybrid.SetAsync(new string('h', 1000), "value", tags: [new string('t', 1000)]);
        Assert.Equal(
            "value",
            await hybrid.GetOrCreateAsync<string>(new string('h', 1000), _ => throw new InvalidOperationException("The factory runs.")));
        await hybrid.RemoveByTagAsync(new string('t', 1000));
        await cache.IncrementAsync(new string('c', 150));
        await using var held = await cache.Locks.TryAcquireAsync(new string('l', 150));
        Assert.NotNull(held);
    }

    private static async Task<bool> NearAsync(NearCacheClient cache)
    {
        try
        {
            await cache.GetOrCreateAsync(Key, _ => ValueTask.FromResult("again"));
            return (await cache.GetAsync<string>(Key)).Source == CacheSource.Near;
        }
        catch (NearCacheException)
        {
            return false;
        }
    }

    private string Text(string key) => System.Text.Encoding.UTF8.GetString(_server.Items[key].Value);

    private NearCacheClient Make(string @namespace, Action<NearCacheOptions>? configure = null)
    {
        var options = new NearCacheOptions
        {
            Namespace = @namespace,
            Memcached = { Servers = { _server.Address } },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        // A machine that stands still for a second loses no connection.
        options.Memcached.ConnectTimeout = TimeSpan.FromSeconds(30);
        options.Memcached.OperationTimeout = TimeSpan.FromSeconds(3);
        options.RuleLease = TimeSpan.FromMilliseconds(3001);
        configure?.Invoke(options);
        var cache = new NearCacheClient(options, _log);
        _caches.Add(cache);
        return cache;
    }
}
