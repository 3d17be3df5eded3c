using NearCache.Near;
using NearCache.Rules;

namespace NearCache.Tests.Near;

public sealed class MemoryBudgetTests
{
    [Fact]
    public void All_stores_of_a_process_share_the_budget_and_the_largest_evicts()
    {
        var memory = new MemoryBudget(64_000);
        using var first = new NearStoreFixture(entries: 10_000, memory: memory);
        using var second = new NearStoreFixture(entries: 10_000, memory: memory);
        for (var i = 0; i < 200; i++)
        {
            Assert.True(first.Put($"product:{i}", "a value", bytes: 1000));
            Assert.InRange(memory.Used, 1, 64_000);
        }

        for (var i = 0; i < 20; i++)
        {
            Assert.True(second.Put($"product:{i}", "a value", bytes: 1000));
            Assert.InRange(memory.Used, 1, 64_000);
        }

        Assert.Equal(20, second.Store.Entries);
        Assert.Equal(0, second.Store.Evictions);
        Assert.True(first.Store.Evictions > 150);
        Assert.Equal(memory.Used, first.Store.Bytes + second.Store.Bytes);
    }

    [Fact]
    public void A_disposed_store_takes_nothing_of_the_budget()
    {
        var memory = new MemoryBudget(64_000);
        using (var near = new NearStoreFixture(memory: memory))
        {
            near.Put("product:1", "a value", bytes: 1000);
            near.Put("product:1", "a value", bytes: 2000);
            near.Put("product:2", "a value", bytes: 1000);
            near.Void("product:2");
            Assert.Equal(near.Store.Bytes, memory.Used);
        }

        Assert.Equal(0, memory.Used);
    }

    [Fact]
    public void A_value_larger_than_the_budget_is_not_kept_and_evicts_nothing()
    {
        var memory = new MemoryBudget(64_000);
        using var near = new NearStoreFixture(memory: memory);
        near.Put("product:1", "a value", bytes: 1000);

        Assert.False(near.Put("product:2", "a value", bytes: 100_000));
        Assert.True(near.Has("product:1"));
    }

    [Fact]
    public void Pressure_lowers_the_limit_for_a_while_and_evicts_at_once()
    {
        var memory = new MemoryBudget(64_000);
        using var near = new NearStoreFixture(entries: 10_000, memory: memory);
        for (var i = 0; i < 100; i++)
        {
            near.Put($"product:{i}", "a value", bytes: 1000);
        }

        for (var collection = 1; collection <= 20; collection++)
        {
            memory.Adapt(collection, isPressed: true);
            Assert.InRange(memory.Used, 0, memory.Limit);
        }

        Assert.Equal(8000, memory.Limit);

        // A known collection changes nothing, and a collection without pressure does not lower the limit.
        memory.Adapt(20, isPressed: true);
        Assert.Equal(8000, memory.Limit);
        for (var collection = 21; collection < 21 + 56; collection++)
        {
            memory.Adapt(collection, isPressed: false);
        }

        Assert.Equal(64_000, memory.Limit);
    }

    [Fact]
    public void The_budget_of_the_process_is_a_fifth_of_what_the_collector_may_use() =>
        Assert.InRange(
            MemoryBudget.Process.Limit,
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 5 / 8 - 64,
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 5);

    [Fact]
    public void A_rule_with_its_own_limits_does_not_evict_entries_of_others()
    {
        using var near = new NearStoreFixture(entries: 1000);
        var own = near.RuleOf(new Rule("own", new KeyPattern("own:*")) { MaxEntries = 100 });
        for (var i = 0; i < 500; i++)
        {
            near.Put($"product:{i}", "a value");
        }

        for (var i = 0; i < 5000; i++)
        {
            Assert.True(near.Put(own, $"own:{i}", "a value"));
            Assert.True(near.Has($"own:{i}"));
        }

        Assert.Equal(600, near.Store.Entries);
        Assert.All(Enumerable.Range(0, 500), i => Assert.True(near.Has($"product:{i}")));
    }

    [Fact]
    public void A_rule_is_bounded_by_bytes_and_refuses_a_value_above_its_limit()
    {
        using var near = new NearStoreFixture(entries: 1000);
        var own = near.RuleOf(new Rule("own", new KeyPattern("own:*")) { MaxBytes = 10_000 });
        near.Put("product:1", "a value", bytes: 50_000);
        for (var i = 0; i < 100; i++)
        {
            near.Put(own, $"own:{i:D2}", "a value", bytes: 788);
        }

        Assert.Equal(1 + 10, near.Store.Entries);
        Assert.False(near.Put(own, "own:large", "a value", bytes: 20_000));
        Assert.Equal(1 + 10, near.Store.Entries);
    }

