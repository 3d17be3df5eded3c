using System.Runtime.CompilerServices;
using NearCache.Near;

namespace NearCache.Tests.Near;

/// <summary>Tests the hash table of the near tier in isolation.</summary>
public sealed class NearMapTests
{
    [Fact]
    public void A_key_of_any_length_is_found_whole_and_behind_a_prefix()
    {
        using var near = new NearStoreFixture();
        var map = new NearMap(new Lock());
        var entries = Enumerable.Range(0, 70)
            .Select(length => EntryOf(near, string.Concat(Enumerable.Range(0, length).Select(at => (char)('a' + (at % 26))))))
            .ToArray();
        Assert.All(entries, entry => Assert.Null(Put(map, entry)));

        foreach (var entry in entries)
        {
            Assert.Same(entry, map.Find(new NearKey(new string(entry.Key))));
            Assert.Same(entry, map.Find(new NearKey($"-{entry.Key}-".AsSpan(1, entry.Key.Length))));
            if (entry.Key.Length >= 2)
            {
                Assert.Same(entry, map.Find(new NearKey(entry.Key[..2], entry.Key.AsSpan(2))));
                Assert.Null(map.Find(new NearKey("h:", entry.Key.AsSpan(2))));
            }

            // One different character.
            for (var at = 0; at < entry.Key.Length; at++)
            {
                Assert.Null(map.Find(new NearKey(string.Concat(entry.Key.AsSpan(0, at), "#", entry.Key.AsSpan(at + 1)))));
            }
        }

        Assert.Null(map.Find(new NearKey(entries[^1].Key + "z")));
        Assert.Null(map.Find(new NearKey("a\0")));
    }

    [Fact]
    public void A_new_entry_of_a_key_replaces_the_old_one_and_returns_it()
    {
        using var near = new NearStoreFixture();
        var map = new NearMap(new Lock());
        var (first, second) = (EntryOf(near, "product:1"), EntryOf(near, "product:1"));

        Assert.Null(map.Put(first));
        Assert.Same(first, map.Put(second));
        Assert.Same(second, map.Find(new NearKey("product:1")));
        Assert.False(map.Remove(first));
        Assert.Same(second, map.Find(new NearKey("product:1")));
        Assert.Same(second, map.Remove(new NearKey("product:1")));
        Assert.Null(map.Find(new NearKey("product:1")));
        Assert.Null(map.Remove(new NearKey("product:1")));
    }

    [Fact]
    public void An_insert_moves_few_buckets_and_every_entry_is_found_replaced_and_removed_meanwhile()
    {
        using var near = new NearStoreFixture();
        var map = new NearMap(new Lock());
        var buckets = map.BucketCount;
        var entries = Enumerable.Range(0, buckets / 2).Select(number => EntryOf(near, $"stay:{number}")).ToArray();
        Array.ForEach(entries, entry => map.Put(entry));
        Assert.Equal(2 * buckets, map.NeededSize);
        map.Double(new NearEntry?[2 * buckets]);

        for (var turn = 1; turn <= buckets / NearMap.BucketsPerPut; turn++)
        {
            Assert.Equal((buckets, 0), (map.BucketCount, map.NeededSize));
            var (key, known) = ($"{(turn % 3 == 0 ? "come" : "stay")}:{turn}", turn % 3 == 0 ? null : entries[turn]);
            var entry = EntryOf(near, key);
            Assert.Same(known, map.Put(entry));
            entries[turn] = known is null ? entries[turn] : entry;
            Assert.Same(entry, map.Find(new NearKey(key)));

            // From either table, in the order of the table.
            var removed = entries[^turn];
            Assert.Same(removed, map.Remove(new NearKey(removed.Key)));
            Assert.Null(map.Find(new NearKey(removed.Key)));
            Assert.False(map.Remove(removed));
            entries[^turn] = entry;
            Assert.All(entries, stays => Assert.Same(stays, map.Find(new NearKey(stays.Key))));
        }

        Assert.False(map.Move(0));
        Assert.Equal(2 * buckets, map.BucketCount);
        Assert.All(entries, stays => Assert.Same(stays, map.Find(new NearKey(stays.Key))));
    }

