using NearCache.Coherence.Core;
using NearCache.Coherence.ServerRules.Core;

namespace NearCache.Tests.Coherence.ServerRules;

public sealed class RuleLeasesTests
{
    private const long Lease = 5000;
    private const long FillAfter = 5050;
    private const long MaxStaleness = 5000;

    private static readonly LeasedRuleSet Without = RulesOnServer.Set(1);
    private static readonly LeasedRuleSet With = RulesOnServer.Set(2, "a@2");
    private static readonly RuleIdentity A = new("a", 2);

    private readonly RulesOnServer _server = new();

    [Fact]
    public void A_rule_fills_one_lease_after_the_receipt_of_what_first_showed_it()
    {
        _server.Put(With, 7);
        var leases = Leases(With);
        leases.Read(_server.Item, At(100), At(300));

        Assert.False(leases.View.MayFill(A, At(300 + FillAfter - 1)));
        Assert.True(leases.View.MayFill(A, At(300 + FillAfter)));
        Assert.False(leases.View.MayFill(new RuleIdentity("a", 3), At(300 + FillAfter)));
    }

    [Fact]
    public void A_settled_rule_fills_at_once_and_a_later_one_beside_it_waits()
    {
        _server.Put(RulesOnServer.Set(3, "a@2", "b@3"), 7, settled: 2);
        var leases = Leases(With);
        leases.Read(_server.Item, At(0), At(10));

        Assert.True(leases.View.MayFill(A, At(10)));
        Assert.False(leases.View.MayFill(new RuleIdentity("b", 3), At(10)));
    }

    [Fact]
    public void A_new_rule_leaves_the_lease_of_the_others_alone()
    {
        _server.Put(With, 7);
        var leases = Leases(With);
        leases.Read(_server.Item, At(0), At(0));
        _server.Put(RulesOnServer.Set(3, "a@2", "b@3"), 7);

        var news = leases.Read(_server.Item, At(4000), At(4000));

        Assert.False(news.Voids);
        Assert.Equal(3, news.Newer!.Revision);
        Assert.True(leases.View.MayFill(A, At(FillAfter)));
        Assert.False(leases.View.MayFill(new RuleIdentity("b", 3), At(FillAfter)));
        Assert.True(leases.View.MayFill(new RuleIdentity("b", 3), At(4000 + FillAfter)));
    }

    [Fact]
    public void A_new_incarnation_restarts_the_leases_and_voids_the_entries()
    {
        _server.Put(With, 7);
        var leases = Leases(With);
        leases.Read(_server.Item, At(0), At(0));
        _server.Put(With, 8);

        Assert.False(leases.AuditAnswered(_server.Flags, At(6000), At(6000)).Confirms);
        Assert.True(leases.Read(_server.Item, At(6001), At(6001)).Voids);
        Assert.False(leases.View.MayFill(A, At(6001)));
        Assert.True(leases.View.MayFill(A, At(6001 + FillAfter)));
    }

    [Fact]
    public void An_older_set_restarts_the_leases_and_its_settled_mark_counts_for_nothing()
    {
        var newer = RulesOnServer.Set(3, "a@2");
        _server.Put(newer, 7);
        var leases = Leases(newer);
        leases.Read(_server.Item, At(0), At(0));
        _server.Put(With, 7, settled: 2);

        Assert.True(leases.Read(_server.Item, At(9000), At(9000)).Voids);
        Assert.False(leases.View.MayFill(A, At(9000)));
        Assert.True(leases.View.MayFill(A, At(9000 + FillAfter)));
    }

    [Fact]
    public void Lost_counters_restart_the_leases_also_of_settled_rules()
    {
        _server.Put(With, 7, settled: 2);
        var leases = Leases(With);
        leases.Read(_server.Item, At(0), At(0));
        Assert.True(leases.View.MayFill(A, At(0)));

        leases.CountersLost(At(100));

        Assert.False(leases.View.MayFill(A, At(100)));
        leases.Read(_server.Item, At(200), At(200));
        Assert.False(leases.View.MayFill(A, At(200)));
        Assert.True(leases.View.MayFill(A, At(200 + FillAfter)));
    }

    [Fact]
    public void Rules_that_vanish_end_the_leases_and_void_the_entries_once()
    {
        _server.Put(With, 7);
        var leases = Leases(With);
        leases.Read(_server.Item, At(0), At(0));

        Assert.Equal(new RulesAuditEffect(Confirms: false, Voids: true), leases.AuditAnswered(null, At(6000), At(6000)));
        Assert.Equal(new RulesAuditEffect(Confirms: false, Voids: false), leases.AuditAnswered(null, At(7000), At(7000)));
        Assert.False(leases.View.MayFill(A, At(9000)));
    }

