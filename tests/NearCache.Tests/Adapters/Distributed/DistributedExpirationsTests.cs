using System.Globalization;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using NearCache.Remote.Embedded;
using NearCache.Tests.Reading;
using NearCache.TestSupport;

namespace NearCache.Tests.Adapters.Distributed;

/// <summary>How long entries are there: ours and Microsoft's in-memory cache are asked the same, and must say the same.</summary>
public sealed class DistributedExpirationsTests
{
    private static readonly double[] Moments = [0, 4, 8, 12, 16, 20, 24, 28, 40, 80];

    private static readonly Dictionary<string, Func<DateTimeOffset, DistributedCacheEntryOptions>> Options = new()
    {
        ["none"] = _ => new(),
        ["date"] = now => new() { AbsoluteExpiration = now.AddSeconds(10) },
        ["date in another zone"] = now => new() { AbsoluteExpiration = now.AddSeconds(10).ToOffset(TimeSpan.FromHours(-9)) },
        ["date far away"] = now => new() { AbsoluteExpiration = now.AddDays(60) },
        ["last date"] = _ => new() { AbsoluteExpiration = DateTimeOffset.MaxValue },
        ["span"] = _ => new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(10) },
        ["span below a second"] = _ => new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromMilliseconds(300) },
        ["long span"] = _ => new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromDays(100_000) },
        ["sliding"] = _ => new() { SlidingExpiration = TimeSpan.FromSeconds(10) },
        ["sliding below a second"] = _ => new() { SlidingExpiration = TimeSpan.FromMilliseconds(300) },
        ["longest sliding"] = _ => new() { SlidingExpiration = TimeSpan.MaxValue },
        ["sliding until a date"] = now => new() { SlidingExpiration = TimeSpan.FromSeconds(10), AbsoluteExpiration = now.AddSeconds(22) },
        ["sliding for a span"] = _ =>
            new() { SlidingExpiration = TimeSpan.FromSeconds(10), AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(22) },
        ["sliding for longer than its span"] = _ =>
            new() { SlidingExpiration = TimeSpan.FromSeconds(60), AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(10) },
        ["date before the span's end"] = now =>
            new() { AbsoluteExpiration = now.AddSeconds(10), AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(22) },
        ["span before the date"] = now =>
            new() { AbsoluteExpiration = now.AddSeconds(22), AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(10) },
        ["all three"] = now =>
            new()
            {
                AbsoluteExpiration = now.AddSeconds(18),
                AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(30),
                SlidingExpiration = TimeSpan.FromSeconds(6),
            },
    };

    public static TheoryData<string> Cases => [.. Options.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task An_entry_that_nobody_asks_for_ends_when_Microsofts_does(string options) =>
        await CompareAsync(options, async (Func<World> start, Func<World, Task> set) =>
    {
        var seen = new List<string>();
        foreach (var moment in Moments)
        {
            await using var world = start();
            await set(world);
            world.Time.Advance(TimeSpan.FromSeconds(moment));
            seen.Add(Text(moment, await world.Cache.GetAsync("key") is not null));
        }

        return seen;
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task An_entry_that_is_read_ends_when_Microsofts_does(string options) =>
        await CompareAsync(options, WithSteps(async world => await world.Cache.GetAsync("key") is not null));

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task An_entry_that_is_refreshed_ends_when_Microsofts_does(string options) =>
        await CompareAsync(options, async (start, set) =>
    {
        // Whether it is there is found out in the end alone, since asking is a refresh, too.
        var seen = new List<string>();
        for (var steps = 0; steps < 8; steps++)
        {
            await using var world = start();
            await set(world);
            for (var step = 0; step < steps; step++)
            {
                world.Time.Advance(TimeSpan.FromSeconds(4));
                if (step % 2 == 0)
                {
                    await world.Cache.RefreshAsync("key");
                }
                else
                {
                    world.Cache.Refresh("key");
                }
            }

            seen.Add(Text(4 * steps, await world.Cache.GetAsync("key") is not null));
        }

        return seen;
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task An_entry_that_is_set_anew_ends_as_its_newer_options_say(string options)
    {
        var first = Options[options];
        await CompareAsync(
            "sliding",
            WithSteps(async world => await world.Cache.GetAsync("key") is not null),
            before: world => world.Cache.SetAsync("key", [1], first(world.Time.GetUtcNow())));
    }

    // Microsoft's cannot add it to the time of day.
    [Fact]
    public async Task The_longest_span_is_for_ever()
    {
        await using var ours = World.Ours();
        await ours.Cache.SetAsync("key", [1], new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.MaxValue });
        ours.Time.Advance(TimeSpan.FromHours(2));

        Assert.Equal([1], await ours.Cache.GetAsync("key"));
    }

    // As the caches for Redis and SQL Server do; the one in memory forgets the entry without a word.
    [Fact]
    public async Task A_date_that_is_not_in_the_future_is_refused_and_what_was_there_stays()
    {
        await using var ours = World.Ours();
        await ours.Cache.SetAsync("key", [1]);
        foreach (var seconds in new[] { -1, 0 })
        {
            var options = new DistributedCacheEntryOptions { AbsoluteExpiration = ours.Time.GetUtcNow().AddSeconds(seconds) };
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ours.Cache.SetAsync("key", [2], options));
            Assert.Throws<ArgumentOutOfRangeException>(() => ours.Cache.Set("key", [2], options));
        }

        Assert.Equal([1], await ours.Cache.GetAsync("key"));
    }

    private static string Text(double moment, bool isThere) =>
        string.Create(CultureInfo.InvariantCulture, $"{moment} s: {(isThere ? "there" : "gone")}");

    private static Func<Func<World>, Func<World, Task>, Task<List<string>>> WithSteps(Func<World, Task<bool>> look) => async (start, set) =>
    {
        await using var world = start();
        await set(world);
        var seen = new List<string>();
        for (var moment = 4; moment < 40; moment += 4)
        {
            world.Time.Advance(TimeSpan.FromSeconds(4));
            seen.Add(Text(moment, await look(world)));
        }

        return seen;
    };

    private static async Task CompareAsync(
        string options, Func<Func<World>, Func<World, Task>, Task<List<string>>> look, Func<World, Task>? before = null)
    {
        Assert.Equal(await look(World.Microsofts, SetAsync), await look(World.Ours, SetAsync));

        async Task SetAsync(World world)
        {
            if (before is not null)
            {
                await before(world);
            }

            await world.Cache.SetAsync("key", [1], Options[options](world.Time.GetUtcNow()));
        }
    }

    private sealed class World : IAsyncDisposable
    {
        private NearCacheClient? _client;

        public ManualTime Time { get; } = new();

        public required IDistributedCache Cache { get; set; }

        public static World Microsofts()
        {
            var world = new World { Cache = null! };
            world.Cache = new MemoryDistributedCache(
                Microsoft.Extensions.Options.Options.Create(new MemoryDistributedCacheOptions { Clock = new SystemClock(world.Time) }));
            return world;
        }

        public static World Ours()
        {
            var world = new World { Cache = null! };
            world._client = new NearCacheClient(
                new NearCacheOptions { Rules = { new RuleOptions { Name = "distributed", Match = "d:*" } } },
                new EmbeddedRemote(world.Time),
                timeProvider: world.Time);
            world.Cache = new NearDistributedCache(world._client);
            return world;
        }

        public async ValueTask DisposeAsync()
        {
            if (_client is { } client)
            {
                await client.DisposeAsync();
            }
        }
    }
}
