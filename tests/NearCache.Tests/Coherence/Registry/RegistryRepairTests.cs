using System.Collections.Immutable;
using NearCache.Coherence.Registry;
using NearCache.Coherence.ServerRules;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Rules;

namespace NearCache.Tests.Coherence.Registry;

public sealed class RegistryRepairTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Long = RegistryRepair.MinAbsence;

    private static readonly RegistryDocument Configured = new(
        RuleSet.Seed([new RuleOptions { Name = "a", Match = "a:*" }]), StopSet.None, []);

    [Fact]
    public void Configured_rules_seed_it_at_once_when_all_servers_answer_and_carry_none()
    {
        var repair = Decide(Nothing, TimeSpan.Zero, Server(null), Server(null));
        Assert.Same(Configured, repair.Document);
    }

    [Fact]
    public void They_do_not_while_a_server_is_silent_however_long()
    {
        var repair = Decide(Nothing, TimeSpan.FromDays(1), Server(null), ("silent", null));
        Assert.Null(repair.Document);
        Assert.Contains("silent", repair.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_server_carries_comes_before_what_is_configured_and_only_after_five_minutes()
    {
        Assert.Null(Decide(Nothing, Long - TimeSpan.FromSeconds(1), Server(Set(7))).Document);
        var repair = Decide(Nothing, Long, Server(Set(7)), Server(null));
        Assert.Equal((8, "b"), (repair.Document!.Set.Revision, repair.Document.Set.Rules.Single().Name));
    }

    [Fact]
    public void The_newest_counts_with_what_any_has_cleared_and_every_stop_as_the_next_revision_by_repair()
    {
        var (one, two, over) = (
            new Stop("one", "b", "Alice", "why", Now),
            new Stop("two", null, "Bob", "why", Now),
            new Stop("over", "b", "Carol", "why", Now));
        var known = new RegistryDocument(Set(7, "x"), StopSet.Of([one]), [new RuleEdit(7, "Alice", "before", Now)]);

        var document = Decide(known, Long, Server(Set(6, "over"), two, over), Server(Set(7, "x"))).Document!;

        Assert.Equal(8, document.Set.Revision);
        Assert.Equal(["x", "over"], document.Set.Cleared);
        Assert.Equal(["two", "one"], document.Stops.Stops.Select(stop => stop.Id));
        Assert.Equal([(7L, "Alice"), (8L, "repair")], document.History.Select(edit => (edit.Revision, edit.Who)));
        Assert.Equal(7, document.Set.Rules.Single().Since);
        Assert.True(RegistryDocument.TryRead(document.Write(), out var read, out _));
        Assert.True(read.Set.IsSame(document.Set));
    }

    [Fact]
    public void One_revision_of_two_contents_is_left_to_an_administrator()
    {
        var repair = Decide(Nothing, TimeSpan.FromDays(1), Server(Set(7)), Server(Set(7, "cleared")));
        Assert.Null(repair.Document);
        Assert.Contains("revision 7", repair.Problem, StringComparison.Ordinal);
        Assert.NotNull(repair.Best);
    }

    [Fact]
    public void An_older_revision_of_two_contents_is_too()
    {
        Assert.Null(
            Decide(
                new RegistryDocument(Set(8), StopSet.None, []), TimeSpan.FromDays(1), Server(Set(7)), Server(Set(7, "cleared"))).Document);
    }

    [Fact]
    public void Rules_that_cannot_be_read_on_a_server_are_left_to_an_administrator()
    {
        var unreadable = new RulesItemContent(
            new RulesReading(RulesFound.Unreadable, 1, 1), null, StopSet.None, new UnreadableReason(true, "a newer format"));
        var repair = Decide(new RegistryDocument(Set(8), StopSet.None, []), TimeSpan.FromDays(1), ("one", unreadable));
        Assert.Null(repair.Document);
        Assert.Contains("a newer format", repair.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_servers_that_carry_rules_only_a_new_namespace_is_seeded_at_once()
    {
        Assert.Same(
            Configured, RegistryRepair.Decide(new RegistrySurvey(Nothing, [], Configured), TimeSpan.Zero, isNew: true, Now).Document);
        Assert.Null(
            RegistryRepair.Decide(new RegistrySurvey(Nothing, [], Configured), Long - TimeSpan.FromSeconds(1), isNew: false, Now).Document);
        Assert.Same(Configured, RegistryRepair.Decide(new RegistrySurvey(Nothing, [], Configured), Long, isNew: false, Now).Document);
    }

    [Fact]
    public void All_processes_of_a_fleet_would_create_the_same_rules()
    {
        var survey = new[] { Server(Set(7)), Server(Set(6)) };
        var one = Decide(new RegistryDocument(Set(7), StopSet.None, []), Long, survey).Document!;
        var other = Decide(new RegistryDocument(Set(6), StopSet.None, []), Long, survey).Document!;
        Assert.True(one.Set.IsSame(other.Set));
    }

    private static RegistryDocument Nothing { get; } = new(RuleSet.Empty, StopSet.None, []);

    private static RuleSet Set(long revision, params string[] cleared) =>
        RuleSet.Create(revision, [new Rule("b", new KeyPattern("b:*")) { Since = revision }], [.. cleared]);

    private static (string Server, RulesItemContent? Found) Server(RuleSet? set, params Stop[] stops) => ("server", set is null
        ? new RulesItemContent(RulesReading.Absent, null, StopSet.None, default)
        : new RulesItemContent(new RulesReading(RulesFound.Set, 1, 1, 1, 0, RuleTranslation.Carry(set)), set, StopSet.Of(stops), default));

    private static RegistryRepair Decide(RegistryDocument known, TimeSpan absentFor, params (string, RulesItemContent?)[] servers) =>
        RegistryRepair.Decide(new RegistrySurvey(known, servers, Configured), absentFor, isNew: false, Now);
}
