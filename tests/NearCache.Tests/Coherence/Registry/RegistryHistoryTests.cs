using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NearCache.Coherence.Registry;
using NearCache.Coherence.ServerRules;
using NearCache.Rules;

namespace NearCache.Tests.Coherence.Registry;

/// <summary>The history of the registry: what each edit changed, and edits that undo others.</summary>
/// <remarks>6 seeds of random edits, or <c>NEARCACHE_ROUNDS</c>, starting with <c>NEARCACHE_SEED</c>.</remarks>
public sealed class RegistryHistoryTests
{
    private static readonly EditReason Reason = new() { Who = "Alice", Why = "a test" };
    private static readonly int Rounds = Setting("NEARCACHE_ROUNDS", 6);
    private static readonly int FirstSeed = Setting("NEARCACHE_SEED", 1);

    [Fact]
    public async Task The_undo_of_any_edit_restores_the_state_before_it_and_the_undo_of_the_undo_the_state_after()
    {
        var kinds = new HashSet<string>();
        for (var seed = FirstSeed; seed < FirstSeed + Rounds; seed++)
        {
            var random = new Random(seed);
            var registry = new RegistryOfTests(Rule("a", random), Rule("b", random), Rule("c", random));
            var process = registry.Process();
            for (var edit = 0; edit < 25; edit++)
            {
                if (random.Next(3) == 0)
                {
                    await process.StopAsync(null, Reason with { Why = $"drill {edit}", IsVerified = random.Next(2) == 0 });
                }

                var (before, stopsBefore) = (RegistryOfTests.Texts(registry.Document), RegistryOfTests.StopTexts(registry.Document));
                var old = registry.Document.Set.Revision;
                var (kind, work) = Edit(process, registry.Document, random, edit);
                var revision = (await registry.RunAsync(work)).Revision;
                var (after, stopsAfter) = (RegistryOfTests.Texts(registry.Document), RegistryOfTests.StopTexts(registry.Document));
                if (revision == old)
                {
                    Assert.Equal(before, after);
                    continue;
                }

                kinds.Add(kind);
                var undone = await registry.RunAsync(process.UndoAsync(revision, Reason));
                Same(before, RegistryOfTests.Texts(registry.Document), seed, kind);
                Same(stopsBefore, RegistryOfTests.StopTexts(registry.Document), seed, kind);

                if (random.Next(2) == 0 && undone.Revision > revision)
                {
                    await registry.RunAsync(process.UndoAsync(undone.Revision, Reason));
                    Same(after, RegistryOfTests.Texts(registry.Document), seed, $"redo of {kind}");
                    Same(stopsAfter, RegistryOfTests.StopTexts(registry.Document), seed, $"redo of {kind}");
                }
            }
        }

        Assert.Superset(
            new HashSet<string> { "add", "change", "rename", "remove", "enable", "disable", "apply", "prune", "clear" }, kinds);
    }

    [Fact]
    public async Task The_history_names_each_rule_before_and_after_and_who_is_verified()
    {
        var registry = new RegistryOfTests(new RuleOptions { Name = "a", Match = "a:*" }, new RuleOptions { Name = "b", Match = "b:*" });
        var process = registry.Process();

        await registry.RunAsync(process.ChangeAsync("a", rule => rule.NearLifetime = TimeSpan.FromSeconds(9), Reason));
        await registry.RunAsync(process.RemoveAsync("b", Reason with { Who = "Bob", IsVerified = true }));
        var stop = await process.StopAsync("a", Reason with { IsVerified = true });
        var last = await registry.RunAsync(process.ClearStopsAsync([stop.Id], Reason));

        var read = await process.GetAsync(TestContext.Current.CancellationToken);
        Assert.Equal([(2, "Alice", false), (3, "Bob", true), (4, "Alice", false)], read.History.Select(edit =>
            ((int)edit.Revision, edit.Who, edit.IsVerified)));
        var changed = Assert.Single(read.History[0].Changes!);
        Assert.Equal((null, TimeSpan.FromSeconds(9)), (changed.Before!.NearLifetime, changed.After!.NearLifetime!.Value));
        var removed = Assert.Single(read.History[1].Changes!);
        Assert.Equal(("b", "b:*", null), (removed.Name, removed.Before!.Match, removed.After));
        Assert.Empty(read.History[2].Changes!);
        var cleared = Assert.Single(read.History[2].ClearedStops);
        Assert.Equal((stop.Id, "a", "Alice", true), (cleared.Id, cleared.Rule, cleared.Who, cleared.IsVerified));
        Assert.Empty(last.Stops);
    }

