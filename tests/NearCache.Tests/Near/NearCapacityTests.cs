using NearCache.Near;
using NearCache.Near.Eviction;
using NearCache.Rules;

namespace NearCache.Tests.Near;

public sealed class NearCapacityTests
{
    [Fact]
    public void Entries_never_exceed_the_limit_and_the_newest_is_always_kept()
    {
        using var near = new NearStoreFixture(entries: 100);
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(near.Put($"product:{i}", i));
            Assert.True(near.Has($"product:{i}"));
            Assert.True(near.Store.Entries <= 100);
        }

        Assert.Equal(900, near.Store.Evictions);
    }

    [Fact]
    public void An_entry_read_often_outlives_entries_read_once()
    {
        using var near = new NearStoreFixture(entries: 100);
        near.Put("product:popular", "one");
        for (var i = 0; i < 10_000; i++)
        {
            Assert.True(near.Has("product:popular"));
            near.Put($"product:{i}", i);
        }
    }

    [Fact]
    public void A_new_entry_is_kept_although_all_others_were_read()
    {
        using var near = new NearStoreFixture(entries: 1000);
        for (var i = 0; i < 3000; i++)
        {
            near.Put($"product:{i}", i);
            for (var j = Math.Max(0, i - 999); i % 500 == 499 && j <= i; j++)
            {
                near.Has($"product:{j}");
            }
        }

        Assert.Equal(1000, near.Store.Entries);
        Assert.True(near.Has("product:2999"));
    }

    // However many entries there are: the store passes over at most 256 used entries, and then evicts one, used or not.
    [Fact]
    public void An_insert_looks_at_a_bounded_number_of_entries()
    {
        const int room = 5000;
        using var near = new NearStoreFixture(entries: room);
        string[] keys = [.. Enumerable.Range(0, room).Select(i => $"product:{i}")];
        Assert.All(keys, key => Assert.True(near.Put(key, "a value")));
        for (var i = 0; i < 50; i++)
        {
            var before = Array.ConvertAll(keys, key => Use(near, key));

            Assert.True(near.Put($"new:{i}", "a value"));

            var changed = keys.Where((key, number) => near.Store.Find(key)?.Uses != before[number]?.Uses);
            Assert.InRange(changed.Count(), 0, 257);
            Assert.Equal(room, near.Store.Entries);
        }

        static (NearEntry Entry, byte Uses)? Use(NearStoreFixture near, string key)
        {
            if (near.Store.Find(key) is not { } entry)
            {
                return null;
            }

            entry.Uses = EvictionNode.MaxUses;
            return (entry, entry.Uses);
        }
    }

    [Fact]
    public void An_expired_entry_is_evicted_first_although_it_was_used()
    {
        using var near = new NearStoreFixture(entries: 3);
        near.Put("product:over", "two", lifetime: TimeSpan.FromMilliseconds(1));
        near.Put("product:good", "one");
        near.Has("product:good");
        near.Has("product:over");
        near.Put("product:other", "three");
        near.Has("product:other");
        near.Time.Advance(TimeSpan.FromMilliseconds(2));

        near.Put("product:new", "four");

        Assert.True(near.Has("product:good"));
        Assert.True(near.Has("product:other"));
    }

    [Fact]
    public void A_key_counts_once()
    {
        using var near = new NearStoreFixture(entries: 10);
        for (var i = 0; i < 100; i++)
        {
            near.Put("product:1", i, bytes: i);
        }

        Assert.Equal((1, 0), (near.Store.Entries, near.Store.Evictions));
        near.Void("product:1");
        Assert.Equal((0, 0), (near.Store.Entries, near.Store.Bytes));
    }

    [Fact]
    public void A_bound_on_bytes_counts_keys_values_and_the_entry()
    {
        using var near = new NearStoreFixture(entries: 1000, bytes: 10_000);
        for (var i = 0; i < 100; i++)
        {
            near.Put($"product:{i:D2}", "a value", bytes: 300);
            Assert.InRange(near.Store.Bytes, 1, 10_000);
        }

        // 200 for the entry, 20 for the key, 300 for the value.
        Assert.Equal(10_000 / 520, near.Store.Entries);
        Assert.Equal(520 * near.Store.Entries, near.Store.Bytes);
    }

    [Fact]
    public void A_large_value_evicts_many_small_ones()
    {
        using var near = new NearStoreFixture(entries: 1000, bytes: 100_000);
        for (var i = 0; i < 400; i++)
        {
            near.Put($"product:{i:D3}", "small");
        }

        Assert.True(near.Put("product:big", "large", bytes: 80_000));

        Assert.True(near.Has("product:big"));
        Assert.InRange(near.Store.Bytes, 80_000, 100_000);
    }

    [Fact]
    public void A_value_larger_than_the_limit_is_not_kept_and_evicts_nothing()
    {
        using var near = new NearStoreFixture(entries: 1000, bytes: 10_000);
        near.Put("product:1", "small");

        Assert.False(near.Put("product:big", "large", bytes: 20_000));

        Assert.True(near.Has("product:1"));
        Assert.False(near.Has("product:big"));
    }

    [Fact]
    public void A_corrected_size_counts_in_the_rule_the_store_and_the_budget()
    {
        var memory = new MemoryBudget(1_000_000);
        using var near = new NearStoreFixture(bytes: 100_000, memory: memory);
        var small = near.RuleOf(new Rule("small", new KeyPattern("small:*")) { MaxBytes = 5000 });
        for (var i = 0; i < 10; i++)
        {
            near.Put("large:" + i, i);
            near.Put(small, "small:" + i, i);
        }

        near.Store.Resize(near.Store.Find("large:0")!, 50_000);
        Assert.Equal(memory.Used, near.Store.Bytes);
        Assert.Equal(50_000 + (20 * 200) + (20 * 14), near.Store.Bytes);

        // What the limit of the rule does not hold leaves, and nothing of other rules.
        var grown = near.Store.Find("small:9")!;
        near.Store.Resize(grown, 4000);
        Assert.Equal((4, 6), (Enumerable.Range(0, 10).Count(i => near.Has("small:" + i)), near.Store.Evictions));
        Assert.InRange(grown.Partition.Bytes, 1, 5000);
        Assert.All(Enumerable.Range(0, 10), i => Assert.True(near.Has("large:" + i)));
        Assert.Equal(memory.Used, near.Store.Bytes);

        // The size of an entry that has left, here by a newer value of its key, changes nothing.
        var old = near.Store.Find("large:1")!;
        near.Put("large:1", 2);
        var before = near.Store.Bytes;
        near.Store.Resize(old, 90_000);
        Assert.Equal((before, before), (near.Store.Bytes, memory.Used));

        // An entry that exceeds a limit alone leaves alone.
        near.Store.Resize(near.Store.Find("large:2")!, 100_000);
        Assert.False(near.Has("large:2"));
        Assert.Equal((before - 214, before - 214), (near.Store.Bytes, memory.Used));
        near.Store.Resize(near.Store.Find("large:0")!, 0);
        Assert.Equal(before - 214 - 50_000, near.Store.Bytes);
    }

    [Fact]
    public void Lower_limits_apply_within_seconds()
    {
        using var near = new NearStoreFixture(entries: 10_000);
        for (var i = 0; i < 5000; i++)
        {
            near.Put($"product:{i}", i, lifetime: TimeSpan.FromHours(1));
        }

        near.Store.SetLimits(1000, 0);
        near.Time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(1000, near.Store.Entries);
    }

    // A small form of the benchmark with a million keys.
    [Fact]
    public void More_reads_are_hits_than_with_an_LRU()
    {
        const int keys = 20_000;
        const int capacity = 1000;
        using var near = new NearStoreFixture(entries: capacity);
        var names = Enumerable.Range(0, keys).Select(i => $"product:{i}").ToArray();
        var random = new Random(1);
        var places = new Dictionary<int, LinkedListNode<int>>();
        var recent = new LinkedList<int>();
        var (hits, lruHits) = (0, 0);
        for (var i = 0; i < 200_000; i++)
        {
            var number = (int)Math.Pow(keys, random.NextDouble()) - 1;
            if (near.Has(names[number]))
            {
                hits++;
            }
            else
            {
                near.Put(names[number], number);
            }

            if (places.Remove(number, out var place))
            {
                recent.Remove(place);
                lruHits++;
            }
            else if (places.Count == capacity)
            {
                places.Remove(recent.Last!.Value);
                recent.RemoveLast();
            }

            places[number] = recent.AddFirst(number);
        }

        Assert.True(hits >= 0.98 * lruHits, $"{hits} of 200,000 are hits, {lruHits} with an LRU");
    }

    [Fact]
    public async Task Concurrent_fills_reads_and_voids_keep_the_counts_exact()
    {
        using var near = new NearStoreFixture(entries: 100, bytes: 40_000);
        var names = Enumerable.Range(0, 300).Select(i => $"product:{i}").ToArray();
        var limited = near.RuleOf(new Rule("limited", new KeyPattern("product:*")) { MaxEntries = 20 });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 20_000; i++)
            {
                var name = names[random.Next(names.Length)];
                switch (random.Next(4))
                {
                    case 0:
                        near.Void(name);
                        break;
                    case 1:
                        near.Put(random.Next(3) == 0 ? limited : near.Rule, name, i, bytes: random.Next(500));
                        break;
                    default:
                        near.Has(name);
                        break;
                }
            }
        })));

        Assert.InRange(near.Store.Entries, 0, 100);
        Assert.InRange(near.Store.Bytes, 0, 40_000);

        // Each rule knows its own room.
        RuleCounters[] counters = [near.Rule.Counters, limited.Counters];
        Assert.Equal(near.Store.Entries, counters.Sum(rule => rule.NearEntries));
        Assert.Equal(near.Store.Bytes, counters.Sum(rule => rule.NearBytes));
        Assert.InRange(limited.Counters.NearEntries, 0, 20);
        foreach (var name in names)
        {
            near.Void(name);
        }

        Assert.Equal((0, 0), (near.Store.Entries, near.Store.Bytes));
        Assert.All(counters, rule => Assert.Equal((0, 0), (rule.NearEntries, rule.NearBytes)));
    }
}
