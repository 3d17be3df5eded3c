using Microsoft.Extensions.Caching.Hybrid;
using NearCache.TestSupport;

namespace NearCache.Tests.Adapters.Hybrid;

/// <summary>The six ways to ask, by text, span or interpolated text, with a state and without: all are the same call.</summary>
public sealed class HybridOverloadsTests
{
    private static readonly HybridCacheEntryOptions RemoteOnly = new() { Flags = HybridCacheEntryFlags.DisableLocalCache };

    public static TheoryData<string> Ways => ["text", "text and state", "span", "span and state", "interpolated", "interpolated and state"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_miss_runs_the_factory_and_a_hit_does_not(string way)
    {
        await using var world = HybridFixture.Start();
        var asked = new Asked(world.Cache, way);

        Assert.Equal("made 1", await asked.ForAsync("key 1"));
        Assert.Equal(("made 1", "made 1"), (await world.Cache.NearAsync("key 1"), await world.Cache.RemoteAsync("key 1")));
        Assert.Equal("made 1", await asked.ForAsync("key 1"));
        Assert.Equal("made 2", await asked.ForAsync("key 2"));
        Assert.Equal("made 3", await asked.ForAsync("#key"));
        Assert.Equal("made 3", await asked.ForAsync("#key"));
        Assert.Equal("made 4", await asked.ForAsync(new string('k', 500)));
        Assert.Equal("made 4", await asked.ForAsync(new string('k', 500)));
        Assert.Equal("made 5", await asked.ForAsync(""));
        Assert.Equal("made 6", await asked.ForAsync(""));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Options_and_tags_count(string way)
    {
        await using var world = HybridFixture.Start();
        var asked = new Asked(world.Cache, way);

        await asked.ForAsync("key", RemoteOnly, ["red"]);
        Assert.Equal((null, "made 1"), (await world.Cache.NearAsync("key"), await world.Cache.RemoteAsync("key")));
        Assert.Equal("made 1", await asked.ForAsync("key"));
        await world.Cache.SetAsync(
            "key", "near", new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableDistributedCacheWrite }, ["red"]);
        Assert.Equal(("near", "made 1"), (await asked.ForAsync("key"), await asked.ForAsync("key", RemoteOnly)));
        await world.Cache.RemoveByTagAsync("red");

        Assert.Equal("made 2", await asked.ForAsync("key"));
        await Assert.ThrowsAsync<ArgumentException>(() => asked.ForAsync("other", tags: ["*"]));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Cancelling_counts(string way)
    {
        await using var world = HybridFixture.Start();
        var asked = new Asked(world.Cache, way);
        await asked.ForAsync("there");

        foreach (var key in new[] { "there", "not there" })
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => asked.ForAsync(key, cancellationToken: new CancellationToken(canceled: true)));
        }

        Assert.Equal(1, asked.Runs);
        Assert.Null(await world.Cache.AnywhereAsync("not there"));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_key_may_be_changed_as_soon_as_the_call_has_returned(string way)
    {
        await using var world = HybridFixture.Start();
        var source = new TaskCompletionSource<string>();
        var key = "key 1".ToCharArray();
        var call = way switch
        {
            "span" => world.Cache.GetOrCreateAsync(key.AsSpan(), async _ => await source.Task).AsTask(),
            "span and state" => world.Cache.GetOrCreateAsync(key.AsSpan(), source, static async (source, _) => await source.Task).AsTask(),
            "interpolated" => world.Cache.GetOrCreateAsync($"{key.AsSpan()}", async _ => await source.Task).AsTask(),
            "interpolated and state" => world.Cache.GetOrCreateAsync(
                $"{key.AsSpan()}", source, static async (source, _) => await source.Task).AsTask(),
            "text and state" => world.Cache.GetOrCreateAsync(new string(key), source, static async (source, _) => await source.Task)
                .AsTask(),
            _ => world.Cache.GetOrCreateAsync(new string(key), async _ => await source.Task).AsTask(),
        };

        key[^1] = '2';
        source.SetResult("made");

        Assert.Equal("made", await call);
        Assert.Equal(("made", null), (await world.Cache.AnywhereAsync("key 1"), await world.Cache.AnywhereAsync("key 2")));
    }

    [Fact]
    public async Task A_near_hit_allocates_nothing_whatever_the_way()
    {
        await using var world = HybridFixture.Start();
        var cache = world.Cache;
        await cache.GetOrCreateAsync("product:7", static _ => ValueTask.FromResult("seven"), tags: ["red"]);
        Assert.Equal(0, Allocations.Of(() => Run(1000)));

        void Run(int times)
        {
            for (var i = 0; i < times; i++)
            {
                var number = 7;
                var near = IsSeven(
                    cache.GetOrCreateAsync<string>("product:7", static _ => throw new InvalidOperationException("It is near.")))
                    && IsSeven(
                        cache.GetOrCreateAsync<int, string>(
                            "product:7", i, static (_, _) => throw new InvalidOperationException("It is near.")))
                    && IsSeven(
                        cache.GetOrCreateAsync<string>(
                            "a product:7".AsSpan(2), static _ => throw new InvalidOperationException("It is near.")))
                    && IsSeven(
                        cache.GetOrCreateAsync<int, string>(
                            "a product:7".AsSpan(2), i, static (_, _) => throw new InvalidOperationException("It is near.")))
                    && IsSeven(
                        cache.GetOrCreateAsync<string>($"product:{number}", static _ => throw new InvalidOperationException("It is near.")))
                    && IsSeven(
                        cache.GetOrCreateAsync<int, string>(
                            $"product:{number}", i, static (_, _) => throw new InvalidOperationException("It is near.")));
                if (!near)
                {
                    throw new InvalidOperationException("It is not near.");
                }
            }
        }

        static bool IsSeven(ValueTask<string> read) => read.IsCompletedSuccessfully && read.Result == "seven";
    }

    private sealed class Asked(HybridCache cache, string way)
    {
        public int Runs { get; private set; }

        public Task<string> ForAsync(
            string key,
            HybridCacheEntryOptions? options = null,
            IEnumerable<string>? tags = null,
            CancellationToken cancellationToken = default) => way switch
            {
                "text" => cache.GetOrCreateAsync(key, Make, options, tags, cancellationToken).AsTask(),
                "text and state" => cache.GetOrCreateAsync(
                    key, this, static (asked, token) => asked.Make(token), options, tags, cancellationToken).AsTask(),
                "span" => cache.GetOrCreateAsync(key.AsSpan(), Make, options, tags, cancellationToken).AsTask(),
                "span and state" => cache.GetOrCreateAsync(
                    key.AsSpan(), this, static (asked, token) => asked.Make(token), options, tags, cancellationToken).AsTask(),
                "interpolated" => cache.GetOrCreateAsync($"{key}", Make, options, tags, cancellationToken).AsTask(),
                "interpolated and state" => cache.GetOrCreateAsync(
                    $"{key}", this, static (asked, token) => asked.Make(token), options, tags, cancellationToken).AsTask(),
                _ => throw new ArgumentException(way),
            };

        private ValueTask<string> Make(CancellationToken cancellationToken)
        {
            Assert.False(cancellationToken.IsCancellationRequested);
            return ValueTask.FromResult($"made {++Runs}");
        }
    }
}
