using NearCache.Management.Core;

namespace NearCache.Management.Tests.Core;

public sealed class FleetJudgeTests
{
    [Fact]
    public void A_healthy_fleet_is_well()
    {
        var verdict = Readings.Judge(Readings.Healthy());

        Assert.Equal((HealthLevel.Well, "Well: 2 processes, 1 memcached server, ZooKeeper answers."), (verdict.Level, verdict.Sentence));
        Assert.Empty(verdict.Causes);
    }

    [Fact]
    public void The_rule_over_locks_is_named_with_its_author_and_rate()
    {
        var reading = Readings.Healthy() with
        {
            Rules = Readings.Rules(Readings.Registry(
                2,
                [Readings.Rule("products"), Readings.Rule("locks", since: 2)],
                [Readings.Edit(2, "alice", "speed up the locks", "locks")])),
            Suspensions = Observed.Known<IReadOnlyList<RuleSuspension>>([Readings.Suspension("locks", since: 2)]),
            Reports = Observed.Known(Readings.Reports(
                Readings.Process(1, status: ProcessReportStatus.Silent, age: 40), Readings.Process(2))),
        };

        var verdict = Readings.Judge(reading);

        Assert.Equal(HealthLevel.Bad, verdict.Level);
        Assert.Equal(
            "Rule “locks” is suspended: the keys of locks:* were written 2001 times a second for 5 s in that process, and the limit is 20. "
                + "alice added it at 2030-01-01 11:58 UTC (“speed up the locks”).",
            verdict.Sentence);
        Assert.Equal(("rules", "rule=locks", "locks"), (verdict.Causes[0].Page, verdict.Causes[0].Query, verdict.Causes[0].Subject));
        Assert.Equal([CauseKind.RuleSuspended, CauseKind.ProcessSilent], verdict.Causes.Select(cause => cause.Kind));
    }

    [Fact]
    public void A_suspension_of_a_rule_that_was_edited_since_is_over()
    {
        var reading = Readings.Healthy() with
        {
            Suspensions = Observed.Known<IReadOnlyList<RuleSuspension>>([Readings.Suspension("products", since: 99)]),
        };

        Assert.Equal(HealthLevel.Well, Readings.Judge(reading).Level);
    }