    [Fact]
    public void An_audit_confirms_only_while_the_server_carries_exactly_the_applied_set()
    {
        _server.Put(With, 7);
        var leases = Leases(With);
        Assert.False(leases.AuditAnswered(_server.Flags, At(0), At(0)).Confirms);
        leases.Read(_server.Item, At(1), At(1));
        Assert.True(leases.AuditAnswered(_server.Flags, At(2), At(2)).Confirms);

        leases.Apply(RulesOnServer.Set(3, "a@2"), At(3));
        Assert.False(leases.AuditAnswered(_server.Flags, At(4), At(4)).Confirms);

        _server.Put(RulesOnServer.Set(3, "a@2"), 7);
        Assert.False(leases.AuditAnswered(_server.Flags, At(5), At(5)).Confirms);
        leases.Read(_server.Item, At(6), At(6));
        Assert.True(leases.AuditAnswered(_server.Flags, At(7), At(7)).Confirms);
    }

    [Fact]
    public void A_set_of_the_same_revision_with_other_content_never_confirms_and_is_reported()
    {
        _server.Put(RulesOnServer.Set(2, "b@2"), 7);
        var leases = Leases(With);

        Assert.True(leases.Read(_server.Item, At(0), At(0)).Conflicts);
        Assert.False(leases.AuditAnswered(_server.Flags, At(1), At(1)).Confirms);
        Assert.Equal(BumpDecision.Bump, leases.View.Decide("a:1", At(2)));
        Assert.Equal(BumpDecision.Bump, leases.View.Decide("b:1", At(2)));
        Assert.Equal(RulesStepKind.Wait, leases.Next(At(5000)).Kind);
    }

    [Fact]
    public void Without_a_view_every_key_is_bumped()
    {
        var leases = Leases(Without);
        Assert.Equal(BumpDecision.Bump, leases.View.Decide("x", At(0)));

        leases.Read(RulesReading.Absent, At(0), At(0));
        Assert.Equal(BumpDecision.Bump, leases.View.Decide("x", At(0)));

        leases.Read(new RulesReading(RulesFound.Unreadable, 9, 9), At(1), At(1));
        Assert.Equal(BumpDecision.Bump, leases.View.Decide("x", At(1)));
        Assert.True(leases.IsUnreadable);

        _server.Put(Without, 7);
        leases.Read(_server.Item, At(2), At(2));
        Assert.Equal(BumpDecision.None, leases.View.Decide("x", At(2)));

        leases.AuditAnswered(12345, At(3), At(3));
        Assert.Equal(BumpDecision.Bump, leases.View.Decide("x", At(3)));
    }

    [Fact]
    public void A_view_ages_from_its_sending_and_is_renewed_by_every_audit_that_shows_the_same()
    {
        _server.Put(Without, 7);
        var leases = Leases(Without);
        leases.Read(_server.Item, At(0), At(900));
        Assert.Equal(BumpDecision.None, leases.View.Decide("x", At(Lease - 1)));
        Assert.Equal(BumpDecision.ReadFirst, leases.View.Decide("x", At(Lease)));

        leases.AuditAnswered(_server.Flags, At(4000), At(4800));
        Assert.Equal(BumpDecision.None, leases.View.Decide("x", At(4000 + Lease - 1)));
        Assert.Equal(BumpDecision.ReadFirst, leases.View.Decide("x", At(4000 + Lease)));
    }

    [Fact]
    public void A_machine_that_slept_has_an_old_view_by_the_wall_clock_alone()
    {
        _server.Put(Without, 7);
        var leases = Leases(Without);
        leases.Read(_server.Item, At(0), At(0));

        Assert.Equal(BumpDecision.ReadFirst, leases.View.Decide("x", new Timestamps(10, At(Lease).Wall)));
    }

    [Fact]
    public void A_writer_bumps_by_a_new_set_at_once_and_by_the_server_s_set_too()
    {
        _server.Put(RulesOnServer.Set(1, "old@1"), 7);
        var leases = Leases(Without);
        leases.Read(_server.Item, At(0), At(0));
        leases.Apply(With, At(1));

        Assert.Equal(BumpDecision.Bump, leases.View.Decide("a:1", At(1)));
        Assert.Equal(BumpDecision.Bump, leases.View.Decide("old:1", At(1)));
        Assert.Equal(BumpDecision.None, leases.View.Decide("x", At(1)));
    }

