using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NearCache.Coherence.Core;
using NearCache.Coherence.ServerRules;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Near;
using NearCache.Rules;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;

namespace NearCache.Tests.Coherence.ServerRules;

/// <summary>The rules in force after the registry, a server or the configuration was read. The cache has no servers to inform.</summary>
public sealed class RulesInForceTests
{
    private const string Server = "one:11211";
    private static readonly Stop Stop = Stop.Now(null, "Alice", "a test", DateTimeOffset.UnixEpoch);
    private readonly RuleTable _table = new(new RuleDefaults(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5), 20));
    private readonly RegistrySignal _registry = new(new ManualTime());

    [Fact]
    public void Nothing_is_in_force_until_something_was_asked()
    {
        var rules = Make(hasRegistry: false, "a:*");
        Assert.Equal(0, rules.Document.Set.Revision);

        rules.ServerRead(Server, Read(null), default);
        Assert.Equal((1, "a:*"), InForce);
    }

    [Fact]
    public void Where_there_is_a_registry_the_configuration_is_what_it_begins_with_and_newer_than_any_server()
    {
        var rules = Make(hasRegistry: true, "a:*");
        rules.ServerRead(Server, Read(Set(7, "b:*")), default);

        Assert.Equal(0, _table.Applied.Revision);
        Assert.Equal((8, "a:*"), Of(rules.Seed.Set));
    }

    [Fact]
    public void Configured_rules_that_differ_from_the_registry_are_reported_once()
    {
        using var log = new LogRecorder();
        var configured = new ConfiguredRules(
            [
                new RuleOptions { Name = "same", Match = "same:*" }, new RuleOptions { Name = "moved", Match = "here:*" },
                new RuleOptions
                {
                    Name = "other",
                    Match = "other:*",
                    ShareValues = true,
                }, new RuleOptions { Name = "absent", Match = "absent:*" },
            ],
            hasRegistry: true);
        var servers = new RulesOnServers((_, _) => throw new InvalidOperationException("There is no server."), _table.AsMatched);
        var rules = new RulesInForce(_table, configured, servers, _registry, new NearClock(new ManualTime()), log, new LogBudget());
        var registry = RuleSet.Create(
            7,
            [.. new[] { ("same", "same:*"), ("moved", "there:*"), ("other", "other:*"), ("more", "more:*") }.Select(rule =>
                new Rule(rule.Item1, new KeyPattern(rule.Item2)) { Since = 3 })],
            []);

        rules.RegistryRead(Holding(registry));
        rules.RegistryRead(Holding(registry.Next(registry.Rules)));

        Assert.Contains(
            "(revision 7): moved covers there:* there, and here:* here; other has other settings there; absent (absent:*) is not "
                + "there.", Assert.Single(log.Of(1332)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_set_on_a_server_is_in_force_and_an_older_registry_does_not_take_it_back()
    {
        var rules = Make(hasRegistry: true);
        rules.RegistryRead(Holding(Set(2, "a:*")));
        rules.ServerRead(Server, Read(Set(3, "b:*")), new RulesReadEffect(Newer: LeasedRuleSet.None));
        Assert.Equal((3, "b:*"), InForce);

        rules.RegistryRead(Holding(Set(2, "a:*")));
        Assert.Equal((3, "b:*"), InForce);
        rules.RegistryRead(Holding(Set(4, "c:*")));
        Assert.Equal((4, "c:*"), InForce);
    }

    [Fact]
    public void Where_there_is_a_registry_other_rules_of_its_revision_on_a_server_do_not_count()
    {
        var rules = Make(hasRegistry: true);
        rules.RegistryRead(Holding(Set(2, "a:*")));
        rules.ServerRead(Server, Read(Set(2, "b:*")), new RulesReadEffect(Conflicts: true));
        Assert.Equal((2, "a:*"), InForce);
    }

    [Fact]
    public void Where_there_is_no_registry_other_rules_of_the_same_revision_are_agreed_upon()
    {
        var rules = Make(hasRegistry: false, "a:*");
        rules.ServerRead(Server, Read(null), default);
        var (own, other) = (_table.Applied, Set(1, "b:*"));
        rules.ServerRead(Server, Read(other), new RulesReadEffect(Conflicts: true));
        Assert.Equal(Of(RuleSet.Agreed(other, own)), InForce);
    }

    [Fact]
    public void Near_caching_is_off_until_nothing_unreadable_is_left()
    {
        var rules = Make(hasRegistry: true);
        rules.RegistryUnreadable(new UnreadableReason(false, "broken"));
        rules.ServerRead(Server, Unreadable(), default);
        rules.ServerRead("two:11211", Unreadable(), default);
        Assert.True(_table.IsUnreadable);

        rules.RegistryRead(Holding(Set(1, "a:*")));
        rules.ServerRead(Server, Read(Set(1, "a:*")), default);
        Assert.True(_table.IsUnreadable);
        rules.ServerGone("two:11211");
        Assert.False(_table.IsUnreadable);
    }

    [Fact]
    public void Stops_of_a_registry_whose_rules_are_old_count_all_the_same()
    {
        var rules = Make(hasRegistry: true);
        rules.RegistryRead(Holding(Set(3, "a:*")));
        rules.RegistryRead(new RegistryDocument(Set(2, "a:*"), StopSet.Of([Stop]), []));

        Assert.True(_table.Stops.StopsEverything);
        Assert.Equal(3, _table.Applied.Revision);
    }

    [Fact]
    public async Task A_stop_is_told_once_with_whether_it_was_put_here()
    {
        var rules = Make(hasRegistry: true);
        var first = _registry.WaitAsync(long.MaxValue, TestContext.Current.CancellationToken);
        Assert.False(first.IsCompleted);
        rules.Stop(StopSet.Of([Stop]), isOwn: true);
        await first;
        Assert.True(_registry.TakeUrgent());

        rules.Stop(StopSet.Of([Stop]));
        var second = _registry.WaitAsync(long.MaxValue, TestContext.Current.CancellationToken);
        Assert.False(second.IsCompleted);
        rules.Stop(StopSet.Of([Stop.Now("a", "Bob", "another", DateTimeOffset.UnixEpoch)]));
        await second;
        Assert.False(_registry.IsUrgent);
        Assert.Equal(2, rules.Document.Stops.Stops.Length);
    }

    [Fact]
    public void Whoever_watches_sees_the_rules_and_the_stops()
    {
        var rules = Make(hasRegistry: true);
        rules.RegistryRead(
            new RegistryDocument(Set(3, "a:*"), StopSet.Of([Stop]), [new RuleEdit(3, "Alice", "a test", DateTimeOffset.UnixEpoch)]));

        Assert.Equal(3, rules.Watch.Current.Revision);
        Assert.Single(rules.Watch.Current.Stops);
        Assert.Single(rules.Watch.Current.History);
    }

    [Fact]
    public void An_edited_configuration_is_in_force_where_there_is_no_registry_but_not_before_a_server_was_asked()
    {
        var rules = Make(hasRegistry: false, "a:*");
        rules.Configure([Option("b:*")]);
        Assert.Equal(0, _table.Applied.Revision);
        rules.ServerRead(Server, Read(null), default);
        Assert.Equal((1, "b:*"), InForce);

        rules.Configure([Option("c:*")]);
        Assert.Equal((2, "c:*"), InForce);
    }

    [Theory]
    [InlineData(Flapping.NewSets)]
    [InlineData(Flapping.UnreadableSets)]
    [InlineData(Flapping.OlderSets)]
    [InlineData(Flapping.ConflictingSets)]
    public void Rules_that_change_every_second_log_at_most_six_lines_a_minute_and_the_rest_are_counted(Flapping how)
    {
        var time = new ManualTime();
        using var log = new LogRecorder(LogLevel.Information);
        var lines = new LogBudget();
        var rules = Make(hasRegistry: true, new NearClock(time), log, lines);
        rules.RegistryRead(Holding(Set(1000, "first:*")));
        List<int> perSecond = [];
        for (var second = 0; second < 600; second++)
        {
            var before = log.Ids.Length;
            Flap(rules, how, second);
            rules.LogLeftOut();
            perSecond.Add(log.Ids.Length - before);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.All(Enumerable.Range(0, 541), from => Assert.InRange(perSecond.Skip(from).Take(60).Sum(), 1, LogBudget.LinesPerMinute));

        // When it is over, one line says what is in force.
        rules.RegistryRead(Holding(Set(5000, "last:*")));
        time.Advance(TimeSpan.FromMinutes(1));
        rules.LogLeftOut();
        Assert.Equal(0, lines.LeftOut);
        Assert.Contains("Revision 5000 is in force now, with 1 rules.", log.Texts[^1], StringComparison.Ordinal);
        Assert.Equal(1314, log.Ids[^1]);
    }

    [Fact]
    public void What_is_still_unreadable_is_named_though_its_own_line_was_left_out()
    {
        var time = new ManualTime();
        using var log = new LogRecorder();
        var rules = Make(hasRegistry: true, new NearClock(time), log, new LogBudget());
        for (var i = 0; i < 10; i++)
        {
            rules.RegistryRead(Holding(Set(i + 1, "a:*")));
            rules.RegistryUnreadable(new UnreadableReason(false, "broken"));
        }

        time.Advance(TimeSpan.FromMinutes(1));
        rules.LogLeftOut();

        Assert.EndsWith("and nothing is served near, since the registry cannot be read.", log.Texts[^1], StringComparison.Ordinal);
    }

    public enum Flapping
    {
        NewSets,
        UnreadableSets,
        OlderSets,
        ConflictingSets,
    }

    private static void Flap(RulesInForce rules, Flapping how, int second)
    {
        switch (how)
        {
            case Flapping.NewSets:
                rules.RegistryRead(Holding(Set(1001 + second, $"[{second}]:*")));
                break;
            case Flapping.UnreadableSets when second % 2 == 0:
                rules.RegistryUnreadable(new UnreadableReason(false, "broken"));
                break;
            case Flapping.UnreadableSets:
                rules.RegistryRead(Holding(Set(1000, "first:*")));
                break;
            case Flapping.OlderSets:
                rules.RegistryRead(Holding(Set(2, "a:*")));
                break;
            default:
                rules.ServerRead(Server, Read(Set(1000, "b:*")), new RulesReadEffect(Conflicts: true));
                break;
        }
    }

    private (long Revision, string Match) InForce => Of(_table.Applied);

    private static (long Revision, string Match) Of(RuleSet set) => (set.Revision, Assert.Single(set.Rules).Match.Text);

    private static RuleOptions Option(string match) => new() { Name = "rule", Match = match };

    private static RuleSet Set(long revision, string match) =>
        RuleSet.Create(revision, [new Rule("rule", new KeyPattern(match)) { Since = revision }], []);

    private static RegistryDocument Holding(RuleSet set) => new(set, StopSet.None, []);

    private static RulesItemContent Read(RuleSet? set) =>
        new(set is null ? RulesReading.Absent : new RulesReading(RulesFound.Set, 1, 1), set, StopSet.None, default);

    private static RulesItemContent Unreadable() =>
        new(new RulesReading(RulesFound.Unreadable, 1, 1), null, StopSet.None, new UnreadableReason(true, "newer"));

    private RulesInForce Make(bool hasRegistry, params string[] configured) =>
        Make(hasRegistry, new NearClock(new ManualTime()), NullLogger.Instance, new LogBudget(), configured);

    private RulesInForce Make(bool hasRegistry, NearClock clock, ILogger log, LogBudget lines, params string[] configured) =>
        new(
            _table,
            new ConfiguredRules(configured.Select(Option), hasRegistry),
            new RulesOnServers((_, _) => throw new NotSupportedException(), _table.AsMatched),
            _registry,
            clock,
            log,
            lines);
}