    [Theory]
    [InlineData(1000, 60, CauseKind.RuleWrittenTooFast, HealthLevel.Bad)]
    [InlineData(2, 30, CauseKind.RuleUseless, HealthLevel.Attention)]
    public void A_rule_that_is_written_too_often_is_named_before_it_is_suspended(
        double hits, double writes, object kind, object level)
    {
        var reading = Readings.Healthy() with
        {
            Usage = Observed.Known<IReadOnlyList<RuleUsage>>([Readings.Usage("products", hits, writes)]),
        };

        var cause = Assert.Single(Readings.Judge(reading).Causes);
        Assert.Equal((kind, level, "products"), (cause.Kind, cause.Level, cause.Subject));
        Assert.Contains("Its author is not in the history.", cause.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_that_answers_is_unknown_and_never_well()
    {
        var reading = Readings.Healthy() with
        {
            Reports = Observed.Unknown<FleetReports>("no report was found"),
            Rules = new FleetRules
            {
                Current = Observed.Unknown<RegistrySnapshot>("ZooKeeper has not answered within 3 s"),
                Registry = Observed.Unknown<RegistrySnapshot>("ZooKeeper has not answered within 3 s"),
                Servers = [],
            },
            Servers = [Readings.Dead("cache-1:11211")],
            Ensemble = Readings.Ensemble(0, isDead: true),
        };

        var verdict = Readings.Judge(reading);

        Assert.Equal(HealthLevel.Unknown, verdict.Level);
        Assert.Contains("ZooKeeper has not answered", verdict.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_parts_are_unknown_beside_parts_that_are_well()
    {
        var reading = Readings.Healthy() with
        {
            Reports = Observed.Unknown<FleetReports>("cut off"),
            Suspensions = Observed.Unknown<IReadOnlyList<RuleSuspension>>("cut off"),
        };

        var verdict = Readings.Judge(reading);

        Assert.Equal(HealthLevel.Unknown, verdict.Level);
        Assert.Equal([CauseKind.NotRead, CauseKind.ReportsMissing], verdict.Causes.Select(cause => cause.Kind));
    }

    [Fact]
    public void Each_trouble_is_a_cause_of_its_own()
    {
        var healthy = Readings.Healthy();
        var stop = new RuleStop { Id = "1", Rule = null, Who = "bob", Why = "incident", When = null };
        (CauseKind Kind, FleetReading Reading)[] troubles =
        [
            (CauseKind.Stopped, healthy with { Rules = Readings.Rules(Readings.Registry(1, [Readings.Rule("products")], null, stop)) }),
            (CauseKind.RuleStopped, healthy with
            {
                Rules = Readings.Rules(Readings.Registry(1, [Readings.Rule("products")], null, stop with { Rule = "products" })),
            }),
            (CauseKind.ServerDown, healthy with { Servers = [Readings.Dead("cache-1:11211")] }),
            (CauseKind.ServerFull, healthy with { Servers = [Readings.Server("cache-1:11211", 900, most: 1024)] }),
            (CauseKind.ServerUnaccounted, healthy with { Servers = [Readings.Server("cache-1:11211", 400)] }),
            (CauseKind.ZooKeeperDown, healthy with { Ensemble = Readings.Ensemble(0, isDead: true) }),
            (CauseKind.ProcessStarved, healthy with
            {
                Reports = Observed.Known(Readings.Reports(
                    Readings.Process(1, summary => summary with { ThreadPoolDelay = TimeSpan.FromSeconds(4.1) }), Readings.Process(2))),
            }),
            (CauseKind.ProcessStale, healthy with
            {
                Reports = Observed.Known(Readings.Reports(
                    Readings.Process(1, summary => summary with { ConfirmedBefore = TimeSpan.FromSeconds(30) }), Readings.Process(2))),
            }),
            (CauseKind.ProcessRestarts, healthy with
            {
                Reports = Observed.Known(Readings.Reports(
                    Readings.Process(1, summary => summary with { Starts = 13 }), Readings.Process(2))),
            }),
            (CauseKind.PlacementDiffers, healthy with
            {
                Reports = Observed.Known(Readings.Reports(
                    Readings.Process(1, summary => summary with { PlacementHash = "cc" }), Readings.Process(2))),
            }),
        ];

        Assert.All(troubles, trouble =>
        {
            var verdict = Readings.Judge(trouble.Reading);
            Assert.NotEqual(HealthLevel.Well, verdict.Level);
            Assert.Contains(trouble.Kind, verdict.Causes.Select(cause => cause.Kind));
        });
        Assert.Contains(
            "web-1 (pid 7) is starved: work waits 4.1 s for a thread. It is not the cache that is slow there.",
            Readings.Judge(troubles[6].Reading).Sentence,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_near_hit_that_broke_the_promise_is_the_first_cause_of_all()
    {
        var reading = Readings.Healthy() with
        {
            Suspensions = Observed.Known<IReadOnlyList<RuleSuspension>>([Readings.Suspension("products")]),
            Servers = [Readings.Dead("cache-1:11211")],
            Reports = Observed.Known(Readings.Reports(
                Readings.Process(1, summary => summary with { ThreadPoolDelay = TimeSpan.FromSeconds(9) }),
                Readings.Process(2, summary => summary with { Monitor = new ReportedMonitor { Violations = 1 } }),
                Readings.Process(3, summary => summary with { Monitor = new ReportedMonitor { Violations = 0, Checked = 7 } }))),
        };

        var verdict = Readings.Judge(reading);

        Assert.Equal((HealthLevel.Bad, CauseKind.Violations), (verdict.Level, verdict.Causes[0].Kind));
        Assert.StartsWith("web-2 (pid 7) has served 1 near hit older than its rule allows", verdict.Sentence, StringComparison.Ordinal);
        Assert.Equal(("processes", $"process={2:x32}"), (verdict.Causes[0].Page, verdict.Causes[0].Query));
        Assert.Single(verdict.Causes, cause => cause.Kind == CauseKind.Violations);
    }

    [Theory]
    [InlineData(null, CauseKind.Violations)]
    [InlineData(40.0, CauseKind.Violations)]
    [InlineData(14 * 60.0, CauseKind.Violations)]
    [InlineData(16 * 60.0, CauseKind.PastViolations)]
    [InlineData(23 * 3600.0, CauseKind.PastViolations)]
    [InlineData(25 * 3600.0, null)]
    public void A_violation_sinks_below_present_causes_and_is_no_cause_after_a_day(double? secondsBefore, object? kind)
    {
        var monitor = new ReportedMonitor
        {
            Violations = 3,
            ViolatedBefore = secondsBefore is { } seconds ? TimeSpan.FromSeconds(seconds - 4) : null,
        };
        var reading = Readings.Healthy() with
        {
            Usage = Observed.Known<IReadOnlyList<RuleUsage>>([Readings.Usage("products", hits: 2, writes: 30)]),
            Reports = Observed.Known(Readings.Reports(
                Readings.Process(1, summary => summary with { Monitor = monitor }, age: 4), Readings.Process(2))),
        };

        var verdict = Readings.Judge(reading);

        // The rule that is useless needs attention, no more.
        CauseKind[] expected = kind switch
        {
            CauseKind.Violations => [CauseKind.Violations, CauseKind.RuleUseless],
            CauseKind.PastViolations => [CauseKind.RuleUseless, CauseKind.PastViolations],
            _ => [CauseKind.RuleUseless],
        };
        Assert.Equal(expected, verdict.Causes.Select(cause => cause.Kind));
        Assert.Equal(kind is CauseKind.Violations ? HealthLevel.Bad : HealthLevel.Attention, verdict.Level);
        if (secondsBefore == 40)
        {
            Assert.StartsWith(
                "web-1 (pid 7) has served 3 near hits older than its rule allows, as its monitor reports; the last one was found 40 s ago.",
                verdict.Sentence,
                StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(3, 0, "RabbitMQ delivers nothing to all 3 processes that use it: changes take about a second to reach them.")]
    [InlineData(2, 1, "RabbitMQ delivers nothing to 2 of 3 processes that use it: changes take about a second to reach them.")]
    [InlineData(1, 2, null)]
    [InlineData(0, 3, null)]
    public void A_carrier_that_delivers_to_several_processes_nothing_is_a_cause_and_no_outage(int lost, int served, string? text)
    {
        ProcessReport With(int number, bool isDelivering, ProcessState state = ProcessState.Running, double age = 3600) =>
            Readings.Process(number, summary => summary with
            {
                State = state,
                StartedAt = Readings.Noon - TimeSpan.FromSeconds(age),
                Carriers = new Dictionary<string, bool> { ["ZooKeeper"] = true, ["RabbitMQ"] = isDelivering },
            });
        var reading = Readings.Healthy() with
        {
            Reports = Observed.Known(Readings.Reports(
            [
                .. Enumerable.Range(1, lost + served).Select(number => With(number, number > lost)),

                // One without a broker, two that connect it, and one that tells nothing any more.
                Readings.Process(10),
                With(11, isDelivering: false, ProcessState.Starting),
                With(12, isDelivering: false, age: 5),
                With(13, isDelivering: false) with { Status = ProcessReportStatus.Ended },
            ])),
        };

        var verdict = Readings.Judge(reading);

        Assert.Equal(text is null ? [] : [text], verdict.Causes.Select(cause => cause.Text));
        if (text is not null)
        {
            Assert.Equal(
                (HealthLevel.Attention, CauseKind.CarrierDown, "RabbitMQ", "processes", "status=noDelivery"),
                (verdict.Level, verdict.Causes[0].Kind, verdict.Causes[0].Subject, verdict.Causes[0].Page, verdict.Causes[0].Query));
        }
    }

    [Fact]
    public void ZooKeeper_that_is_down_is_told_once()
    {
        ProcessReport Without(int number) =>
            Readings.Process(number, summary => summary with { Carriers = new Dictionary<string, bool> { ["ZooKeeper"] = false } });
        var reading = Readings.Healthy() with { Reports = Observed.Known(Readings.Reports(Without(1), Without(2))) };

        // The console may reach an ensemble that processes do not.
        Assert.Equal([CauseKind.CarrierDown], Readings.Judge(reading).Causes.Select(cause => cause.Kind));
        var dead = Readings.Judge(reading with { Ensemble = Readings.Ensemble(0, isDead: true) });
        Assert.Equal([CauseKind.ZooKeeperDown], dead.Causes.Select(cause => cause.Kind));
    }

    [Fact]
    public void Many_causes_of_one_kind_hide_no_cause_of_another()
    {
        var reading = Readings.Healthy() with
        {
            Reports = Observed.Known(Readings.Reports(
            [
                .. Enumerable.Range(1, 1000).Select(number => Readings.Process(number, status: ProcessReportStatus.Silent, age: 40)),
                Readings.Process(1001, summary => summary with { Starts = 13 }),
            ])),
        };

        var causes = Readings.Judge(reading).Causes;

        Assert.Contains(causes, cause => cause.Kind == CauseKind.ProcessRestarts);
        Assert.Equal("And 995 more of this kind.", causes.Last(cause => cause.Kind == CauseKind.ProcessSilent).Text);
        Assert.InRange(causes.Count, 1, 50);
    }

    [Fact]
    public void The_owner_of_most_unaccounted_connections_is_named()
    {
        var reading = Readings.Healthy() with
        {
            Servers = [Readings.Server("cache-1:11211", 400)],
            Owners = [Readings.Ownership("cache-1:11211", ("10.0.0.9", 390), ("10.0.0.8", 7))],
        };

        Assert.Equal(
            "cache-1:11211: 397 connections that no process reports, beside 2 that processes do; 390 are from 10.0.0.9, not NearCache's.",
            Readings.Judge(reading).Sentence);
    }

    [Fact]
    public void Growth_is_measured_between_readings()
    {
        var meter = new RateMeter();
        var healthy = Readings.Healthy();
        meter.Add(healthy);
        var later = Readings.Healthy(5) with
        {
            Ensemble = Readings.Ensemble(slotWrites: 10 + 600, nodes: 1100),
            Servers = [Readings.Server("cache-1:11211", 3, refused: 10, evictions: 1000)],
        };

        var verdict = Readings.Judge(later, meter.Add(later));

        Assert.Equal(
            [CauseKind.ServerRefuses, CauseKind.ZooKeeperOverBudget, CauseKind.ZooKeeperGrowing, CauseKind.ServerEvicting],
            verdict.Causes.Select(cause => cause.Kind));
    }

    [Fact]
    public void The_source_is_judged_beside_an_hour_ago()
    {
        var meter = new RateMeter();
        meter.Add(Readings.Healthy());
        var later = Readings.Healthy(5) with
        {
            Reports = Observed.Known(Readings.Reports(
                Readings.Process(1, summary => summary with { FactoryRuns = 500 }), Readings.Process(2))),
        };
        var rates = meter.Add(later);
        HistoryPoint Ago(double runs) => new(
            Readings.Noon - TimeSpan.FromHours(1), HealthLevel.Well, new Dictionary<string, double> { [Series.FactoryRuns] = runs });

        // One process asks, and its page is where something can be done.
        var one = Assert.Single(Readings.Judge(later, rates, Ago(10)).Causes);
        Assert.Equal(
            (CauseKind.SourceHit, "The source is asked 100 times a second; an hour ago 10. web-1 (pid 7) asks 100 times."),
            (one.Kind, one.Text));
        Assert.Equal(("processes", $"process={1:x32}"), (one.Page, one.Query));
        Assert.Empty(Readings.Judge(later, rates, Ago(90)).Causes);
        Assert.Empty(Readings.Judge(later, rates).Causes);

        // What is not known of an hour ago is not zero.
        Assert.Empty(Readings.Judge(later, rates, Ago(10) with { Values = new Dictionary<string, double>() }).Causes);
        Assert.NotEmpty(Readings.Judge(later, rates, Ago(0)).Causes);

        // All ask: something happened to all of them.
        var all = rates with
        {
            Processes = rates.Processes.ToDictionary(process => process.Key, process => process.Value with { FactoryRuns = 50 }),
        };
        var cause = Assert.Single(Readings.Judge(later, all, Ago(10)).Causes);
        Assert.Equal(("The source is asked 100 times a second; an hour ago 10.", "changes"), (cause.Text, cause.Page));
    }
}