    [Fact]
    public void A_removed_rule_is_bumped_until_twice_the_staleness_after_the_server_was_seen_without_it()
    {
        _server.Put(With, 7);
        var leases = Leases(With);
        leases.Read(_server.Item, At(0), At(0));
        leases.Apply(RulesOnServer.Set(3), At(100));
        _server.Put(RulesOnServer.Set(3), 7);
        leases.AuditAnswered(_server.Flags, At(50_000), At(50_000));
        leases.Read(_server.Item, At(50_001), At(50_002));

        Assert.Equal(50_002 + (2 * MaxStaleness), leases.Next(At(50_002)).Until);
        leases.AuditAnswered(_server.Flags, At(60_001), At(60_001));
        Assert.Equal(RulesStepKind.Wait, leases.Next(At(60_001)).Kind);
        Assert.Equal(BumpDecision.Bump, leases.View.Decide("a:1", At(60_001)));
        leases.Next(At(60_002));
        Assert.Equal(BumpDecision.None, leases.View.Decide("a:1", At(60_002)));
    }

    [Fact]
    public void A_removed_rule_that_a_server_shows_again_drains_from_the_start()
    {
        _server.Put(With, 7);
        var leases = Leases(With);
        leases.Read(_server.Item, At(0), At(0));
        var third = RulesOnServer.Set(3);
        leases.Apply(third, At(100));
        _server.Put(third, 7);
        leases.Read(_server.Item, At(1000), At(1000));
        _server.Put(With, 8);
        leases.Read(_server.Item, At(2000), At(2000));
        _server.Put(third, 8);
        leases.Read(_server.Item, At(9000), At(9000));

        leases.Next(At(9000 + (2 * MaxStaleness) - 1));
        leases.AuditAnswered(_server.Flags, At(18_998), At(18_998));
        Assert.Equal(BumpDecision.Bump, leases.View.Decide("a:1", At(18_999)));
        leases.Next(At(19_000));
        Assert.Equal(BumpDecision.None, leases.View.Decide("a:1", At(19_000)));
    }

    [Fact]
    public void A_server_without_rules_gets_them_by_add_after_a_random_wait_and_another_look()
    {
        var leases = Leases(With);
        Assert.Equal(RulesStepKind.Read, leases.Next(At(0)).Kind);
        leases.Read(_server.Item, At(0), At(0));

        var wait = leases.Next(At(0));
        Assert.Equal(RulesStepKind.Wait, wait.Kind);
        Assert.InRange(wait.Until, 0, 1000);
        Assert.Equal(RulesStepKind.Read, leases.Next(At(wait.Until)).Kind);
        leases.Read(_server.Item, At(wait.Until), At(wait.Until));

        var add = leases.Next(At(wait.Until));
        Assert.Equal(RulesStepKind.Add, add.Kind);
        Assert.Equal(0, add.Settled);
        Assert.NotEqual(0ul, add.Incarnation);
        Assert.True(_server.Do(add, With));
        leases.Written();
        Assert.Equal(RulesStepKind.Read, leases.Next(At(wait.Until)).Kind);
    }

    [Fact]
    public void An_older_set_is_replaced_by_compare_and_set_in_the_same_incarnation_keeping_what_has_settled()
    {
        _server.Put(With, 7, settled: 2);
        var leases = Leases(RulesOnServer.Set(3, "a@2", "b@3"));
        var step = Drive(leases, 0);

        Assert.Equal(
            new RulesStep(RulesStepKind.Replace, Cas: _server.Item.Cas, Incarnation: 7, Settled: 2), step with { Until = long.MaxValue });
    }

    [Fact]
    public void A_newer_set_one_that_cannot_be_read_and_an_equal_one_are_left_alone()
    {
        foreach (var item in new[]
        {
            new RulesReading(RulesFound.Set, 5, 5, 7, 9, RulesOnServer.Set(9, "z@9")),
            new RulesReading(RulesFound.Unreadable, 5, 5),
            new RulesReading(RulesFound.Set, 5, 5, 7, 2, With),
        })
        {
            var leases = Leases(With);
            leases.Read(item, At(0), At(0));
            Assert.Equal(RulesStepKind.Wait, leases.Next(At(100_000)).Kind);
        }
    }

    [Fact]
    public void Who_knows_no_set_writes_none()
    {
        var leases = Leases(LeasedRuleSet.None);
        leases.Read(RulesReading.Absent, At(0), At(0));

        Assert.Equal(RulesStepKind.Wait, leases.Next(At(100_000)).Kind);
    }

