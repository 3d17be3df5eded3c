using System.Collections.Frozen;
using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json;
using NearCache.Near;
using NearCache.TestSupport;

namespace NearCache.Tests.Near;

public sealed class NearValuesTests
{
    [Fact]
    public async Task Immutable_values_are_shared()
    {
        await using var cache = Make();

        Assert.Same(await HitAsync(cache, "a text"), await HitAsync<string>(cache));
        Assert.Same(await HitAsync(cache, new Price(3)), await HitAsync<Price>(cache));
        Assert.Same(await HitAsync(cache, new Version(1, 2)), await HitAsync<Version>(cache));
        Assert.True((await HitAsync(cache, new ReadOnlyMemory<byte>([1, 2]))).Equals(await HitAsync<ReadOnlyMemory<byte>>(cache)));
    }

    [Fact]
    public async Task Each_hit_gets_a_copy_of_a_mutable_value()
    {
        await using var cache = Make();
        var basket = await HitAsync(cache, new Basket { Items = { "a raincoat" } });
        basket.Items.Add("an umbrella");

        Assert.Equal(["a raincoat"], (await HitAsync<Basket>(cache)).Items);

        var bytes = await HitAsync(cache, new byte[] { 1, 2, 3 });
        bytes[0] = 9;

        Assert.Equal([1, 2, 3], await HitAsync<byte[]>(cache));
    }

    [Fact]
    public async Task A_type_that_is_declared_immutable_is_shared()
    {
        await using var cache = Make(configure: options => options.ImmutableTypes.Add(typeof(Basket)));

        Assert.Same(await HitAsync(cache, new Basket()), await HitAsync<Basket>(cache));
        Assert.Same((await HitAsync(cache, ImmutableArray.Create(new Basket())))[0], (await HitAsync<ImmutableArray<Basket>>(cache))[0]);
        Assert.NotSame(await HitAsync(cache, new List<Basket>()), await HitAsync<List<Basket>>(cache));
    }

    [Fact]
    public async Task A_rule_may_share_its_values()
    {
        await using var cache = Make(configure: options => options.Rules[0].ShareValues = true);

        Assert.Same(await HitAsync(cache, new Basket()), await HitAsync<Basket>(cache));
    }

    [Fact]
    public async Task Callers_that_wait_for_the_same_factory_get_one_copy_each()
    {
        await using var cache = Make();
        var made = new TaskCompletionSource<Basket>();
        var runs = 0;
        var callers = Enumerable.Range(0, 3).Select(_ => AskAsync()).ToArray();
        made.SetResult(new Basket { Items = { "a raincoat" } });
        var baskets = await Task.WhenAll(callers);

        Assert.Equal((1, 3), (runs, baskets.Distinct().Count()));
        baskets[0].Items.Add("an umbrella");
        Assert.All(baskets[1..], basket => Assert.Equal(["a raincoat"], basket.Items));

        Task<Basket> AskAsync() => cache.GetOrCreateAsync("product:1", async _ =>
        {
            runs++;
            return await made.Task;
        }).AsTask();
    }

    [Fact]
    public async Task Callers_that_wait_for_the_same_factory_share_an_immutable_value()
    {
        await using var cache = Make();
        var made = new TaskCompletionSource<Price>();
        var callers = Enumerable.Range(0, 3)
            .Select(_ => cache.GetOrCreateAsync("product:1", async _ => await made.Task).AsTask())
            .ToArray();
        made.SetResult(new Price(3));

        Assert.Single((await Task.WhenAll(callers)).Distinct(ReferenceEqualityComparer.Instance));
    }

    [Fact]
    public void Tuples_and_immutable_collections_are_as_immutable_as_their_items()
    {
        Assert.True(Immutability<ImmutableArray<string>>.IsImmutable);
        Assert.True(Immutability<ImmutableDictionary<string, Price>>.IsImmutable);
        Assert.True(Immutability<FrozenSet<Guid>>.IsImmutable);
        Assert.True(Immutability<(string Name, int? Count)>.IsImmutable);
        Assert.True(Immutability<Tuple<string, KeyValuePair<int, Uri>>>.IsImmutable);
        Assert.True(Immutability<DayOfWeek>.IsImmutable);

        Assert.False(Immutability<ImmutableArray<Basket>>.IsImmutable);
        Assert.False(Immutability<(string Name, List<string> Others)>.IsImmutable);
        Assert.False(Immutability<ImmutableList<byte[]>>.IsImmutable);
        Assert.False(Immutability<Memory<byte>>.IsImmutable);
        Assert.False(Immutability<(ReadOnlyMemory<byte>, int)>.IsImmutable);
        Assert.False(Immutability<ReadOnlyMemory<byte>?>.IsImmutable);
        Assert.False(Immutability<IReadOnlyList<string>>.IsImmutable);
        Assert.False(Immutability<Named>.IsImmutable);
        Assert.False(Immutability<Open>.IsImmutable);
        Assert.False(Immutability<Changing>.IsImmutable);
    }

    [Fact]
    public async Task A_factory_may_modify_its_array_afterwards()
    {
        await using var cache = Make();
        var made = await cache.GetOrCreateAsync("product:1", _ => ValueTask.FromResult<byte[]>([1, 2, 3]));
        made[0] = 9;

        var hit = await cache.GetAsync<byte[]>("product:1");
        Assert.Equal(CacheSource.Near, hit.Source);
        Assert.Equal([1, 2, 3], hit.Value);
    }