    [Fact]
    public async Task An_undo_leaves_later_edits_of_other_rules_and_is_refused_over_later_edits_of_the_same()
    {
        var registry = new RegistryOfTests(new RuleOptions { Name = "a", Match = "a:*" }, new RuleOptions { Name = "b", Match = "b:*" });
        var process = registry.Process();
        await registry.RunAsync(process.ChangeAsync("a", rule => rule.MaxEntries = 5, Reason));   // 2
        await registry.RunAsync(process.ChangeAsync("b", rule => rule.MaxEntries = 6, Reason));   // 3
        await registry.RunAsync(process.AddAsync(new RuleOptions { Name = "c", Match = "c:*" }, Reason));   // 4

        var undone = await registry.RunAsync(process.UndoAsync(2, Reason));
        Assert.Equal([null, 6, null], undone.Rules.Select(rule => rule.Settings.MaxEntries));

        await registry.RunAsync(process.ChangeAsync("b", rule => rule.MaxEntries = 7, Reason));
        await RefusedAsync(3, "rule \"b\" has been changed again");
        await registry.RunAsync(process.RemoveAsync("c", Reason));
        await RefusedAsync(4, "rule \"c\" has been removed since");
        await RefusedAsync(1, "not in the history, which has revisions 2 to 7");

        async Task RefusedAsync(long revision, string why)
        {
            var before = registry.Stored;
            var refused = await Assert.ThrowsAsync<RuleRefusedException>(() => registry.RunAsync(process.UndoAsync(revision, Reason)));
            Assert.Contains(why, refused.Message, StringComparison.Ordinal);
            Assert.Equal(before, registry.Stored);
        }
    }

    [Fact]
    public async Task A_list_of_rules_is_applied_as_one_edit_and_again_as_none()
    {
        var registry = new RegistryOfTests(new RuleOptions { Name = "a", Match = "a:*" }, new RuleOptions { Name = "b", Match = "b:*" });
        var process = registry.Process();
        RuleOptions[] wanted =
        [
            new() { Name = "c", Match = "c:*" }, new() { Name = "a", Match = "a:*", NearLifetime = TimeSpan.FromSeconds(7) },
        ];

        var preview = await process.PreviewAsync(wanted, prune: true, TestContext.Current.CancellationToken);
        Assert.Equal(["a", "b", "c"], preview.Changes.Select(change => change.Name));
        Assert.Equal(1, preview.Revision);
        var kept = await registry.RunAsync(process.ApplyAsync(wanted, prune: false, Reason));
        Assert.Equal((2, "a,b,c"), (kept.Revision, string.Join(',', kept.Rules.Select(rule => rule.Settings.Name))));
        Assert.Equal(1, kept.Rules[0].Since);

        var pruned = await registry.RunAsync(process.ApplyAsync(wanted, prune: true, Reason));
        Assert.Equal((3, "a,c"), (pruned.Revision, string.Join(',', pruned.Rules.Select(rule => rule.Settings.Name))));
        var again = await registry.RunAsync(process.ApplyAsync(wanted, prune: true, Reason));
        Assert.Equal(3, again.Revision);
        Assert.Equal(3, registry.Document.Set.Revision);
        Assert.Empty((await process.PreviewAsync(wanted, prune: true, TestContext.Current.CancellationToken)).Changes);
    }