    [Fact]
    public void What_has_been_there_for_a_lease_is_marked_settled_and_a_late_process_need_not_wait()
    {
        _server.Put(With, 7);
        var leases = Leases(With);
        leases.Read(_server.Item, At(0), At(0));
        Assert.Equal(FillAfter, leases.Next(At(0)).Until);

        var step = Drive(leases, FillAfter);
        Assert.Equal(RulesStepKind.Replace, step.Kind);
        Assert.Equal((2, 7ul), (step.Settled, step.Incarnation));
        Assert.True(_server.Do(step, With));

        var late = Leases(With);
        late.Read(_server.Item, At(20_000), At(20_000));
        Assert.True(late.View.MayFill(A, At(20_000)));
    }

    [Fact]
    public void Whoever_is_second_in_line_writes_nothing()
    {
        var leases = Leases(With);
        leases.Read(_server.Item, At(0), At(0));
        var wait = leases.Next(At(0));
        _server.Put(With, 9, settled: 2);

        Assert.Equal(RulesStepKind.Read, leases.Next(At(wait.Until)).Kind);
        leases.Read(_server.Item, At(wait.Until), At(wait.Until));
        Assert.Equal(RulesStepKind.Wait, leases.Next(At(wait.Until)).Kind);
    }

    [Fact]
    public void A_stop_that_the_server_lacks_is_written_and_at_once_by_who_put_it()
    {
        _server.Put(With, 7, settled: 2);
        var leases = Leases(With);
        leases.Read(_server.Item, At(0), At(0));
        leases.StopsChanged(At(10), isUrgent: true);
        Assert.Equal(RulesStepKind.Read, leases.Next(At(10)).Kind);
        leases.Read(_server.Item with { StopsDiffer = true }, At(10), At(11));

        Assert.Equal(RulesStepKind.Replace, leases.Next(At(11)).Kind);
    }

    [Fact]
    public void A_stop_put_by_hand_is_replaced_in_a_new_incarnation()
    {
        var leases = Leases(With);
        _server.Item = new RulesReading(RulesFound.Nothing, 0, 44);
        leases.Read(_server.Item, At(0), At(0));
        Assert.Equal(BumpDecision.Bump, leases.View.Decide("x", At(0)));

        var step = Drive(leases, 0);
        Assert.Equal((RulesStepKind.Replace, 44ul), (step.Kind, step.Cas));
        Assert.NotEqual(0ul, step.Incarnation);
    }

    [Fact]
    public void A_step_that_fails_is_tried_again_after_a_second()
    {
        var leases = Leases(With);
        leases.Failed(At(100));

        Assert.Equal(new RulesStep(RulesStepKind.Wait, 1100), leases.Next(At(100)));
        Assert.Equal(RulesStepKind.Read, leases.Next(At(1100)).Kind);
    }

    [Fact]
    public void An_answer_that_was_overtaken_changes_nothing()
    {
        _server.Put(With, 7);
        var early = _server.Item;
        var leases = Leases(With);
        leases.AuditAnswered(null, At(20), At(30));

        Assert.Equal(default, leases.Read(early, At(10), At(40)));
        Assert.False(leases.View.MayFill(A, At(100_000)));
    }

    [Fact]
    public void In_one_process_nobody_waits()
    {
        var leases = new RuleLeases(new RuleLeaseTimes(0, MaxStaleness, Spread: 0), With, new Random(1));
        leases.Read(_server.Item, At(0), At(0));
        Assert.Equal(RulesStepKind.Read, leases.Next(At(0)).Kind);
        leases.Read(_server.Item, At(0), At(0));
        Assert.True(_server.Do(leases.Next(At(0)), With));
        leases.Written();
        leases.Read(_server.Item, At(0), At(0));

        Assert.True(leases.View.MayFill(A, At(0)));
        Assert.Equal(BumpDecision.None, leases.View.Decide("x", At(1_000_000)));
    }

    private static RuleLeases Leases(LeasedRuleSet applied) => new(new RuleLeaseTimes(Lease, MaxStaleness), applied, new Random(1));

    private static Timestamps At(long milliseconds) => new(milliseconds, 1_900_000_000_000 + milliseconds);

    // Executes steps until one writes.
    private RulesStep Drive(RuleLeases leases, long now)
    {
        for (var i = 0; i < 10; i++)
        {
            var step = leases.Next(At(now));
            switch (step.Kind)
            {
                case RulesStepKind.Wait:
                    now = step.Until;
                    break;
                case RulesStepKind.Read:
                    leases.Read(_server.Item, At(now), At(now));
                    break;
                default:
                    return step;
            }
        }

        throw new InvalidOperationException("No step wrote anything.");
    }
}
