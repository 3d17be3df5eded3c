using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using NearCache.Memcached.Protocol;
using NearCache.Tests.Creating;
using NearCache.Tests.Reading;
using NearCache.TestSupport.Diagnostics;

namespace NearCache.Tests.Diagnostics;

public sealed class MetricsTests
{
    [Fact]
    public async Task A_sample_of_the_hits_tells_how_old_their_confirmation_was()
    {
        var ages = new List<double>();
        using var meters = new Meters();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                // Of this cache alone: others, with clocks that tests turn, run beside it.
                if (meters.Has(instrument.Meter) && instrument.Name == "nearcache.near.confirmation_age")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, age, _, _) =>
        {
            lock (ages)
            {
                ages.Add(age);
            }
        });
        listener.Start();
        await using var cache = new NearCacheClient(
            new NearCacheOptions { Rules = { new RuleOptions { Name = "products", Match = "product:*" } } }, meterFactory: meters);
        await cache.SetAsync("product:1", "one");

        for (var i = 0; i < 5000; i++)
        {
            await cache.GetAsync<string>("product:1");
        }

        lock (ages)
        {
            Assert.NotEmpty(ages);
            Assert.All(ages, age => Assert.InRange(age, 0, 5));
        }
    }

    [Fact]
    public async Task A_near_miss_tells_why()
    {
        var reasons = new List<object?>();
        using var meters = new Meters();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (meters.Has(instrument.Meter) && instrument.Name == "nearcache.near.misses")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => reasons.Add(tags[0].Value));
        listener.Start();
        await using var cache = new NearCacheClient(
            new NearCacheOptions { Rules = { new RuleOptions { Name = "products", Match = "product:*" } } }, meterFactory: meters);
        await cache.SetAsync("product:1", "one");

        await cache.GetAsync<string>("product:1");
        await cache.GetAsync<int>("product:1");
        await cache.GetAsync<string>("basket:1");

        Assert.Equal(["absent", "type"], reasons);
    }

    [Fact]
    public async Task What_the_near_tier_keeps_drops_and_refuses_is_counted_with_the_reason()
    {
        using var meters = new MeterRecorder();
        await using var shelf = new CacheFixture();
        var cache = shelf.Make(options => (options.NearEntries, options.StaleLifetime) = (2, TimeSpan.FromMinutes(1)), meters);
        for (var i = 1; i <= 3; i++)
        {
            await cache.SetAsync($"product:{i}", "value");
            await cache.GetAsync<string>($"product:{i}");
        }

        await cache.GetAsync<string>("product:3");
        Assert.Equal((3, 2, 1, 1), (Sum("near.misses", "reason=absent"), Sum("near.entries"), Sum("near.evictions"), Sum("near.hits")));
        Assert.True(Sum("near.bytes") > 2 * 200);

        // It has a second at most: not worth keeping.
        await cache.SetAsync("product:short", "value", new CacheEntryOptions { Lifetime = TimeSpan.FromSeconds(1) });
        await cache.GetAsync<string>("product:short");
        Assert.Equal(1, Sum("near.fills_discarded", "reason=expiring"));

        // Nobody can confirm it any more; then its time is over, too.
        shelf.IsAway = true;
        shelf.Time.Advance(TimeSpan.FromSeconds(10));
        await cache.GetAsync<string>("product:3");
        Assert.Equal((1, 1), (Sum("near.misses", "reason=unconfirmed"), Sum("remote.failures", "operation=get")));
        Assert.Equal("made", await cache.GetOrCreateAsync("product:4", _ => ValueTask.FromResult("made")));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => cache.GetOrCreateAsync<string>("product:5", _ => throw new InvalidOperationException()).AsTask());
        Assert.Equal(
            (1, 1, 2),
            (Sum("factory.runs", "outcome=returned"), Sum("factory.runs", "outcome=failed"), meters.Count("nearcache.factory.duration")));

        double Sum(string instrument, params string[] tags) => meters.Sum($"nearcache.{instrument}", tags);
    }

    [Fact]
    public async Task A_value_of_a_newer_format_is_a_miss_that_is_counted_and_the_factory_replaces_it()
    {
        using var meters = new MeterRecorder();
        await using var shelf = new CacheFixture();
        var cache = shelf.Make(meterFactory: meters);
        await shelf.Server.ExecuteAsync(
            MetaCommand.Set(Encoding.UTF8.GetBytes(CacheFixture.Key), "of tomorrow"u8.ToArray(), 100) with { ClientFlags = 0xFFFF_FF00 },
            CancellationToken.None);

        Assert.False((await cache.GetAsync<string>(CacheFixture.Key)).HasValue);
        Assert.Equal((1, 1), (meters.Sum("nearcache.remote.unreadable"), meters.Sum("nearcache.reads", "outcome=miss")));
        Assert.Equal("made", await cache.GetOrCreateAsync(CacheFixture.Key, _ => ValueTask.FromResult("made")));
        Assert.Equal("made", (await cache.GetAsync<string>(CacheFixture.Key)).Value);
    }

    [Fact]
    public async Task Caches_of_one_container_have_meters_of_their_own_that_say_whose_they_are()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var meters = new ConcurrentQueue<Meter>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Scope == factory && instrument.Name == "nearcache.near.hits")
                {
                    meters.Enqueue(instrument.Meter);
                }
            },
        };
        listener.Start();

        await using var shop = new NearCacheClient(new NearCacheOptions { Namespace = "shop" }, meterFactory: factory);
        await using var stock = new NearCacheClient(new NearCacheOptions { Namespace = "stock" }, meterFactory: factory);

        Assert.Equal(["shop", "stock"], meters.Select(meter => meter.Tags!.Single(tag => tag.Key == "nearcache.namespace").Value));
    }

    private sealed class Meters : IMeterFactory
    {
        private readonly ConcurrentQueue<Meter> _made = new();   // others' instruments are asked about on their threads

        public bool Has(Meter meter) => _made.Contains(meter);

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options);
            _made.Enqueue(meter);
            return meter;
        }

        public void Dispose()
        {
            foreach (var meter in _made)
            {
                meter.Dispose();
            }
        }
    }
}
