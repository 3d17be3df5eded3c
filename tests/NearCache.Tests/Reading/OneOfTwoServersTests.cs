using NearCache.Tests.Adapters.Hybrid;
using NearCache.Tests.Creating;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Reading;

/// <summary>What calls and lists of many keys do when the server of some of them is away.</summary>
public sealed class OneOfTwoServersTests : IAsyncDisposable
{
    private static readonly KeyValuePair<string, string>[] Items =
        [.. Enumerable.Range(0, 6).Select(i => KeyValuePair.Create($"product:{i}", $"new {i}"))];

    private readonly ManualTime _time = new();
    private readonly TwoServerRemote _remote;

    public OneOfTwoServersTests() => _remote = new TwoServerRemote(_time);

    public static TheoryData<string> Kinds => ["product", "basket"];

    public async ValueTask DisposeAsync() => await _remote.DisposeAsync();

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Of_many_writes_those_are_done_that_can_be_and_every_other_is_told(string kind)
    {
        await using var cache = Make();
        var items = Items.Select(item => KeyValuePair.Create(item.Key.Replace("product", kind, StringComparison.Ordinal), item.Value))
            .ToArray();
        _remote.IsOddAway = true;

        var call = cache.SetManyAsync(items);
        var failure = await Assert.ThrowsAsync<NearCacheException>(() => call);

        // Whoever awaits sees the first; the task has them all.
        Assert.True(failure.IsTransient);
        Assert.Equal(
            [$"{kind}:1", $"{kind}:3", $"{kind}:5"],
            call.Exception!.InnerExceptions.Cast<NearCacheException>().Select(one => one.Key).Order());
        var read = await cache.GetManyAsync<string>(items.Select(item => item.Key));
        Assert.All(items, item => Assert.Equal((item.Key[^1] & 1) == 0 ? item.Value : null, read[item.Key].Value));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Of_many_removals_those_are_done_that_can_be_and_every_other_is_told(string kind)
    {
        await using var cache = Make();
        var keys = Items.Select(item => item.Key.Replace("product", kind, StringComparison.Ordinal)).ToArray();
        await cache.SetManyAsync(keys.Select(key => KeyValuePair.Create(key, "old")));
        _remote.IsOddAway = true;

        var call = cache.RemoveManyAsync(keys);
        await Assert.ThrowsAsync<NearCacheException>(() => call);

        Assert.Equal(
            [$"{kind}:1", $"{kind}:3", $"{kind}:5"],
            call.Exception!.InnerExceptions.Cast<NearCacheException>().Select(one => one.Key).Order());
        _remote.IsOddAway = false;
        var read = await cache.GetManyAsync<string>(keys);
        Assert.All(keys, key => Assert.Equal((key[^1] & 1) == 0 ? null : "old", read[key].Value));
    }

    [Fact]
    public async Task Of_many_removals_through_HybridCache_those_are_done_that_can_be()
    {
        await using var cache = Make();
        var hybrid = new NearHybridCache(cache);
        foreach (var (key, value) in Items)
        {
            await hybrid.SetAsync(key, value, tags: ["2", "4"]);
        }

        _remote.IsOddAway = true;
        await Assert.ThrowsAsync<NearCacheException>(async () => await hybrid.RemoveAsync(Items.Select(item => item.Key)));
        _remote.IsOddAway = false;
        var left = new List<string>();
        foreach (var (key, _) in Items)
        {
            if (await Adapters.Hybrid.TierProbe.RemoteAsync(hybrid, key) is not null)
            {
                left.Add(key);
            }
        }

        Assert.Equal(["product:1", "product:3", "product:5"], left);

        _remote.IsOddAway = true;
        await Assert.ThrowsAsync<NearCacheException>(async () => await hybrid.RemoveByTagAsync(["1", "2", "3"]));
        _remote.IsOddAway = false;
        Assert.Null(await Adapters.Hybrid.TierProbe.AnywhereAsync(hybrid, "product:1"));
    }

    [Fact]
    public async Task Of_many_reads_those_of_a_server_that_is_away_are_misses()
    {
        await using var cache = Make();
        await cache.SetManyAsync(Items);
        _remote.IsOddAway = true;

        var read = await cache.GetManyAsync<string>(Items.Select(item => item.Key));

        Assert.All(Items, item => Assert.Equal((item.Key[^1] & 1) == 0 ? item.Value : null, read[item.Key].Value));
    }

    [Fact]
    public async Task With_OnRemoteFailure_Throw_many_reads_throw_what_happened()
    {
        await using var cache = Make(options => options.OnRemoteFailure = RemoteFailurePolicy.Throw);
        await cache.SetManyAsync(Items);
        _remote.IsOddAway = true;

        var failure = await Assert.ThrowsAsync<NearCacheException>(
            async () => await cache.GetManyAsync<string>(Items.Select(item => item.Key)));

        Assert.True(failure.IsTransient);
        Assert.Equal('1', (char)('0' + ((failure.Key![^1] - '0') & 1)));
    }

    // More keys than one group takes, over the client and sockets.
    [Theory]
    [InlineData("product")]
    [InlineData("basket")]
    public async Task A_dead_memcached_costs_only_its_own_keys(string kind)
    {
        await using var first = FakeMemcached.Start();
        await using var second = FakeMemcached.Start();
        await using var cache = new NearCacheClient(new NearCacheOptions
        {
            KeyPrefix = "",
            Namespace = "dead",
            Memcached = { Servers = { first.Address, second.Address } },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        });
        var keys = Enumerable.Range(0, 2500).Select(i => $"{kind}:{i}").ToArray();
        await cache.SetManyAsync(keys.Select(key => KeyValuePair.Create(key, key)));
        var left = first.Items.Keys.ToHashSet();
        second.Kill();

        var read = await cache.GetManyAsync<string>(keys);

        Assert.Equal(keys.Length, read.Count);
        Assert.All(keys, key => Assert.Equal(left.Contains(key) ? key : null, read[key].Value));
        Assert.InRange(read.Values.Count(result => result.HasValue), 500, 2000);
    }

    // What cannot be fetched blocks neither what can nor the host, and is given up in the end.
    [Fact]
    public async Task Listed_keys_that_cannot_be_fetched_are_given_up_and_the_others_are_near()
    {
        await using (var writer = Make())
        {
            await writer.SetManyAsync(Items);
        }

        _remote.IsOddAway = true;
        var giveUp = TimeSpan.FromSeconds(15);   // RuleLease and ten seconds
        await using var cache = Make(options =>
        {
            options.WarmUp = TimeSpan.FromSeconds(2);
            options.Rules[0].Preload.Add("product:0", "product:1", "product:2", "product:3");
        });
        var turned = await TurnUntilAsync(() => cache.Snapshot().NearEntries == 2, "those that can be fetched are near");
        Assert.False(cache.Snapshot().IsWarm);
        turned += await TurnUntilAsync(() => cache.Snapshot().IsWarm, "the host is ready");
        Assert.True(turned >= TimeSpan.FromSeconds(2), $"It did not wait: {turned}");

        await TurnUntilAsync(() => (turned += Step) > giveUp, "they are given up");
        _remote.IsOddAway = false;
        await TurnUntilAsync(() => AreServedNear(cache), "the server is confirmed");
        var rest = TimeSpan.FromSeconds(5);
        await TurnUntilAsync(() => (rest -= Step) < TimeSpan.Zero && AreServedNear(cache), "they would have been fetched by now");

        Assert.Equal(2, cache.Snapshot().NearEntries);
        Assert.Equal(CacheSource.Near, (await cache.GetAsync<string>("product:0")).Source);
        Assert.Equal(CacheSource.Remote, (await cache.GetAsync<string>("product:1")).Source);
        Assert.Equal(CacheSource.Near, (await cache.GetAsync<string>("product:1")).Source);
    }

    private static TimeSpan Step => TimeSpan.FromMilliseconds(50);

    private static bool AreServedNear(NearCacheClient cache) => cache.Snapshot().Servers.All(server => server.IsServedNear);

    private NearCacheClient Make(Action<NearCacheOptions>? configure = null)
    {
        var options = new NearCacheOptions
        {
            KeyPrefix = "",
            LifetimeJitter = 0,
            Rules = { new RuleOptions { Name = "products", Match = "product:*", NearLifetime = TimeSpan.FromMinutes(30) } },
        };
        configure?.Invoke(options);
        return new NearCacheClient(options, _remote, timeProvider: _time);
    }

    private async Task<TimeSpan> TurnUntilAsync(Func<bool> condition, string what)
    {
        var turned = TimeSpan.Zero;
        await Eventually.BecomesTrueAsync(
            () =>
            {
                _time.Advance(Step);
                turned += Step;
                return condition();
            },
            what);
        return turned;
    }
}
