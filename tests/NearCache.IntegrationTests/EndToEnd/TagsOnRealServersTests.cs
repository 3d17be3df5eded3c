using Microsoft.Extensions.Caching.Hybrid;
using NearCache.IntegrationTests.Rules;
using NearCache.TestSupport;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// Sequences after which other hybrid caches keep a stale value, on memcached and ZooKeeper, each cache with separate connections and a
/// separate session.
/// </summary>
public sealed class TagsOnRealServersTests(ITestOutputHelper output)
{
    private const HybridCacheEntryFlags NoFactory = HybridCacheEntryFlags.DisableUnderlyingData;

    [Fact]
    public async Task A_removed_tag_is_gone_everywhere_whatever_was_under_way()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 2, servers: 2, Configure);
        var (here, there) = (new NearHybridCache(fleet.Caches[0]), new NearHybridCache(fleet.Caches[1]));

        await OnAnotherNodeAsync(here, there);
        await DuringAFactoryAsync(here, there);
        await using var refreshing = RuleFleet.Make(fleet.Memcached, fleet.ZooKeeper, options =>
        {
            Configure(options);
            options.EagerRefresh = 0.02;
        });
        await DuringARefreshAsync(new NearHybridCache(refreshing), there);
    }

    [Fact]
    public async Task A_new_process_serves_none_of_a_thousand_entries_whose_tag_was_removed_before_it_began()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 1, servers: 2, Configure);
        var first = new NearHybridCache(fleet.Caches[0]);
        for (var i = 0; i < 1010; i++)
        {
            await DoneAsync(() => first.SetAsync($"entry-{i}", "old", tags: [i < 1000 ? $"tag-{i % 10}" : "kept", "all"]));
        }

        for (var i = 0; i < 10; i++)
        {
            await DoneAsync(() => first.RemoveByTagAsync($"tag-{i}"));
        }

        await using var newcomer = RuleFleet.Make(fleet.Memcached, fleet.ZooKeeper, Configure);
        var second = new NearHybridCache(newcomer);

        // These reads show that the new process reads the stored values from every server.
        for (var i = 1000; i < 1010; i++)
        {
            await Eventually.BecomesTrueAsync(
                async () => await ReadAsync(second, $"entry-{i}") == "old", "the newcomer reads what the first has stored");
        }

        var stale = 0;
        for (var i = 0; i < 1000; i++)
        {
            stale += await ReadAsync(second, $"entry-{i}") is null ? 0 : 1;
        }

        output.WriteLine($"[FIGURE] a new process after removals by tag: {stale} of 1000 stale");
        Assert.Equal(0, stale);
        await DoneAsync(() => first.RemoveByTagAsync("all"));
        await Eventually.BecomesTrueAsync(async () => await ReadAsync(second, "entry-1000") is null, "the newcomer has heard of it");
        for (var i = 0; i < 1010; i++)
        {
            Assert.Null(await ReadAsync(second, $"entry-{i}"));
        }
    }

    private static async Task OnAnotherNodeAsync(HybridCache here, HybridCache there)
    {
        for (var i = 0; i < 20; i++)
        {
            var (key, tag) = ($"node-{i}", $"node-tag-{i}");
            await Eventually.BecomesTrueAsync(
                async () => await MakeAsync(there, key, "old", tag) == "old" && await NearAsync(there, key) == "old",
                "the entry is near there");
            await Eventually.BecomesTrueAsync(
                async () => await MakeAsync(here, key, "old", tag) == "old" && await NearAsync(here, key) == "old",
                "the entry is near here");

            await DoneAsync(() => there.RemoveByTagAsync(tag));

            Assert.Null(await ReadAsync(there, key));
            await Eventually.BecomesTrueAsync(async () => await ReadAsync(here, key) is null, "the removal is seen here");
            Assert.Equal("new", await MakeAsync(here, key, "new", tag));
            await Eventually.BecomesTrueAsync(
                async () => await MakeAsync(here, key, "new", tag) == "new" && await ReadAsync(there, key) == "new",
                "the new entry is seen there");
        }
    }

    private static async Task DuringAFactoryAsync(HybridCache here, HybridCache there)
    {
        for (var i = 0; i < 20; i++)
        {
            var (key, tag) = ($"factory-{i}", $"factory-tag-{i}");
            var (began, source) = (new TaskCompletionSource(), new TaskCompletionSource<string>());
            var creation = here.GetOrCreateAsync(
                key,
                async _ =>
                {
                    began.TrySetResult();
                    return await source.Task;
                },
                tags: [tag]).AsTask();
            await began.Task;

            await DoneAsync(() => there.RemoveByTagAsync(tag));
            source.SetResult("old");

            Assert.Equal("old", await creation);
            Assert.Null(await ReadAsync(there, key));
            await Eventually.BecomesTrueAsync(async () => await ReadAsync(here, key) is null, "what was made before the removal is gone");
            Assert.Equal("new", await MakeAsync(there, key, "new", tag));
            await Eventually.BecomesTrueAsync(
                async () => await MakeAsync(there, key, "new", tag) == "new" && await ReadAsync(here, key) == "new",
                "the new entry is seen here");
        }
    }

    private static async Task DuringARefreshAsync(HybridCache here, HybridCache there)
    {
        const string Key = "refresh";
        const string Tag = "refresh-tag";
        var (began, source) = (new TaskCompletionSource(), new TaskCompletionSource<string>());
        var options = new HybridCacheEntryOptions
        {
            Expiration = TimeSpan.FromSeconds(60),
            Flags = HybridCacheEntryFlags.DisableLocalCache,
        };
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await here.GetOrCreateAsync(Key, _ => ValueTask.FromResult("first"), options, [Tag]);
                return await ReadAsync(there, Key) == "first";
            },
            "here is connected, and the entry is stored");

        // // EagerRefresh: a second or two later one caller refreshes the value. A refresh that meets the removal reads the source once
        // more, which is not asserted here.
        var (runs, reads) = (0, new List<Task<string>>());
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                var read = here.GetOrCreateAsync(
                    Key,
                    async _ =>
                    {
                        var isFirst = Interlocked.Increment(ref runs) == 1;
                        began.TrySetResult();
                        var answer = await source.Task;
                        return isFirst ? answer : "after the removal";
                    },
                    options,
                    [Tag]).AsTask();
                reads.Add(read);
                await Task.WhenAny(read, began.Task);
                return began.Task.IsCompleted;
            },
            "the refresh has begun");

        await DoneAsync(() => there.RemoveByTagAsync(Tag));
        source.SetResult("refreshed");

        List<string?> old = ["first", "refreshed"];
        Assert.DoesNotContain(await ReadAsync(there, Key), old);
        await Eventually.BecomesTrueAsync(
            async () => !old.Contains(await ReadAsync(here, Key)), "neither the first nor what the refresh brought is served here");
        Assert.DoesNotContain(await ReadAsync(there, Key), old);
        await Task.WhenAll(reads);
        await DoneAsync(() => there.RemoveAsync(Key));
        Assert.Equal("new", await MakeAsync(there, Key, "new", Tag));
        await Eventually.BecomesTrueAsync(
            async () => await MakeAsync(there, Key, "new", Tag) == "new" && await ReadAsync(here, Key) == "new",
            "the new entry is seen here");
    }

    // A write fails on a server that is not connected yet, or on a busy machine: retry.
    private static Task DoneAsync(Func<ValueTask> write) => Eventually.BecomesTrueAsync(
        async () =>
        {
            try
            {
                await write();
                return true;
            }
            catch (NearCacheException)
            {
                return false;
            }
        },
        "the write is done");

    private static void Configure(NearCacheOptions options)
    {
        options.Namespace = "tags";
        options.ChurnBreaker = false;
        options.Rules.Add(new RuleOptions { Name = "hybrid", Match = "h:*" });
    }

    private static ValueTask<string?> MakeAsync(HybridCache cache, string key, string value, string tag) =>
        cache.GetOrCreateAsync(key, value, static (value, _) => ValueTask.FromResult<string?>(value), tags: [tag]);

    private static ValueTask<string?> ReadAsync(HybridCache cache, string key) => ReadAsync(cache, key, NoFactory);

    private static ValueTask<string?> NearAsync(HybridCache cache, string key) =>
        ReadAsync(cache, key, NoFactory | HybridCacheEntryFlags.DisableDistributedCache);

    private static ValueTask<string?> ReadAsync(HybridCache cache, string key, HybridCacheEntryFlags flags) =>
        cache.GetOrCreateAsync<string?>(
            key, static _ => throw new InvalidOperationException("No factory may run."), new HybridCacheEntryOptions { Flags = flags });
}