    // At the limit of all rules the largest evicts, although it is below its own limit.
    [Fact]
    public void The_limit_of_all_rules_evicts_from_the_largest()
    {
        using var near = new NearStoreFixture(entries: 1000);
        var large = near.RuleOf(new Rule("large", new KeyPattern("large:*")) { MaxEntries = 900 });
        for (var i = 0; i < 2000; i++)
        {
            near.Put(large, $"large:{i}", "a value");
        }

        Assert.Equal(900, near.Store.Entries);
        for (var i = 0; i < 400; i++)
        {
            near.Put($"product:{i}", "a value");
        }

        Assert.Equal(1000, near.Store.Entries);
        Assert.All(Enumerable.Range(0, 400), i => Assert.True(near.Has($"product:{i}")));
    }

    [Fact]
    public void A_rule_that_gets_its_own_limits_keeps_its_present_entries()
    {
        using var near = new NearStoreFixture(entries: 1000);
        var rule = new Rule("own", new KeyPattern("own:*"));
        var own = near.RuleOf(rule);
        near.Put(own, "own:before", "a value");
        own.Update(rule with { MaxEntries = 10 }, Defaults);
        for (var i = 0; i < 100; i++)
        {
            near.Put(own, $"own:{i}", "a value");
        }

        Assert.Equal(10, near.Store.Entries);
        near.Put(own, "own:before", "a value");
        Assert.Equal(10, near.Store.Entries);
        Assert.True(near.Has("own:before"));
    }

    [Fact]
    public void A_rule_whose_limits_are_lowered_keeps_to_them_within_seconds_without_inserts()
    {
        using var near = new NearStoreFixture(entries: 10_000);
        var rule = new Rule("own", new KeyPattern("own:*")) { MaxEntries = 1000, MaxBytes = 10_000_000 };
        var own = near.RuleOf(rule);
        for (var i = 0; i < 1000; i++)
        {
            near.Put(own, $"own:{i:D3}", "a value", bytes: 786);
        }

        own.Update(rule with { MaxEntries = 700 }, Defaults);
        near.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((700, 700), (near.Store.Entries, (int)own.Counters.NearEntries));

        own.Update(rule with { MaxBytes = 100_000 }, Defaults);
        near.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(100, near.Store.Entries);
        Assert.Equal(900, near.Store.Evictions);
        Assert.Equal(near.Store.Bytes, own.Counters.NearBytes);
    }

    // Its earlier entries are beside those of other rules.
    [Fact]
    public void A_rule_that_gets_limits_below_its_present_entries_keeps_to_them_within_a_sweep()
    {
        using var near = new NearStoreFixture(entries: 10_000);
        var rule = new Rule("own", new KeyPattern("own:*"));
        var own = near.RuleOf(rule);
        for (var i = 0; i < 500; i++)
        {
            near.Put(own, $"own:{i}", "a value");
            near.Put($"product:{i}", "a value");
        }

        own.Update(rule with { MaxEntries = 100 }, Defaults);
        near.Put(own, "own:new", "a value");
        near.Time.Advance(TimeSpan.FromSeconds(40));

        Assert.Equal(100, own.Counters.NearEntries);
        Assert.Equal(401, near.Store.Evictions);
        Assert.All(Enumerable.Range(0, 500), i => Assert.True(near.Has($"product:{i}")));
    }

    // One insert evicts 4,096 entries at most.
    [Fact]
    public void A_value_that_displaces_very_many_leaves_its_rule_above_its_limit_for_seconds_only()
    {
        using var near = new NearStoreFixture(entries: 10_000);
        var own = near.RuleOf(new Rule("own", new KeyPattern("own:*")) { MaxBytes = 2_000_000 });
        for (var i = 0; i < 9000; i++)
        {
            near.Put(own, $"own:{i:D4}", "a value", bytes: 4);
        }

        Assert.True(near.Put(own, "own:large", "a value", bytes: 1_900_000));
        near.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.InRange(own.Counters.NearBytes, 1_900_000, 2_000_000);
        Assert.True(near.Has("own:large"));
    }

