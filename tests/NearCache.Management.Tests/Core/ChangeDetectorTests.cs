using NearCache.Management.Core;

namespace NearCache.Management.Tests.Core;

public sealed class ChangeDetectorTests
{
    private readonly ChangeDetector _detector = new();

    [Fact]
    public void The_first_reading_tells_the_edits_of_the_history_and_no_starts()
    {
        var changes = Add(Readings.Healthy() with
        {
            Rules = Readings.Rules(Readings.Registry(
                2, [Readings.Rule("locks", since: 2)], [Readings.Edit(2, "alice", "speed up", "locks")])),
        });

        var edit = Assert.Single(changes);
        Assert.Equal((ChangeKind.Edit, "alice", "speed up", 2), (edit.Kind, edit.Who, edit.Why, edit.Revision));
        Assert.Equal("Rules, revision 2: rule “locks” added.", edit.Text);
    }

    [Fact]
    public void What_changes_between_readings_is_told_once()
    {
        Add(Readings.Healthy());
        var stop = new RuleStop { Id = "s", Rule = "products", Who = "bob", Why = "incident", When = Readings.Noon };
        var changed = Readings.Healthy(5) with
        {
            Rules = Readings.Rules(Readings.Registry(1, [Readings.Rule("products")], null, stop)),
            Suspensions = Observed.Known<IReadOnlyList<RuleSuspension>>([Readings.Suspension("products")]),
            Reports = Observed.Known(Readings.Reports(
                Readings.Process(1, status: ProcessReportStatus.Silent),
                Readings.Process(2, status: ProcessReportStatus.Ended),
                Readings.Process(3, summary => summary with { Version = "0.2.0", Starts = 3 }))),
            Servers = [Readings.Server("cache-1:11211", 3, uptime: 1)],
        };

        var kinds = Add(changed).Select(change => change.Kind).ToHashSet();

        Assert.Superset(
            new HashSet<ChangeKind>
            {
                ChangeKind.Stop, ChangeKind.Suspended, ChangeKind.ProcessSilent, ChangeKind.ProcessEnded, ChangeKind.ProcessStarted,
                ChangeKind.Version, ChangeKind.ServerRestarted, ChangeKind.Verdict,
            },
            kinds);
        Assert.Empty(Add(changed with { At = changed.At.AddSeconds(5) }));
    }

    [Fact]
    public void Violations_are_on_the_timeline_when_they_were_found()
    {
        FleetReading With(double seconds, long violations, double before) => Readings.Healthy(seconds) with
        {
            Reports = Observed.Known(Readings.Reports(
                Readings.Process(1, summary => summary with
                {
                    Monitor = new ReportedMonitor { Violations = violations, ViolatedBefore = TimeSpan.FromSeconds(before) },
                }),
                Readings.Process(2))),
        };
        Add(With(0, violations: 5, before: 600));
        Assert.Empty(Add(With(5, violations: 5, before: 605)));

        var found = Assert.Single(Add(With(10, violations: 7, before: 3)), change => change.Kind == ChangeKind.Violation);

        Assert.Equal("web-1 (pid 7) has served 2 near hits older than allowed, 7 since its start.", found.Text);
        Assert.Equal((Readings.Noon.AddSeconds(7), $"process={1:x32}"), (found.At, found.Query));

        // A report that claims an impossible time is a report all the same.
        var claimed = Assert.Single(
            Add(With(12, violations: 9, before: TimeSpan.MaxValue.TotalSeconds / 2)), change => change.Kind == ChangeKind.Violation);
        Assert.Equal(Readings.Noon.AddSeconds(12), claimed.At);
        Add(With(13, violations: 7, before: 6));
        Assert.DoesNotContain(Add(With(15, violations: 7, before: 8)), change => change.Kind == ChangeKind.Violation);
    }

    [Fact]
    public void A_thousand_processes_that_start_at_once_are_a_few_changes()
    {
        Add(Readings.Healthy());
        var started = Readings.Healthy(5) with
        {
            Reports = Observed.Known(Readings.Reports([.. Enumerable.Range(1, 1002).Select(number => Readings.Process(number))])),
        };

        var changes = Add(started).Where(change => change.Kind == ChangeKind.ProcessStarted).ToArray();

        Assert.Equal(20, changes.Length);
        Assert.Equal("981 more processes started, such as web-1002 (pid 7).", changes[^1].Text);
    }

    [Fact]
    public void A_reading_that_fails_in_parts_ends_nothing()
    {
        Add(Readings.Healthy());
        var unknown = Readings.Healthy(5) with
        {
            Reports = Observed.Unknown<FleetReports>("cut off"),
            Suspensions = Observed.Unknown<IReadOnlyList<RuleSuspension>>("cut off"),
        };

        Assert.Equal([ChangeKind.Verdict], Add(unknown).Select(change => change.Kind));
        Assert.Equal([ChangeKind.Verdict], Add(Readings.Healthy(10)).Select(change => change.Kind));
    }

    [Fact]
    public void A_server_that_goes_and_comes_is_told()
    {
        Add(Readings.Healthy());
        Assert.Contains(Add(Readings.Healthy(5) with { Servers = [Readings.Dead("cache-1:11211")] }),
            change => change.Kind == ChangeKind.ServerDown);
        Assert.Contains(Add(Readings.Healthy(10)), change => change.Kind == ChangeKind.ServerUp);
    }

    private IReadOnlyList<Change> Add(FleetReading reading) => _detector.Add(reading, Readings.Judge(reading));
}