    [Fact]
    public async Task Of_two_lists_at_once_for_one_revision_the_second_is_refused_and_edits_of_any_revision_all_count()
    {
        var registry = new RegistryOfTests(new RuleOptions { Name = "a", Match = "a:*" });
        var (one, other) = (registry.Process(), registry.Process());
        RuleOptions[] first = [new() { Name = "a", Match = "a:*", MaxEntries = 1 }];
        RuleOptions[] second = [new() { Name = "a", Match = "a:*", MaxEntries = 2 }];
        registry.BeforeNextWrite = () => other.ApplyAsync(second, prune: true, Reason with { IfRevision = 1 });

        var conflict = await Assert.ThrowsAsync<RevisionConflictException>(() => registry.RunAsync(
            one.ApplyAsync(first, prune: true, Reason with { IfRevision = 1 })));

        Assert.Equal((1, 2), (conflict.Expected, conflict.Actual));
        Assert.Contains("Read them and edit again", conflict.Message, StringComparison.Ordinal);
        Assert.Equal(2, registry.Document.Set.Rules[0].MaxEntries);

        registry.Time.Advance(TimeSpan.FromSeconds(5));
        registry.BeforeNextWrite = () => other.AddAsync(new RuleOptions { Name = "b", Match = "b:*" }, Reason with { Who = "Bob" });
        await registry.RunAsync(one.AddAsync(new RuleOptions { Name = "c", Match = "c:*" }, Reason));
        Assert.Equal(["a", "b", "c"], registry.Document.Set.Rules.Select(rule => rule.Name));
        Assert.Equal(["Bob", "Alice"], registry.Document.History.TakeLast(2).Select(edit => edit.Who));

        // Two that undo the same edit: one does.
        var last = registry.Document.Set.Revision;
        registry.Time.Advance(TimeSpan.FromSeconds(5));
        registry.BeforeNextWrite = () => other.UndoAsync(last, Reason);
        await Assert.ThrowsAsync<RuleRefusedException>(() => registry.RunAsync(one.UndoAsync(last, Reason)));
        Assert.Equal(["a", "b"], registry.Document.Set.Rules.Select(rule => rule.Name));
    }

    [Fact]
    public async Task Where_the_configuration_has_the_rules_every_edit_says_so_and_stops_can_be_cleared()
    {
        var registry = new RegistryOfTests(new RuleOptions { Name = "a", Match = "a:*" })
        {
            CannotEditRules = LocalRegistryStore.EditTheConfiguration,
        };
        var process = registry.Process();
        var rule = new RuleOptions { Name = "a", Match = "a:*" };
        Task<RegistrySnapshot>[] edits =
        [
            process.AddAsync(rule, Reason), process.ChangeAsync("a", _ => { }, Reason), process.RemoveAsync("no such rule", Reason),
            process.EnableAsync("a", Reason), process.DisableAsync("a", Reason), process.UndoAsync(7, Reason),
            process.ApplyAsync([rule], prune: true, Reason),
        ];
        foreach (var edit in edits)
        {
            var refused = await Assert.ThrowsAsync<NearCacheException>(() => edit);
            Assert.Contains("Change NearCache:Rules there", refused.Message, StringComparison.Ordinal);
        }

        var stop = await process.StopAsync(null, Reason);
        Assert.Empty((await registry.RunAsync(process.ClearStopsAsync([stop.Id], Reason))).Stops);
    }

