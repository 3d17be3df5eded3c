using System.Runtime.CompilerServices;
using System.Text;
using NearCache.Coherence.Core;
using NearCache.HotKeys;
using NearCache.HotKeys.Core;
using NearCache.Near;
using NearCache.TestSupport;
using NearCache.Tests.Near;

namespace NearCache.Tests.HotKeys;

public sealed class KeyTrafficTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly KeyTraffic _traffic;

    public KeyTrafficTests() =>
        _traffic = new KeyTraffic(TimeSpan.FromMinutes(1), new NearClock(_time), _time, near: null, new LockedRandom(1));

    public void Dispose() => _traffic.Dispose();

    [Fact]
    public void Rates_are_those_of_the_events()
    {
        for (var i = 0; i < 600; i++)
        {
            Read("product:1", times: 20);
            Read($"product:{i}", times: 1);
            Written("product:1", KeyWriteKind.Change, bytes: 100);
            _time.Advance(TimeSpan.FromSeconds(0.1));
        }

        var now = _traffic.Snapshot(keys: 10, prefixes: 10);

        var hot = now.Keys[0];
        Assert.Equal("product:1", hot.Text);
        Assert.InRange(hot.Rates.Reads, 190, 210);
        Assert.InRange(hot.Rates.Writes, 9.5, 10.5);
        Assert.Equal(100, hot.Rates.MeanBytes);
        var prefix = Assert.Single(now.Prefixes);
        Assert.Equal("product:", prefix.Text);
        Assert.InRange(prefix.Rates.Reads, 200, 220);

        // Each of ten writes a second costs a read, and each of ten other keys a second is read once.
        Assert.InRange(prefix.Rates.Saved, 180, 200);
        Assert.Equal(60, now.Observed.TotalSeconds, tolerance: 1);
    }

    [Fact]
    public void The_monitor_takes_no_sampled_hit_before_it_is_counted()
    {
        using var fixture = new NearStoreFixture(time: _time);
        using var traffic = new KeyTraffic(TimeSpan.FromMinutes(1), new NearClock(_time), _time, fixture.Store, new LockedRandom(1));
        fixture.Put("product:1", "value");
        for (var hit = 0; hit < 2048; hit++)
        {
            Assert.True(fixture.Store.TryGet<string>("product:1", out _));
        }

        // A monitor that looks more often than hits are counted.
        Assert.Null(traffic.TakeSampledHit());
        _time.Advance(TimeSpan.FromMilliseconds(KeyTraffic.Period));

        Assert.Equal("product:1", traffic.TakeSampledHit()?.Key);
        Assert.Null(traffic.TakeSampledHit());
        Assert.True(Assert.Single(traffic.Snapshot(keys: 10, prefixes: 1).Keys).Rates.NearHits > 0);
    }

    [Fact]
    public void Many_events_are_sampled_and_the_rates_stay_right()
    {
        var keys = Enumerable.Range(0, 20).Select(i => $"site:{i}").ToArray();
        for (var i = 0; i < 300; i++)
        {
            foreach (var key in keys)
            {
                Read(key, times: 100);
            }

            _time.Advance(TimeSpan.FromSeconds(0.1));
        }

        var now = _traffic.Snapshot(keys: 20, prefixes: 10);

        Assert.InRange(now.Prefixes[0].Rates.Reads, 19_000, 21_000);
        Assert.InRange(now.Prefixes[0].Rates.Saved, 18_900, 21_000);
        Assert.Equal(20, now.Keys.Count);
        Assert.All(now.Keys, key => Assert.InRange(key.Rates.Reads, 800, 1200));
    }

    [Fact]
    public void Some_reads_are_measured_each_once()
    {
        var measured = 0;
        for (var i = 0; i < 1000; i++)
        {
            var key = $"site:{i % 3}";
            Read(key, times: 1);
            var began = _traffic.Begin(key);
            _time.Advance(TimeSpan.FromMilliseconds(7));
            _traffic.End(HashOf(key), key, began);
            _traffic.Received(HashOf(key), key, bytes: 1000);
            measured += began != 0 ? 1 : 0;

            // Another read of the same name does not count, and neither does this one again.
            Assert.Equal(0, _traffic.Begin(new string(key)));
            Assert.Equal(0, _traffic.Begin(key));
        }

        Assert.InRange(measured, 20, 150);
        Assert.All(_traffic.Snapshot(keys: 3, prefixes: 0).Keys, key =>
        {
            Assert.Equal(1000, key.Rates.MeanBytes);
            Assert.InRange(key.Rates.MeanMicroseconds!.Value, 6999, 7000);
        });
    }

    [Theory]
    [InlineData("k")]
    [InlineData(":")]
    [InlineData("::::::::::", ":", "::", ":::", "::::", ":::::", "::::::")]
    [InlineData("без разделителя")]
    [InlineData("价格:1", "价格:")]
    [InlineData("\ud83d\ude00:\ud83d\ude00/\ud83d\ude00", "\ud83d\ude00:", "\ud83d\ude00:\ud83d\ude00/")]
    [InlineData("a\r\n:<script>/\u0000b", "a\r\n:", "a\r\n:<script>/")]
    [InlineData("a*b:?", "a*b:")]
    public void Any_key_counts_and_its_prefixes_end_with_separators(string key, params string[] expected)
    {
        // Another key shares each prefix, or the longest would leave the others out.
        foreach (var prefix in expected)
        {
            Read($"{prefix}$$", times: 1);
        }

        Read(key, times: 1);
        _traffic.Received(HashOf(key), key, bytes: 10);

        var now = _traffic.Snapshot(keys: 100, prefixes: 100);
        Assert.Contains(key, now.Keys.Select(one => one.Text));
        Assert.Equal(expected, now.Prefixes.Select(prefix => prefix.Text).OrderBy(text => text.Length));
    }

    [Fact]
    public void Jumps_of_the_clock_leave_rates_that_are_numbers()
    {
        foreach (var jump in new[] { 1, 3600, 3600 * 24 * 365, 1 })
        {
            Read("site:1", times: 100);
            _time.Advance(TimeSpan.FromSeconds(jump));
            var now = _traffic.Snapshot(keys: 10, prefixes: 10);
            Assert.All(now.Keys.Concat(now.Prefixes), one => Assert.InRange(one.Rates.Reads, 0, 200));
            Assert.InRange(now.Uncovered.Reads, 0, 200);
        }

        Read("site:1", times: 1000);
        Assert.InRange(_traffic.Snapshot(keys: 10, prefixes: 10).Keys.Single().Rates.Reads, 30, 1000);
    }

    [Fact]
    public void Keys_with_a_rule_count_as_keys_and_not_for_prefixes_and_tags_do_not_count()
    {
        _traffic.Read(HashOf("product:1"), "product:1", isCovered: true);
        _traffic.Read(HashOf("~tag:x"), "~tag:x", isCovered: true);
        _traffic.Read(HashOf("site:1"), "site:1", isCovered: false);

        var now = _traffic.Snapshot(keys: 10, prefixes: 10);

        Assert.Equal(["product:1", "site:1"], now.Keys.Select(key => key.Text).Order());
        Assert.Equal(["site:"], now.Prefixes.Select(prefix => prefix.Text));
    }

    [Fact]
    public void A_prefix_that_a_longer_one_explains_is_left_out()
    {
        for (var i = 0; i < 100; i++)
        {
            Read($"shop:de:product:{i % 10}", times: 1);
            Read($"shop:de:price:{i % 10}", times: 1);
            Read($"blog:post:{i % 10}", times: 1);
        }

        var now = _traffic.Snapshot(keys: 0, prefixes: 10);

        Assert.Equal(
            ["blog:post:", "shop:de:", "shop:de:price:", "shop:de:product:"], now.Prefixes.Select(prefix => prefix.Text).Order());
    }

    [Fact]
    public void Counting_allocates_nothing_once_the_table_is_full()
    {
        var keys = Enumerable.Range(0, 2000).Select(i => $"a:{i}:b:{i}").ToArray();
        var hashes = keys.Select(HashOf).ToArray();
        void Run()
        {
            for (var i = 0; i < keys.Length; i++)
            {
                _traffic.Read(hashes[i], keys[i], isCovered: false);
                _traffic.Written(hashes[i], keys[i], isCovered: false, KeyWriteKind.Change, bytes: 10);
                _traffic.Received(hashes[i], keys[i], bytes: 10);
            }
        }

        Run();

        Assert.Equal(0, Allocations.Of(Run));
    }

    [Fact]
    public void The_memory_is_bounded_whatever_is_read()
    {
        var keys = new List<WeakReference>();
        ReadMany(keys);
        GC.Collect();

        // Two tables refer to one key for each of their entries; everything else has a fixed size.
        Assert.InRange(keys.Count(key => key.IsAlive), TrafficSketch.MaxKeys, TrafficSketch.MaxKeys + TrafficSketch.MaxPrefixes);
        Assert.Equal(256 * 1024, RecentReads.Bytes);
        Assert.InRange(HeavyHitters.BytesOf(TrafficSketch.MaxKeys) + HeavyHitters.BytesOf(TrafficSketch.MaxPrefixes), 1, 96 * 1024);
    }

    // A method of its own, so that no local variable keeps a key alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ReadMany(List<WeakReference> keys)
    {
        for (var i = 0; i < 50_000; i++)
        {
            var key = $"{i}:{new string('k', 100)}:{i}";
            keys.Add(new WeakReference(key));
            Read(key, times: 1);
        }
    }

    [Fact]
    public async Task Threads_that_count_at_once_lose_little_and_break_nothing()
    {
        const int Threads = 4;
        const int Events = 50_000;
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < Events; i++)
            {
                Read($"product:{(i * 7) % 3000}", times: 1);
                if (i % 1000 == 0)
                {
                    _traffic.Snapshot(10, 10);
                }
            }
        })));

        // One second is the shortest time of a rate.
        var now = _traffic.Snapshot(10, 10);
        Assert.InRange(now.Prefixes[0].Rates.Reads, 1, Threads * Events * 1.25);
        Assert.InRange(now.Uncovered.Reads, now.Prefixes[0].Rates.Reads * 0.99, now.Prefixes[0].Rates.Reads * 1.01);
    }

    private static KeyHash HashOf(string key) => KeyHash.Of(Encoding.UTF8.GetBytes(key));

    private void Read(string key, int times)
    {
        var hash = HashOf(key);
        for (; times > 0; times--)
        {
            _traffic.Read(hash, key, isCovered: false);
        }
    }

    private void Written(string key, KeyWriteKind kind, int bytes) => _traffic.Written(HashOf(key), key, isCovered: false, kind, bytes);

    // A seeded Random returns only zeros once several threads have used it at the same time.
    private sealed class LockedRandom(int seed) : Random
    {
        private readonly Random _random = new(seed);

        public override int Next()
        {
            lock (_random)
            {
                return _random.Next();
            }
        }
    }
}
