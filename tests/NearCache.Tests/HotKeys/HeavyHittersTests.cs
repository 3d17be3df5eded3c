using System.Globalization;
using System.Runtime.CompilerServices;
using NearCache.HotKeys.Core;

namespace NearCache.Tests.HotKeys;

public sealed class HeavyHittersTests
{
    [Fact]
    public void Every_key_with_more_than_its_share_is_in_the_table_and_its_bounds_hold()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var (table, exact, all) = (new HeavyHitters(16), new Dictionary<int, double>(), 0.0);
            for (var i = 0; i < 3000; i++)
            {
                // Few hot keys, many cold ones; some hashes collide in the places of the table.
                var key = random.Next(3) == 0 ? random.Next(5) : random.Next(400);
                var weight = 1 + random.Next(3);
                table.Add(HashOf(key), $"{key}", $"{key}".Length, weight).Reads += weight;
                exact[key] = exact.GetValueOrDefault(key) + weight;
                all += weight;
            }

            Assert.Equal(16, table.All().Length);
            foreach (var slot in table.All())
            {
                var truth = exact[int.Parse(slot.Name, CultureInfo.InvariantCulture)];
                Assert.InRange(truth, slot.Certain, slot.Total);
                Assert.InRange(slot.Counts.Reads, 0, truth);
                Assert.InRange(slot.Error, 0, all / 16);
            }

            foreach (var (key, _) in exact.Where(one => one.Value > all / 16))
            {
                Assert.False(Unsafe.IsNullRef(ref table.Find(HashOf(key))));
            }
        }

        // Low bits repeat, so that probe sequences overlap.
        static ulong HashOf(int key) => ((ulong)key * 0x9E37_79B9_7F4A_7C15 & ~0xFFul) | ((ulong)key % 3);
    }

    [Fact]
    public void A_key_that_was_replaced_is_not_found_and_the_others_are()
    {
        var table = new HeavyHitters(4);
        foreach (var key in new ulong[] { 8, 16, 24, 32 })
        {
            table.Add(key, $"{key}", $"{key}".Length, key);
        }

        table.Add(40, "40", 2, 1);

        Assert.True(Unsafe.IsNullRef(ref table.Find(8)));
        Assert.All(new ulong[] { 16, 24, 32, 40 }, key => Assert.False(Unsafe.IsNullRef(ref table.Find(key))));
        var added = table.All().Single(hitter => hitter.Text == "40");
        Assert.Equal((9, 8), (added.Total, added.Error));
    }

    [Fact]
    public void A_rate_is_right_at_once_and_decays_to_an_eighth_in_a_minute()
    {
        var decay = new ForwardDecay(now: 5000);
        var sum = 0.0;
        for (var now = 5000; now < 5000 + 120_000; now += 100)
        {
            sum *= decay.Advance(now);
            sum += 10 * decay.Weight;
            if (now is 10_000 or 25_000 or 65_000)
            {
                Assert.InRange(decay.RateOf(sum), 98, 103);
            }
        }

        decay.Advance(5000 + 180_000);

        Assert.InRange(decay.RateOf(sum), 12, 13);
    }

    [Fact]
    public void Weights_stay_small_over_a_year()
    {
        var decay = new ForwardDecay(now: 0);
        var sum = 0.0;
        for (long now = 0; now < 365 * 86_400_000L; now += 3_600_000)
        {
            sum = (sum * decay.Advance(now)) + (3_600_000 / 1000 * 7 * decay.Weight * ForwardDecay.Remaining(3_600_000));
            Assert.True(double.IsFinite(sum) && decay.Weight < 1e13);
        }

        // 7 a second, counted once an hour.
        Assert.InRange(decay.RateOf(sum), 6.9, 7.1);
    }

    [Theory]
    [InlineData("product:17", "product:")]
    [InlineData("shop:de/product:17", "shop:|shop:de/|shop:de/product:")]
    [InlineData("plain", "")]
    [InlineData("ends:", "")]
    [InlineData(":a", ":")]
    [InlineData("a:b:c:d:e:f:g:h", "a:|a:b:|a:b:c:|a:b:c:d:|a:b:c:d:e:|a:b:c:d:e:f:")]
    [InlineData("größe:ü:1", "größe:|größe:ü:")]
    public void Prefixes_end_with_a_separator_and_are_shorter_than_the_key(string key, string expected)
    {
        var found = new List<string>();
        var hashes = new HashSet<ulong>();
        var prefixes = new KeyPrefixes(key);
        while (prefixes.MoveNext())
        {
            found.Add(key[..prefixes.Length]);
            Assert.True(hashes.Add(prefixes.Hash));
        }

        Assert.Equal(expected, string.Join('|', found));
    }

    [Theory]
    [InlineData("lock:17", KeyNature.Lock)]
    [InlineData("shop:OrderLock:17", KeyNature.Lock)]
    [InlineData("MUTEX/1", KeyNature.Lock)]
    [InlineData("block:17", KeyNature.Unknown)]
    [InlineData("clock:utc", KeyNature.Unknown)]
    [InlineData("user-session-17", KeyNature.Session)]
    [InlineData("basket:9", KeyNature.Session)]
    [InlineData("pageCounter:9", KeyNature.Counter)]
    [InlineData("discount:9", KeyNature.Unknown)]
    [InlineData("country:de", KeyNature.Unknown)]
    [InlineData("product:17", KeyNature.Unknown)]
    [InlineData("", KeyNature.Unknown)]
    public void A_word_of_the_name_tells_the_nature(string name, KeyNature nature) => Assert.Equal(nature, KeyNatures.OfName(name));
}
