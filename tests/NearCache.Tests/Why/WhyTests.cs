using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using NearCache.Coherence.Core;
using NearCache.Memcached.Protocol;
using NearCache.Tests.Sequences;

namespace NearCache.Tests.Why;

/// <summary>What <see cref="NearCacheClient.WhyAsync"/> says in each situation, on manual time.</summary>
public sealed class WhyTests
{
    private const string Key = Fleet.Key;

    [Fact]
    public async Task A_key_that_is_near_is_said_to_be_with_its_age_and_its_confirmation()
    {
        await using var fleet = await StartAsync();
        await fleet.Here.SetAsync(Key, "red");
        await fleet.Here.GetAsync<string>(Key);
        await fleet.TurnAsync(TimeSpan.FromMilliseconds(300));

        var why = await fleet.Here.WhyAsync(Key);

        Assert.Empty(why.Misses);
        Assert.True(why.Near is { IsServable: true, IsNull: false, Rule: "products" });
        Assert.Matches(@"^Near here, 300 ms old; valid for \d+ s more; confirmed [\d.]+ m?s ago\.", why.Summary);
        Assert.Equal(("products", "product:*", true), (why.Rule!.Name, why.Rule.Match, why.Rule.IsOn));
        Assert.Equal("covers the key by its prefix", why.RuleReason);
        Assert.True(why.Item is { Exists: true, Content: "text", Size: 3, Cas: > 0 });
        Assert.Equal((KeyHash.Of(Encoding.UTF8.GetBytes(Key)).Segment, "shared", Key), (why.Segment, why.Server!.Name, why.PhysicalKey));
    }

    [Fact]
    public async Task Diagnosing_changes_nothing()
    {
        await using var fleet = await StartAsync();
        await fleet.Here.SetAsync(Key, "red");
        await fleet.Here.GetAsync<string>(Key);
        var (hits, entries) = (fleet.Here.Snapshot().NearHits, fleet.Here.Snapshot().NearEntries);

        await fleet.Here.WhyAsync(Key);
        await fleet.Here.WhyAsync("product:2");

        Assert.Equal((hits, entries), (fleet.Here.Snapshot().NearHits, fleet.Here.Snapshot().NearEntries));
        Assert.Equal(CacheSource.Near, (await fleet.Here.GetAsync<string>(Key)).Source);
    }

    [Fact]
    public async Task Not_matched()
    {
        await using var fleet = await StartAsync();
        await fleet.Here.SetAsync("order:1", "open");

        var why = await fleet.Here.WhyAsync("order:1");

        Assert.Null(why.Rule);
        Assert.Equal(NearMissCause.NoRule, Assert.Single(why.Misses).Cause);
        Assert.Equal(
            "Not near here: no rule covers the key, of 2 in revision 1. The item is text, 4 bytes, ends in 60 min, stored 0 s ago and not "
                + $"read since, CAS {why.Item!.Cas}.",
            why.Summary);
        Assert.Contains("its writers: writes of keys without a rule are not counted", why.Unknown);
    }

