namespace NearCache.Tests.Near;

public sealed class NearStoreTests
{
    [Fact]
    public void An_entry_is_found_by_an_equal_string_and_by_a_span()
    {
        using var near = new NearStoreFixture();
        near.Put("product:1", "one");

        Assert.True(near.Store.TryGet<string>(string.Concat("product:", "1"), out var byString));
        Assert.True(near.Store.TryGet<string>("a product:1".AsSpan(2), out var bySpan));
        Assert.Equal(("one", CacheSource.Near), (byString.Value, byString.Source));
        Assert.Equal("one", bySpan.Value);
        Assert.False(near.Store.TryGet<string>("product:".AsSpan(), out _));
        Assert.Equal((2, 2), (near.Store.Hits, near.Rule.Counters.NearHits));
    }

    [Fact]
    public void A_value_of_another_type_is_not_found()
    {
        using var near = new NearStoreFixture();
        near.Put("product:1", "one");

        Assert.False(near.Store.TryGet<int>("product:1", out _));
        Assert.False(near.Store.TryGet<Uri>("product:1", out _));
    }

    [Fact]
    public void A_null_is_a_value()
    {
        using var near = new NearStoreFixture();
        near.Put("product:1", null);

        Assert.True(near.Store.TryGet<string>("product:1", out var result));
        Assert.True(result.HasValue);
        Assert.False(near.Store.TryGet<int>("product:1", out _));
    }

    [Fact]
    public void The_age_counts_from_the_sending_of_the_read()
    {
        using var near = new NearStoreFixture();
        var token = near.Begin("product:1");
        near.Time.Advance(TimeSpan.FromSeconds(2));
        near.End(token, "product:1", "one");
        near.Time.Advance(TimeSpan.FromSeconds(3));

        near.Store.TryGet<string>("product:1", out var result);

        Assert.Equal(TimeSpan.FromSeconds(5), result.Age);
    }

    [Fact]
    public void An_entry_ends_with_its_lifetime()
    {
        using var near = new NearStoreFixture();
        near.Put("product:1", "one", lifetime: TimeSpan.FromSeconds(10));

        near.Time.Advance(TimeSpan.FromSeconds(9.999));
        Assert.True(near.Has("product:1"));
        near.Time.Advance(TimeSpan.FromSeconds(0.001));
        Assert.False(near.Has("product:1"));
    }

    [Fact]
    public void A_fill_that_began_before_its_key_was_voided_is_not_kept()
    {
        using var near = new NearStoreFixture();
        var token = near.Begin("product:1");
        near.Void("product:1");

        Assert.False(near.End(token, "product:1", "old"));
        Assert.False(near.Has("product:1"));
        Assert.Equal((0, 0), (near.Store.Entries, near.Store.Bytes));
    }

    [Fact]
    public void Entries_of_a_flushed_segment_or_a_rule_that_was_switched_are_not_served()
    {
        using var near = new NearStoreFixture();
        near.Put("product:1", "one");
        near.Server.Raise(ulong.MaxValue);
        Assert.False(near.Has("product:1"));

        near.Put("product:1", "one");
        Assert.True(near.Has("product:1"));
        near.Rule.Switch(on: false);
        near.Rule.Switch(on: true);
        Assert.False(near.Has("product:1"));
    }

    [Fact]
    public void A_jump_of_the_wall_clock_closes_the_gate()
    {
        using var near = new NearStoreFixture();
        near.Put("product:1", "one");

        near.Time.JumpWallClock(TimeSpan.FromDays(2));
        Assert.False(near.Has("product:1"));
        near.Time.JumpWallClock(TimeSpan.FromDays(-2));
        Assert.True(near.Has("product:1"));
    }

    [Fact]
    public void Expired_and_void_entries_are_removed_without_a_read()
    {
        using var near = new NearStoreFixture();
        for (var i = 0; i < 500; i++)
        {
            near.Put($"product:{i}", "a value", lifetime: TimeSpan.FromSeconds(i < 300 ? 10 : 10_000));
        }

        near.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(200, near.Store.Entries);
        near.Server.Raise(ulong.MaxValue);
        near.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal((0, 0, 0), (near.Store.Entries, near.Store.Bytes, near.Store.Evictions));
    }

    // The table doubles after 512 entries, and too few inserts follow to move all of them.
    [Fact]
    public void A_table_that_doubles_is_complete_within_a_second_without_inserts()
    {
        using var near = new NearStoreFixture();
        for (var i = 0; i < 530; i++)
        {
            near.Put($"product:{i}", "a value", lifetime: TimeSpan.FromSeconds(10));
        }

        near.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(0, near.Store.Entries);
    }

    // With real threads: the table doubles seven times, and the memory of keys begins at half of the room.
    [Fact]
    public void A_key_that_stays_is_found_while_threads_insert_and_the_store_grows()
    {
        const int each = 40_000;
        using var near = new NearStoreFixture(entries: 4 * each);
        var stay = Enumerable.Range(0, 400).Select(number => $"stay:{number}").ToArray();
        Assert.All(stay, key => Assert.True(near.Put(key, "stays")));
        var (missed, looks, done) = (0, 0L, false);
        var reader = new Thread(() =>
        {
            while (!Volatile.Read(ref done))
            {
                missed += stay.Count(key => !near.Store.TryGet<string>(key, out _));
                looks++;
            }
        });
        reader.Start();
        Parallel.For(0, 3, thread =>
        {
            for (var number = 0; number < each; number++)
            {
                Assert.True(near.Put($"come:{thread}:{number}", "comes"));
            }
        });
        Volatile.Write(ref done, true);
        reader.Join();

        Assert.Equal((0, 400 + (3 * each)), (missed, near.Store.Entries));
        Assert.True(looks > 0);
        Assert.All(Enumerable.Range(0, each), number => Assert.True(near.Has($"come:1:{number}")));
    }

    [Fact]
    public void A_hit_allocates_nothing()
    {
        using var near = new NearStoreFixture(time: TimeProvider.System);
        near.Put("product:1", "one");
        near.Put("product:2", 2);
        Assert.Equal(0, Allocations.Of(() => Run(1000)));

        void Run(int times)
        {
            for (var i = 0; i < times; i++)
            {
                if (!near.Store.TryGet<string>("product:1", out _) || !near.Store.TryGet<int>("product:2".AsSpan(), out _))
                {
                    throw new InvalidOperationException("It is not near.");
                }
            }
        }
    }

    // The central guarantee, with real threads: an entry that was voided after a write is not served afterwards, despite concurrent fills.
    [Fact]
    public async Task A_voided_value_is_not_served_during_concurrent_fills()
    {
        const int writes = 20_000;
        using var near = new NearStoreFixture();
        var remote = 0;
        var done = false;
        var fillers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!Volatile.Read(ref done))
            {
                var token = near.Begin("product:1");
                near.End(token, "product:1", Volatile.Read(ref remote));
            }
        })).ToArray();

        var stale = 0;
        for (var write = 1; write <= writes; write++)
        {
            Volatile.Write(ref remote, write);
            near.Void("product:1");
            for (var read = 0; read < 3; read++)
            {
                if (near.Store.TryGet<int>("product:1", out var result) && result.Value < write)
                {
                    stale++;
                }
            }
        }

        Volatile.Write(ref done, true);
        await Task.WhenAll(fillers);
        Assert.Equal(0, stale);
    }
}