    [Fact]
    public void Threads_that_fill_a_new_rule_at_once_use_one_partition()
    {
        using var near = new NearStoreFixture();
        for (var round = 0; round < 200; round++)
        {
            var own = near.RuleOf(new Rule($"own{round}", new KeyPattern("own:*")) { MaxEntries = 1 });
            var token = near.Begin("own:1");
            var partitions = new NearPartition[4];
            using var all = new Barrier(partitions.Length);
            Parallel.For(0, partitions.Length, new ParallelOptions { MaxDegreeOfParallelism = partitions.Length }, i =>
            {
                // Without a free thread the others go on after a moment; then this round shows less.
                all.SignalAndWait(TimeSpan.FromMilliseconds(5));
                partitions[i] = near.Store.ValidityOf(own, near.Server, token).Partition;
            });
            Assert.Single(partitions.Distinct());
        }
    }

    [Fact]
    public void Counts_are_exact_after_inserts_resizes_evictions_and_drops_by_many_threads()
    {
        var memory = new MemoryBudget(2_000_000);
        var stores = new[] { 300, 5000, 40_000 }.Select(entries => new NearStoreFixture(entries, memory: memory)).ToArray();
        var rules = Array.ConvertAll(
            stores, near => near.RuleOf(new Rule("own", new KeyPattern("own:*")) { MaxEntries = 200, MaxBytes = 150_000 }));
        var threads = Enumerable.Range(0, 8).Select(seed => new Thread(() => Disturb(stores, rules, new Random(seed)))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(memory.Used, stores.Sum(near => near.Store.Bytes));
        Assert.InRange(memory.Used, 1, memory.Limit);
        Assert.All(stores.Zip(rules), pair =>
        {
            var (near, own) = pair;
            Assert.Equal(near.Store.Entries, near.Rule.Counters.NearEntries + own.Counters.NearEntries);
            Assert.Equal(near.Store.Bytes, near.Rule.Counters.NearBytes + own.Counters.NearBytes);
            Assert.InRange(own.Counters.NearEntries, 0, 200);
            Assert.InRange(own.Counters.NearBytes, 0, 150_000);
            var left = memory.Used - near.Store.Bytes;
            near.Dispose();
            Assert.Equal(left, memory.Used);
        });
        Assert.Equal(0, memory.Used);
    }

    [Fact]
    public void Threads_that_exceed_the_budget_together_release_the_excess_once()
    {
        var memory = new MemoryBudget(6400);
        var user = new BlockedUser(memory);
        memory.Join(user);
        memory.Count(10_000);

        memory.Enforce();

        user.Second.Join();
        Assert.Equal((6400, 1), (memory.Used, user.Releases));
    }

    private static RuleDefaults Defaults { get; } = new(TimeSpan.FromMinutes(1), TimeSpan.FromDays(1), 20);

    private static void Disturb(NearStoreFixture[] stores, ActiveRule[] rules, Random random)
    {
        for (var i = 0; i < 4000; i++)
        {
            var store = random.Next(stores.Length);
            var (near, key) = (stores[store], $"{random.Next(500)}");
            switch (random.Next(6))
            {
                case 0 or 1:
                    near.Put(rules[store], $"own:{key}", "a value", bytes: random.Next(5000));
                    break;
                case 2 or 3:
                    near.Put($"product:{key}", "a value", bytes: random.Next(10_000));
                    break;
                case 4 when near.Store.Find($"product:{key}") is { } entry:
                    near.Store.Resize(entry, random.Next(20_000));
                    break;
                default:
                    near.Void($"own:{key}");
                    near.Void($"product:{key}");
                    break;
            }
        }
    }

    // While it releases, a second thread enforces the budget.
    private sealed class BlockedUser : IMemoryUser
    {
        private readonly MemoryBudget _memory;
        private int _releases;

        public BlockedUser(MemoryBudget memory) => (_memory, Second) = (memory, new Thread(memory.Enforce));

        public Thread Second { get; }

        public int Releases => Volatile.Read(ref _releases);

        public long Bytes => _memory.Used;

        public long Release(long bytes)
        {
            if (Interlocked.Increment(ref _releases) == 1)
            {
                Second.Start();
                SpinWait.SpinUntil(() => Releases > 1 || Second.ThreadState is ThreadState.WaitSleepJoin or ThreadState.Stopped);
            }

            _memory.Count(-bytes);
            return bytes;
        }
    }
}