    [Fact]
    public async Task A_rule_that_is_disabled_or_a_dry_run_is_named()
    {
        await using var fleet = await StartAsync(options =>
        {
            options.Rules.Add(new RuleOptions { Name = "carts", Match = "cart:*", Enabled = false });
            options.Rules.Add(new RuleOptions { Name = "users", Match = "user:*", Enabled = false, DryRun = true });
        });

        Assert.StartsWith(
            "Not near here: no rule in force covers the key: carts (cart:*) would, but is disabled. There is no item on shared.",
            (await fleet.Here.WhyAsync("cart:1")).Summary,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "Not near here: no rule in force covers the key: users (user:*) would, but is a dry run.",
            (await fleet.Here.WhyAsync("user:1")).Summary,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_more_specific_rule_decides_and_the_others_are_named()
    {
        await using var fleet = await StartAsync(
            options => options.Rules.Add(new RuleOptions { Name = "one", Match = Key, NearLifetime = TimeSpan.FromSeconds(9) }));

        var why = await fleet.Here.WhyAsync(Key);

        Assert.Equal(("one", TimeSpan.FromSeconds(9)), (why.Rule!.Name, why.Rule.NearLifetime));
        Assert.Equal("names exactly this key, and is more specific than products (product:*)", why.RuleReason);
    }

    [Fact]
    public async Task Lease_running()
    {
        await using var fleet = await StartAsync();
        await fleet.Here.SetAsync(Key, "red");

        // Rules that have settled need no lease in a process that starts later, so the server loses its counters, which restarts it.
        await fleet.Server.ExecuteAsync(MetaCommand.Delete(new CounterNames("default").Total), CancellationToken.None);
        await fleet.TurnUntilAsync(async () => LeaseOf(await fleet.Here.WhyAsync(Key)) is not null);
        var why = await fleet.Here.WhyAsync(Key);

        Assert.Matches(
            @"^the lease of the rule products on shared runs for [\d.]+ s more: until then another process may write without being "
                + "counted$",
            LeaseOf(why)!.Text);
        Assert.True(why.Rule!.FillsAfter > TimeSpan.Zero);
    }

    [Fact]
    public async Task Gate_closed_and_server_down()
    {
        await using var fleet = await StartAsync();
        await fleet.Here.SetAsync(Key, "red");
        await fleet.Here.GetAsync<string>(Key);
        fleet.HereRemote.IsAway = true;
        await fleet.TurnAsync(TimeSpan.FromSeconds(1));

        var down = await fleet.Here.WhyAsync(Key);
        Assert.Matches(
            @"^Near here, [\d.]+ s old; valid for \d+ s more; confirmed [\d.]+ s ago\. The server does not answer: .*shared.*\.$",
            down.Summary);
        Assert.Empty(down.Misses);
        Assert.Null(down.Item);
        Assert.Contains("the item and its writers: the server did not answer", down.Unknown);

        await fleet.TurnUntilAsync(async () => (await fleet.Here.WhyAsync(Key)).Near is { IsServable: false });
        var closed = await fleet.Here.WhyAsync(Key);
        Assert.Equal([NearMissCause.ServerDown, NearMissCause.GateClosed], closed.Misses.Select(miss => miss.Cause));
        Assert.StartsWith("Not near here: shared does not answer: ", closed.Summary, StringComparison.Ordinal);
        Assert.Matches(@"Shared was last confirmed [\d.]+ s ago, longer than MaxStaleness \(5 s\)\.", closed.Summary);
    }

    [Fact]
    public async Task A_server_that_fails_in_the_middle_makes_the_rest_unknown()
    {
        await using var fleet = await StartAsync();
        await fleet.Here.SetAsync(Key, "red");
        var reply = fleet.HereRemote.BreakAfter(MetaCommandKind.Get, Key);
        var asking = fleet.Here.WhyAsync(Key);
        await reply.Reached;
        fleet.HereRemote.IsAway = true;
        reply.Release();

        var why = await asking;

        Assert.True(why.Item is { Exists: true, Size: 3 });
        Assert.Empty(why.Writes);
        Assert.StartsWith("its writers: ", Assert.Single(why.Unknown), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_every_call_refuses_is_no_failure_of_the_diagnosis()
    {
        await using var fleet = await StartAsync();
        foreach (var key in new[] { "", " ", "a b", "a\r\nflush_all\r\n", "a\0b", "\ud800", "~nc:1:default:total" })
        {
            var why = await fleet.Here.WhyAsync(key);

            Assert.Equal((key, NearMissCause.KeyRefused), (why.Key, Assert.Single(why.Misses).Cause));
            Assert.Null(why.Server);
            Assert.NotEmpty(why.Summary);
        }
    }

    [Fact]
    public async Task Item_gone()
    {
        await using var fleet = await StartAsync();
        await fleet.There.SetAsync(Key, "red");
        await fleet.There.RemoveAsync(Key);

        var why = await fleet.There.WhyAsync(Key);

        Assert.Equal(NearMissCause.ItemAbsent, Assert.Single(why.Misses).Cause);
        Assert.Matches(
            @"^Not near here: there is no item on shared\. Last written [\d]+ s ago by this process; 2 writes in the last minute\.$",
            (await AfterRecordsAsync(fleet, fleet.There, 2)).Summary);
    }

    [Fact]
    public async Task Foreign_flags()
    {
        await using var fleet = await StartAsync();
        await fleet.Server.ExecuteAsync(
            MetaCommand.Set(Encoding.UTF8.GetBytes(Key), "pickled"u8.ToArray()) with { ClientFlags = 16 }, CancellationToken.None);

        var why = await fleet.Here.WhyAsync(Key);

        Assert.Equal(NearMissCause.ItemUnreadable, Assert.Single(why.Misses).Cause);
        Assert.StartsWith(
            "Not near here: the item belongs to another client or to a newer format (client flags 16), so every read of it is a miss. "
                + "The item is foreign (client flags 16), 7 bytes, without expiry",
            why.Summary,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopped()
    {
        await using var fleet = await StartAsync();
        await fleet.Here.SetAsync(Key, "red");
        await fleet.Here.GetAsync<string>(Key);
        var stopping = fleet.Here.Rules.StopAsync("products", new EditReason { Who = "Alice", Why = "prices are wrong" });
        await fleet.TurnUntilAsync(() => Task.FromResult(stopping.IsCompleted));
        await stopping;

        var why = await fleet.Here.WhyAsync(Key);

        Assert.Equal(NearMissCause.Stopped, Assert.Single(why.Misses).Cause);
        Assert.StartsWith("Not near here: the rule products is stopped by Alice: prices are wrong.", why.Summary, StringComparison.Ordinal);
        Assert.Equal("prices are wrong", why.Rule!.Stop!.Why);
        Assert.False(why.Rule.IsOn);
    }

    [Fact]
    public async Task Churn_suspended()
    {
        await using var fleet = await StartAsync(options => options.MaxWritesPerSecond = 1);
        await fleet.TurnUntilAsync(async () =>
        {
            await fleet.Here.SetAsync(Key, "red");
            return fleet.Here.Snapshot().Rules.Any(rule => rule.ChurnBreaker == ChurnBreakerState.Open);
        });

        var why = await fleet.Here.WhyAsync(Key);

        Assert.Equal(ChurnBreakerState.Open, why.Rule!.ChurnBreaker);
        Assert.Matches(
            @"The churn breaker has suspended the announcements of the rule products \(.+: .+ the limit is 1\): other processes hear of a "
                + @"write by their audits, in one to three seconds\.$",
            why.Summary);
    }

    [Fact]
    public async Task Just_voided()
    {
        await using var fleet = await StartAsync();
        await fleet.Here.SetAsync(Key, "red");
        await fleet.Here.GetAsync<string>(Key);
        await fleet.Here.SetAsync(Key, "blue");
        await fleet.TurnUntilAsync(async () => (await fleet.Here.WhyAsync(Key)).Writes.Count == 2);

        var why = await fleet.Here.WhyAsync(Key);

        Assert.Equal(NearMissCause.Voided, Assert.Single(why.Misses).Cause);
        Assert.Matches(
            @"^Not near here: the write of this process voided it [\d.]+ m?s ago, and no read has replaced it\. The item is text, 4 "
                + @"bytes, .* Last written \d+ s ago by this process; 2 writes in the last minute\.$",
            why.Summary);
        Assert.Equal([WriteHeardBy.Own, WriteHeardBy.Own], why.Writes.Select(write => write.HeardBy!.Value));
    }

    [Fact]
    public async Task Other_processs_write()
    {
        await using var fleet = await StartAsync();
        await fleet.Here.SetAsync(Key, "red");
        await fleet.Here.GetAsync<string>(Key);
        await fleet.TurnAsync(TimeSpan.FromSeconds(2));
        await fleet.There.SetAsync(Key, "blue");
        await fleet.TurnUntilAsync(
            async () => (await fleet.Here.WhyAsync(Key)).Writes is
                [{ HeardBy: not null, Writer: { IsThisProcess: false, ProcessId: not null } }, { }]);

        var why = await fleet.Here.WhyAsync(Key);

        var write = why.Writes[0];
        var writer = Regex.Escape($"{write.Writer.Pod ?? write.Writer.Host} (pid {write.Writer.ProcessId})");
        Assert.Equal((fleet.There.Parts.Writer.ToString(), false), (write.Writer.ShortId, write.Writer.IsThisProcess));
        Assert.Equal(WriteHeardBy.LogRecord, write.HeardBy);
        Assert.InRange(write.HeardWithin!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(3));
        Assert.Matches(
            $@"^Not near here: the write of {writer} voided it [\d.]+ m?s ago, and no read has replaced it\. .* Last "
                + $@"written \d+ s ago by {writer}; heard [\d.]+ m?s ago by its log record, at most [\d.]+ m?s after "
                + @"it; 2 writes in the last minute\.$",
            why.Summary);
    }

    [Fact]
    public async Task Null_cached()
    {
        await using var fleet = await StartAsync();
        await fleet.Here.GetOrCreateAsync(Key, _ => ValueTask.FromResult<string?>(null));
        await fleet.TurnUntilAsync(async () => (await fleet.Here.GetAsync<string?>(Key)).Source == CacheSource.Near);

        var why = await fleet.Here.WhyAsync(Key);

        Assert.True(why.Near is { IsNull: true, IsServable: true });
        Assert.Equal("null", why.Item!.Content);
        Assert.StartsWith("Near here as a null, ", why.Summary, StringComparison.Ordinal);
        Assert.EndsWith(
            "The item is a null: reads return it as a value, and no factory runs until it ends.", why.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_key()
    {
        var key = "product:" + new string('x', 300);
        await using (var fleet = await StartAsync(options => options.LongKeys = LongKeyPolicy.Hash))
        {
            await fleet.Here.SetAsync(key, "red");
            await fleet.Here.GetAsync<string>(key);

            var hashed = await fleet.Here.WhyAsync(key);

            Assert.Empty(hashed.Misses);
            Assert.Equal((key, hashed.Name), (hashed.Key, hashed.PhysicalKey));
            Assert.StartsWith("product:xxx", hashed.Name, StringComparison.Ordinal);
            Assert.EndsWith(
                "The key is too long for memcached, so the name with its hash stands for it everywhere.",
                hashed.Summary,
                StringComparison.Ordinal);
        }

        await using var refusing = await StartAsync();
        var refused = await refusing.Here.WhyAsync(key);

        Assert.Equal(NearMissCause.KeyRefused, Assert.Single(refused.Misses).Cause);
        Assert.Equal(
            "Not near here: every call refuses the key. A key must have at most 250 bytes of UTF-8 together with its prefix, but this one "
                + "has 308, of which 0 are \"\". LongKeys = Hash would store it under its hash.",
            refused.Summary);
        Assert.Null(refused.Server);
    }

    [Fact]
    public async Task More_records_than_are_read_are_said_to_be_truncated()
    {
        await using var fleet = await StartAsync();
        for (var i = 0; i < 1100; i++)
        {
            await fleet.Here.SetAsync(i % 2 == 0 ? Key : "product:2", "red");
        }

        await fleet.TurnUntilAsync(async () => (await fleet.Here.WhyAsync(Key)).AreWritesTruncated);
        var why = await fleet.Here.WhyAsync(Key);

        Assert.Equal(512, why.Writes.Count);
        Assert.Contains("; 512 or more writes in the last minute.", why.Summary, StringComparison.Ordinal);
        Assert.Contains("truncated: only the newest 1,024 records of the server were read", why.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_without_a_record_is_unknown()
    {
        await using var fleet = await StartAsync();
        await fleet.Here.SetAsync(Key, "red");
        await fleet.Here.SetAsync("product:2", "red");
        await fleet.Here.SetAsync(Key, "blue");
        var whole = await AfterRecordsAsync(fleet, fleet.Here, 2);
        await fleet.Server.ExecuteAsync(
            MetaCommand.Delete(new CounterNames("default").Log(whole.Writes[0].Number - 1)), CancellationToken.None);

        Assert.Contains(
            "1 counted writes of the last minute left no record on the server, and may concern the key",
            (await fleet.Here.WhyAsync(Key)).Unknown);
    }

    [Fact]
    public async Task The_embedded_remote_and_another_one_say_what_they_cannot_know()
    {
        await using var embedded = new NearCacheClient(
            new NearCacheOptions { Rules = { new RuleOptions { Name = "products", Match = "product:*" } } });
        await embedded.SetAsync(Key, "red");
        await embedded.GetAsync<string>(Key);
        var why = await embedded.WhyAsync(Key);
        Assert.StartsWith("Near here, ", why.Summary, StringComparison.Ordinal);
        Assert.Equal(
            [
                "its writers: only this process writes to the embedded remote",
                "the last access of the item: the embedded remote does not record it",
            ],
            why.Unknown);

        await using var other = new NearCacheClient(
            new NearCacheOptions
            {
                DistributedCache = new MemoryDistributedCache(
                    Microsoft.Extensions.Options.Options.Create(new MemoryDistributedCacheOptions())),
            });
        await other.SetAsync(Key, "red");
        why = await other.WhyAsync(Key);
        Assert.StartsWith(
            "Not near here: nothing is near over another remote without ZooKeeper, which would confirm it.", why.Summary,
            StringComparison.Ordinal);
        Assert.Contains("its writers: this remote does not count writes", why.Unknown);
        Assert.Null(why.Item!.LastAccess);
    }

    [Fact]
    public async Task A_disposed_cache_throws()
    {
        var cache = new NearCacheClient(new NearCacheOptions());
        await cache.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => cache.WhyAsync(Key));
    }

    private static Task<Fleet> StartAsync(Action<NearCacheOptions>? configure = null) => Fleet.StartAsync(configure);

    private static async Task<KeyDiagnosis> AfterRecordsAsync(Fleet fleet, NearCacheClient cache, int records)
    {
        await fleet.TurnUntilAsync(async () => (await cache.WhyAsync(Key)).Writes.Count == records);
        return await cache.WhyAsync(Key);
    }

    private static NearMiss? LeaseOf(KeyDiagnosis why) => why.Misses.FirstOrDefault(miss => miss.Cause == NearMissCause.LeaseRunning);
}
