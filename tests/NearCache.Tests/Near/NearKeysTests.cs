namespace NearCache.Tests.Near;

public sealed class NearKeysTests
{
    [Fact]
    public async Task A_key_may_be_a_span_or_an_interpolated_string()
    {
        await using var cache = Make();
        var number = 7;
        await cache.SetAsync("product:7", "seven");

        Assert.Equal(CacheSource.Remote, (await cache.GetAsync<string>($"product:{number}")).Source);
        Assert.Equal(("seven", CacheSource.Near), Of(await cache.GetAsync<string>($"product:{number}")));
        Assert.Equal(("seven", CacheSource.Near), Of(await cache.GetAsync<string>("GET product:7 HTTP".AsSpan(4, 9))));
        Assert.Equal(CacheSource.None, (await cache.GetAsync<string>("product:8".AsSpan())).Source);
    }

    [Fact]
    public async Task A_factory_runs_once_for_all_forms_of_a_key()
    {
        await using var cache = Make();
        var runs = 0;
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("made", await cache.GetOrCreateAsync($"product:{1}", "made", MadeAsync));
            Assert.Equal("made", await cache.GetOrCreateAsync("a product:1".AsSpan(2), "made", MadeAsync));
            Assert.Equal("made", await cache.GetOrCreateAsync($"product:{1}", token => MadeAsync("made", token)));
            Assert.Equal("made", await cache.GetOrCreateAsync("a product:1".AsSpan(2), token => MadeAsync("made", token)));
            Assert.Equal("made", (await cache.GetOrCreateResultAsync($"product:{1}", token => MadeAsync("made", token))).Value);
            Assert.Equal("made", (await cache.GetOrCreateResultAsync("a product:1".AsSpan(2), token => MadeAsync("made", token))).Value);
        }

        Assert.Equal(1, runs);
        Assert.True((await cache.GetAsync<string>("product:1")).HasValue);

        ValueTask<string> MadeAsync(string value, CancellationToken cancellationToken)
        {
            runs++;
            return ValueTask.FromResult(value);
        }
    }

    [Theory]
    [InlineData(LongKeyPolicy.Refuse)]
    [InlineData(LongKeyPolicy.Hash)]
    public async Task A_counter_accepts_all_forms_of_a_key(LongKeyPolicy longKeys)
    {
        await using var cache = new NearCacheClient(new NearCacheOptions { LongKeys = longKeys });
        var number = 7;

        Assert.Equal(1, await cache.IncrementAsync("views:7"));
        Assert.Equal(3, await cache.IncrementAsync($"views:{number}", 2));
        Assert.Equal(4, await cache.IncrementAsync("GET views:7 HTTP".AsSpan(4, 7)));
        await Assert.ThrowsAsync<ArgumentException>(() => cache.IncrementAsync(default(ReadOnlySpan<char>)));
        await Assert.ThrowsAsync<ArgumentException>(() => cache.IncrementAsync($"{number} views"));
    }

    [Fact]
    public async Task An_invalid_key_of_any_form_throws()
    {
        await using var cache = Make();
        var bad = "two words";

        await Assert.ThrowsAsync<ArgumentException>(() => cache.GetAsync<string>($"product:{bad}").AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => cache.GetAsync<string>(default(ReadOnlySpan<char>)).AsTask());
    }

    [Fact]
    public async Task A_near_hit_by_any_form_of_a_key_allocates_nothing()
    {
        await using var cache = Make();
        await cache.SetAsync("product:7", "seven");
        await cache.GetAsync<string>("product:7");
        Assert.Equal(0, Allocations.Of(() => Run(1000)));

        void Run(int times)
        {
            for (var i = 0; i < times; i++)
            {
                var number = 7;
                var first = cache.GetAsync<string>($"product:{number}");
                var second = cache.GetAsync<string>("a product:7".AsSpan(2));
                var third = cache.GetOrCreateAsync<int, string>(
                    $"product:{number}", 0, static (_, _) => throw new InvalidOperationException("It is near."));
                var fourth = cache.GetOrCreateAsync<string>(
                    $"product:{number}", static _ => throw new InvalidOperationException("It is near."));
                var fifth = cache.GetOrCreateResultAsync<string>(
                    $"product:{number}", static _ => throw new InvalidOperationException("It is near."));
                var sixth = cache.GetOrCreateResultAsync<string>(
                    "a product:7".AsSpan(2), static _ => throw new InvalidOperationException("It is near."));
                if (!IsNear(first) || !IsNear(second) || !IsSeven(third) || !IsSeven(fourth) || !IsNear(fifth) || !IsNear(sixth))
                {
                    throw new InvalidOperationException("It is not near.");
                }
            }
        }

        static bool IsNear(ValueTask<CacheResult<string>> read) => read.IsCompletedSuccessfully && read.Result.Source == CacheSource.Near;

        static bool IsSeven(ValueTask<string> read) => read.IsCompletedSuccessfully && read.Result == "seven";
    }

    private static (T? Value, CacheSource Source) Of<T>(CacheResult<T> result) => (result.Value, result.Source);

    private static NearCacheClient Make() =>
        new(
            new NearCacheOptions
            {
                MaxStaleness = TimeSpan.FromHours(1),
                Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
            });
}