    [Fact]
    public async Task A_factory_may_reuse_the_array_behind_its_memory_afterwards()
    {
        await using var cache = Make();
        byte[] pooled = [1, 2, 3];
        await cache.GetOrCreateAsync("product:1", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(pooled));
        var hybrid = new NearHybridCache(cache);
        await hybrid.GetOrCreateAsync("1", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(pooled));
        await cache.GetOrCreateAsync("product:2", _ => ValueTask.FromResult<(ReadOnlyMemory<byte>, int)>((pooled, 1)));
        pooled.AsSpan().Fill(9);

        for (var i = 0; i < 2; i++)
        {
            var hit = await cache.GetAsync<ReadOnlyMemory<byte>>("product:1");
            Assert.Equal(CacheSource.Near, hit.Source);
            Assert.Equal([1, 2, 3], hit.Value.ToArray());
            Assert.Equal([1, 2, 3], (await cache.GetAsync<(ReadOnlyMemory<byte> Bytes, int)>("product:2")).Value.Bytes.ToArray());
            var other = await hybrid.GetOrCreateAsync<ReadOnlyMemory<byte>>("1", _ => throw new InvalidOperationException("It is there."));
            Assert.Equal([1, 2, 3], other.ToArray());
        }
    }

    [Fact]
    public async Task A_value_may_change_after_a_format_of_the_application_has_shared_its_bytes()
    {
        await using var cache = Make(configure: options => options.ValueFormat = new ImageFormat());
        var made = await cache.GetOrCreateAsync("product:1", _ => ValueTask.FromResult(new Image([1, 2, 3])));
        made.Pixels[0] = 9;

        var hit = await cache.GetAsync<Image>("product:1");
        Assert.Equal(CacheSource.Near, hit.Source);
        Assert.Equal([1, 2, 3], hit.Value!.Pixels);
    }

    [Fact]
    public async Task An_entry_never_outlives_its_item()
    {
        var time = new ManualTime();
        await using var cache = Make(time, options => options.LifetimeJitter = 0);
        await cache.SetAsync("product:1", "one", new CacheEntryOptions { Lifetime = TimeSpan.FromSeconds(10) });
        await cache.GetAsync<string>("product:1");

        // memcached counts whole seconds, so the last second is not used.
        time.Advance(TimeSpan.FromSeconds(8.9));
        Assert.Equal(CacheSource.Near, (await cache.GetAsync<string>("product:1")).Source);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(CacheSource.Remote, (await cache.GetAsync<string>("product:1")).Source);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False((await cache.GetAsync<string>("product:1")).HasValue);
    }

    [Fact]
    public async Task Entries_filled_together_expire_apart()
    {
        var time = new ManualTime();
        await using var cache = Make(time, options => (options.NearLifetime, options.LifetimeJitter) = (TimeSpan.FromSeconds(100), 0.1));
        var keys = Enumerable.Range(0, 200).Select(i => $"product:{i}").ToArray();
        await cache.SetManyAsync(keys.Select(key => KeyValuePair.Create(key, "a value")));
        Assert.All(await cache.GetManyAsync<string>(keys), found => Assert.Equal(CacheSource.Remote, found.Value.Source));

        time.Advance(TimeSpan.FromSeconds(89.9));
        Assert.All(await cache.GetManyAsync<string>(keys), found => Assert.Equal(CacheSource.Near, found.Value.Source));
        time.Advance(TimeSpan.FromSeconds(5));
        var left = (await cache.GetManyAsync<string>(keys)).Count(found => found.Value.Source == CacheSource.Near);
        Assert.InRange(left, 1, 199);
    }

    private static async Task<T> HitAsync<T>(NearCacheClient cache, T value)
    {
        await cache.SetAsync($"product:{typeof(T).Name}", value);
        await cache.GetAsync<T>($"product:{typeof(T).Name}");
        return await HitAsync<T>(cache);
    }

    private static async Task<T> HitAsync<T>(NearCacheClient cache)
    {
        var hit = await cache.GetAsync<T>($"product:{typeof(T).Name}");
        Assert.Equal(CacheSource.Near, hit.Source);
        return hit.Value!;
    }

    private static NearCacheClient Make(TimeProvider? time = null, Action<NearCacheOptions>? configure = null)
    {
        var options = new NearCacheOptions
        {
            MaxStaleness = TimeSpan.FromHours(1),
            Rules = { new RuleOptions { Name = "products", Match = "product:*" }, new RuleOptions { Name = "hybrid", Match = "h:*" } },
        };
        configure?.Invoke(options);
        return new NearCacheClient(options, timeProvider: time);
    }

    [ImmutableObject(true)]
    private sealed record Price(int Amount);

    // Not declared immutable.
    private sealed record Named(string Name);

    // A derived type may be mutable.
    [ImmutableObject(true)]
    private record Open(string Name);

    private sealed record Changing(string Name) : Open(Name)
    {
        public List<string> Others { get; } = [];
    }

    private sealed class Basket
    {
        public List<string> Items { get; init; } = [];
    }

    private sealed record Image(byte[] Pixels);

    // The bytes of an image are its pixels themselves.
    private sealed class ImageFormat : IValueFormat
    {
        public uint NullFlags => 1;

        public ValueCodec<T> CodecFor<T>(JsonSerializerOptions json) => (ValueCodec<T>)(object)new Codec();

        public ValueMatch Match(uint found, uint written) => found == NullFlags ? ValueMatch.Null : ValueMatch.Value;

        private sealed class Codec : ValueCodec<Image>
        {
            public override uint ClientFlags => 0;

            public override ReadOnlyMemory<byte> Encode(Image value) => value.Pixels;

            public override Image Decode(ReadOnlyMemory<byte> bytes) => new(bytes.ToArray());
        }
    }
}