    // Compared with a Dictionary; removals also hit the middle of buckets.
    [Fact]
    public void Entries_are_found_after_every_resize()
    {
        using var near = new NearStoreFixture();
        var map = new NearMap(new Lock());
        var there = new Dictionary<string, NearEntry>();
        var random = new Random(1);
        for (var step = 0; step < 60_000; step++)
        {
            var key = $"product:{random.Next(20_000)}";
            if (random.Next(3) == 0)
            {
                Assert.Same(there.GetValueOrDefault(key), map.Remove(new NearKey(key)));
                there.Remove(key);
            }
            else
            {
                var entry = EntryOf(near, key);
                Assert.Same(there.GetValueOrDefault(key), Put(map, entry));
                there[key] = entry;
            }
        }

        Assert.True(there.Count > 5000);
        for (var number = 0; number < 20_000; number++)
        {
            Assert.Same(there.GetValueOrDefault($"product:{number}"), map.Find(new NearKey($"product:{number}")));
        }
    }

    // With real threads: entries move between buckets during lookups, and other entries are removed.
    [Fact]
    public void Readers_find_entries_during_resizes_and_removals()
    {
        const int tables = 30;
        using var near = new NearStoreFixture();
        var gate = new Lock();
        var (missed, looks, done) = (0, 0L, false);
        var current = new StrongBox<(NearMap Map, NearEntry[] Stay)>();
        var reader = new Thread(() =>
        {
            while (!Volatile.Read(ref done))
            {
                var (map, stay) = Volatile.Read(ref current).Value;
                foreach (var entry in stay ?? [])
                {
                    missed += map.Find(new NearKey(entry.Key)) == entry ? 0 : 1;
                    looks++;
                }
            }
        });
        reader.Start();
        for (var table = 0; table < tables; table++)
        {
            var map = new NearMap(gate);
            var stay = Enumerable.Range(0, 400).Select(number => EntryOf(near, $"stay:{number}")).ToArray();
            lock (gate)
            {
                Array.ForEach(stay, entry => Put(map, entry));
            }

            Volatile.Write(ref current, new((map, stay)));
            NearEntry? before = null;
            for (var number = 0; number < 20_000; number++)
            {
                var entry = EntryOf(near, $"come:{number}");
                lock (gate)
                {
                    Put(map, entry);
                    if (number % 3 == 2)
                    {
                        map.Remove(before!);
                    }
                }

                before = entry;
            }
        }

        Volatile.Write(ref done, true);
        reader.Join();
        Assert.Equal(0, missed);
        Assert.True(looks > 0);
    }

    [Fact]
    public void Keys_that_differ_in_a_digit_are_spread_over_the_buckets()
    {
        const int buckets = 1 << 16;
        var counts = new int[buckets];
        for (var number = 0; number < buckets; number++)
        {
            counts[new NearKey($"product:{number:D16}").Hash % buckets]++;
        }

        // At random, 36.8 % of the buckets stay empty, and the longest has 8 or 9 entries.
        Assert.InRange(counts.Count(count => count == 0), (int)(0.34 * buckets), (int)(0.40 * buckets));
        Assert.InRange(counts.Max(), 2, 16);
    }

    // As the store does.
    private static NearEntry? Put(NearMap map, NearEntry entry)
    {
        var replaced = map.Put(entry);
        if (map.NeededSize is > 0 and var size)
        {
            map.Double(new NearEntry?[size]);
        }

        return replaced;
    }

    private static NearEntry EntryOf(NearStoreFixture near, string key)
    {
        var token = near.Begin(key);
        var validity = near.Store.ValidityOf(near.Rule, near.Server, token);
        return new NearEntry(key, null, 0, validity, token.Sent.Monotonic, token.Sent.Monotonic + 60_000, CacheVersion.None);
    }
}