    [Fact]
    public async Task The_history_stays_bounded_with_the_document_and_keeps_the_newest_changes()
    {
        var registry = new RegistryOfTests();
        var process = registry.Process();
        var large = new RuleOptions { Name = "large", Match = "large:*" };
        for (var key = 0; key < 40; key++)
        {
            large.Preload.Add($"large:{key}:{new string('x', 200)}");
        }

        await registry.RunAsync(process.AddAsync(large, Reason));
        for (var edit = 0; edit < 60; edit++)
        {
            await registry.RunAsync(process.ChangeAsync("large", rule => rule.MaxEntries = edit + 1, Reason));
            Assert.True(registry.Stored.Length < RuleSet.MaxBytes + RegistryDocument.MaxDetailBytes + 8192);
        }

        var history = (await process.GetAsync(TestContext.Current.CancellationToken)).History;
        Assert.Equal(RegistryDocument.MaxHistory, history.Count);
        Assert.Null(history[0].Changes);
        Assert.Equal((59, 60), (history[^1].Changes![0].Before!.MaxEntries, history[^1].Changes![0].After!.MaxEntries));
        var undone = await registry.RunAsync(process.UndoAsync(history[^1].Revision, Reason));
        Assert.Equal(59, undone.Rules[0].Settings.MaxEntries);
        var refused = await Assert.ThrowsAsync<RuleRefusedException>(
            () => registry.RunAsync(process.UndoAsync(history[1].Revision, Reason)));
        Assert.Contains("not what it changed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stops_that_a_version_without_changes_adds_to_a_full_document_leave_it_readable()
    {
        // The largest set, the longest history and all its changes, and then what an older version may add: every stop there can be.
        var rules = Enumerable.Range(0, 3).Select(i => new Rule($"r{i}", new KeyPattern($"r{i}:*"))
        {
            Preload = [.. Enumerable.Range(0, 99).Select(key => $"r{i}:{key}:{new string('x', 205)}")],
        }).ToArray();
        var document = new RegistryDocument(RuleSet.Empty, StopSet.None, []);
        for (var edit = 0; edit < RegistryDocument.MaxHistory; edit++)
        {
            document = document.Edited(
                document.Set.Next([rules[0] with { MaxEntries = edit + 1 }, .. rules[1..]]),
                new string('w', Stop.MaxWho),
                new string('y', Stop.MaxWhy),
                DateTimeOffset.UnixEpoch);
        }

        Assert.InRange(document.Set.Content.Length, RuleSet.MaxBytes - 2048, RuleSet.MaxBytes);
        var node = JsonNode.Parse(document.Write())!.AsObject();
        Assert.NotEmpty(node["changes"]!.AsArray());
        var stops = StopSet.Of(Enumerable.Range(0, StopSet.MaxStops).Select(i => new Stop(
            $"{i:00}{new string('i', 30)}",
            $"r{i % 3}",
            new string('w', Stop.MaxWho),
            new string('y', Stop.MaxWhy),
            DateTimeOffset.UnixEpoch)));
        node["stops"] = JsonNode.Parse(StopsFormat.Write(stops).Span);

        Assert.True(RegistryDocument.TryRead(Encoding.UTF8.GetBytes(node.ToJsonString()), out var read, out var why), why.Reason);
        Assert.Equal(StopSet.MaxStops, read.Stops.Stops.Length);
        Assert.InRange(read.Write().Length, 1, RegistryDocument.MaxBytes);
    }

    // What a process of the version without changes does: it keeps members that it does not know, and adds an edit that has none.
    [Fact]
    public async Task A_registry_that_an_older_version_edits_keeps_the_changes_of_others_and_says_which_it_lacks()
    {
        var registry = new RegistryOfTests(new RuleOptions { Name = "a", Match = "a:*" });
        var process = registry.Process();
        await registry.RunAsync(process.AddAsync(new RuleOptions { Name = "b", Match = "b:*" }, Reason with { IsVerified = true }));

        var node = JsonNode.Parse(registry.Stored)!.AsObject();
        node["set"]!["revision"] = 3;
        node["history"]!.AsArray().Add(JsonNode.Parse("""{"revision":3,"who":"Old","why":"","when":"2030-01-01T12:00:00.000Z"}"""));
        registry.Stored = Encoding.UTF8.GetBytes(node.ToJsonString());

        var read = await process.GetAsync(TestContext.Current.CancellationToken);
        Assert.True(read.History[0].IsVerified);
        Assert.Equal("b", Assert.Single(read.History[0].Changes!).Name);
        Assert.Null(read.History[1].Changes);
        var refused = await Assert.ThrowsAsync<RuleRefusedException>(() => registry.RunAsync(process.UndoAsync(3, Reason)));
        Assert.Contains("an older version", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["a"], (await registry.RunAsync(process.UndoAsync(2, Reason))).Rules.Select(rule => rule.Settings.Name));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("[7,null,\"x\",[],{},{\"revision\":null},{\"revision\":1.5},{\"revision\":99999999999999999999}]")]
    [InlineData("[{\"revision\":2}]")]
    [InlineData("[{\"revision\":2,\"rules\":7}]")]
    [InlineData("[{\"revision\":2,\"rules\":[{}]}]")]
    [InlineData("[{\"revision\":2,\"rules\":[{\"before\":null}]}]")]
    [InlineData(
        """[{"revision":2,"rules":[{"before":{"name":"a","match":"a","since":1},"after":{"name":"b","match":"b","since":1}}]}]""")]
    [InlineData("[{\"revision\":2,\"rules\":[],\"put\":[null]}]")]
    [InlineData("[{\"revision\":2,\"rules\":[],\"cleared\":[{\"id\":\"x\"}]}]")]
    public async Task Changes_that_cannot_be_read_leave_the_rules_readable_and_editable(string changes)
    {
        var registry = new RegistryOfTests(new RuleOptions { Name = "a", Match = "a:*" });
        var process = registry.Process();
        await registry.RunAsync(process.ChangeAsync("a", rule => rule.MaxEntries = 5, Reason));
        var node = JsonNode.Parse(registry.Stored)!.AsObject();
        node["changes"] = JsonNode.Parse(changes);
        registry.Stored = Encoding.UTF8.GetBytes(node.ToJsonString());

        Assert.Null((await process.GetAsync(TestContext.Current.CancellationToken)).History[0].Changes);
        await Assert.ThrowsAsync<RuleRefusedException>(() => registry.RunAsync(process.UndoAsync(2, Reason)));
        await registry.RunAsync(process.ChangeAsync("a", rule => rule.MaxEntries = 6, Reason));
        Assert.NotNull((await process.GetAsync(TestContext.Current.CancellationToken)).History[1].Changes);
    }

    [Fact]
    public async Task A_document_with_any_bytes_changed_is_read_or_refused_and_never_throws()
    {
        var registry = new RegistryOfTests(new RuleOptions { Name = "a", Match = "a:*" });
        var process = registry.Process();
        await registry.RunAsync(process.ChangeAsync("a", rule => rule.Preload.Add("a:1"), Reason with { IsVerified = true }));
        var stop = await process.StopAsync(null, Reason);
        await registry.RunAsync(process.ClearStopsAsync([stop.Id], Reason));
        var content = registry.Stored;
        var random = new Random(FirstSeed);
        for (var round = 0; round < Rounds * 400; round++)
        {
            byte[] hostile = [.. content];
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                hostile[random.Next(hostile.Length)] = (byte)random.Next(256);
            }

            if (RegistryDocument.TryRead(hostile, out var read, out _))
            {
                _ = RegistryWatch.Snapshot(read.Set, read.Stops, read.History);
                Assert.True(RegistryDocument.TryRead(read.Write(), out _, out var why), why.Reason);
            }
        }
    }

    private static (string Kind, Task<RegistrySnapshot> Work) Edit(RuleRegistry process, RegistryDocument now, Random random, int number)
    {
        var names = now.Set.Rules.Select(rule => rule.Name).ToArray();
        var name = names.Length == 0 ? "" : names[random.Next(names.Length)];
        switch (names.Length == 0 ? 0 : random.Next(10))
        {
            case 0:
                return ("add", process.AddAsync(Rule($"n{number}", random), Reason));
            case 1:
                return ("change", process.ChangeAsync(name, rule => rule.MaxBytes = random.Next(1, 1 << 20), Reason));
            case 2:
                return ("change", process.ChangeAsync(name, rule => rule.Match = $"{name}:{number}:*", Reason));
            case 3:
                return ("rename", process.ChangeAsync(name, rule => rule.Name = $"renamed{number}", Reason));
            case 4:
                return ("remove", process.RemoveAsync(name, Reason));
            case 5:
                return ("enable", process.EnableAsync(name, Reason));
            case 6:
                return ("disable", process.DisableAsync(name, Reason));
            case 7 when now.Stops.Stops.Length > 0:
                string[] cleared = [.. now.Stops.Stops.Where(_ => random.Next(2) == 0).Select(stop => stop.Id)];
                return ("clear", process.ClearStopsAsync(cleared is [] ? [now.Stops.Stops[0].Id] : cleared, Reason));
            case 8:
                return ("prune", process.ApplyAsync(Wanted(now, random, number), prune: true, Reason));
            default:
                return ("apply", process.ApplyAsync(Wanted(now, random, number), prune: false, Reason));
        }
    }

    // Some of the rules, some of them changed, in another order, and new ones.
    private static RuleOptions[] Wanted(RegistryDocument now, Random random, int number)
    {
        var some = now.Set.Rules.Where(_ => random.Next(3) > 0).Select(rule => rule.ToOptions()).ToArray();
        foreach (var rule in some.Where(_ => random.Next(2) == 0))
        {
            rule.NearLifetime = TimeSpan.FromSeconds(random.Next(1, 100));
        }

        random.Shuffle(some);
        return [.. some, .. Enumerable.Range(0, random.Next(3)).Select(i => Rule($"w{number}x{i}", random))];
    }

    private static RuleOptions Rule(string name, Random random) => new()
    {
        Name = name,
        Match = $"{name}:*",
        DryRun = random.Next(4) == 0,
        OnInvalidate = random.Next(2) == 0 ? InvalidationPolicy.Refresh : InvalidationPolicy.Drop,
        MaxWritesPerSecond = random.Next(2) == 0 ? null : random.Next(1, 50),
    };

    private static int Setting(string name, int normal) =>
        Environment.GetEnvironmentVariable(name) is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : normal;

    private static void Same(string[] expected, string[] actual, int seed, string kind) =>
        Assert.True(
            expected.SequenceEqual(actual),
            $"seed {seed}, {kind}: expected {string.Join(" ", expected)} but there is {string.Join(" ", actual)}");
}
