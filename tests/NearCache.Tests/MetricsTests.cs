using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace NearCache.Tests;

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
        await using var cache = new NearCacheClient(new NearCacheOptions { Rules = { new RuleOptions { Name = "products", Match = "product:*" } } }, meters: meters);
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
        await using var cache = new NearCacheClient(new NearCacheOptions { Rules = { new RuleOptions { Name = "products", Match = "product:*" } } }, meters: meters);
        await cache.SetAsync("product:1", "one");

        await cache.GetAsync<string>("product:1");
        await cache.GetAsync<int>("product:1");
        await cache.GetAsync<string>("basket:1");

        Assert.Equal(["absent", "type"], reasons);
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

        await using var shop = new NearCacheClient(new NearCacheOptions { Namespace = "shop" }, meters: factory);
        await using var stock = new NearCacheClient(new NearCacheOptions { Namespace = "stock" }, meters: factory);

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
