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
        var defaults = new RuleDefaults(TimeSpan.FromMinutes(1), TimeSpan.FromDays(1), 20);
        var own = near.RuleOf(rule);
        near.Put(own, "own:before", "a value");
        own.Update(rule with { MaxEntries = 10 }, defaults);
        for (var i = 0; i < 100; i++)
        {
            near.Put(own, $"own:{i}", "a value");
        }

        Assert.Equal(11, near.Store.Entries);
        near.Put(own, "own:before", "a value");
        Assert.Equal(10, near.Store.Entries);
        Assert.True(near.Has("own:before"));
    }
}
