using NearCache.Advice.Core;

namespace NearCache.Tests.Advice;

public sealed class ProposalPlannerTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_hot_and_stable_prefix_is_proposed_as_a_dry_run_that_the_registry_accepts()
    {
        var advice = Plan(Hot(Prefix("product:", reads: 1000, saved: 980, writes: 0.5)));

        var proposal = Assert.Single(advice.Proposals);
        Assert.Equal((ProposalKind.AddDryRun, "product", "product:*"), (proposal.Kind, proposal.Rule, proposal.Keys));
        Assert.Equal(("product", "product:*", true), (proposal.Settings!.Name, proposal.Settings.Match, proposal.Settings.DryRun));
        Assert.Equal((1000, 980, 0.5), (proposal.ReadsPerSecond, proposal.SavedReadsPerSecond, proposal.WritesPerSecond));
        Assert.Equal(980 * 500, proposal.SavedBytesPerSecond);
        Assert.Equal(ProposalConfidence.High, proposal.Confidence);
        Assert.Equal((7, 100), (advice.Revision, proposal.AnnouncementBudget));
    }

    [Theory]
    [InlineData(100, 98, 30)]     // above what a rule may write
    [InlineData(100, 70, 10)]     // churning
    [InlineData(1000, 300, 0)]    // read once
    [InlineData(1, 1, 0)]         // little to save
    public void Other_prefixes_are_not_proposed(double reads, double saved, double writes) =>
        Assert.Empty(Plan(Hot(Prefix("a:", reads, saved, writes))).Proposals);

    [Theory]
    [InlineData(KeyNature.Lock)]
    [InlineData(KeyNature.Session)]
    [InlineData(KeyNature.Counter)]
    public void Locks_sessions_and_counters_are_named_and_never_proposed(KeyNature nature)
    {
        var advice = Plan(Hot(Prefix("a:", reads: 1000, saved: 1000, writes: 0) with { Nature = nature }));

        Assert.Empty(advice.Proposals);
        var named = Assert.Single(advice.NotProposed);
        Assert.Equal(("a:*", nature), (named.Keys, named.Nature));
        Assert.Contains(nature.ToString(), named.Reason, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_rule_never_covers_bad_keys_below_its_prefix()
    {
        var advice = Plan(Hot(
            Prefix("shop:", reads: 3000, saved: 2900, writes: 2),
            Prefix("shop:product:", reads: 2000, saved: 1990, writes: 0.1),
            Prefix("shop:price:", reads: 990, saved: 980, writes: 0.1),
            Prefix("shop:order:", reads: 10, saved: 2, writes: 2)));

        Assert.Equal(["shop:price:*", "shop:product:*"], advice.Proposals.Select(proposal => proposal.Keys).Order());
        Assert.Contains(advice.NotProposed, keys => keys.Keys == "shop:order:*");
    }

    [Fact]
    public void A_churning_hot_key_below_a_prefix_prevents_its_rule_and_other_hot_keys_get_their_own()
    {
        var hot = Hot(Prefix("shop:", reads: 1000, saved: 950, writes: 3)) with
        {
            Keys = [Key("shop:menu", reads: 900, saved: 899, writes: 0), Key("shop:stock", reads: 30, saved: 5, writes: 3)],
        };

        var proposal = Assert.Single(Plan(hot).Proposals);

        Assert.Equal(("shop:menu", "shop-menu"), (proposal.Keys, proposal.Rule));
    }

    [Fact]
    public void One_rule_covers_many_longer_prefixes_and_a_longer_prefix_is_preferred_to_an_equal_one()
    {
        var tenants = Enumerable.Range(0, 6).Select(i => Prefix($"t:{i}:", reads: 100, saved: 99, writes: 0));
        var advice = Plan(Hot([
            .. tenants,
            Prefix("t:", reads: 600, saved: 594, writes: 0),
            Prefix("blog:", reads: 505, saved: 500, writes: 0),
            Prefix("blog:post:", reads: 500, saved: 496, writes: 0),
        ]));

        Assert.Equal(["blog:post:*", "t:*"], advice.Proposals.Select(proposal => proposal.Keys).Order());
    }

    [Fact]
    public void Nothing_is_proposed_twice_or_against_an_existing_rule()
    {
        var hot = Hot(
            Prefix("product:", reads: 1000, saved: 990, writes: 0),
            Prefix("product:de:", reads: 900, saved: 890, writes: 0),
            Prefix("site:", reads: 100, saved: 99, writes: 0));
        var advice = Plan(hot, Registry(new RuleOptions { Name = "site", Match = "product:*", Enabled = false }));

        // The name of the only proposal is free.
        var proposal = Assert.Single(advice.Proposals);
        Assert.Equal(("site:*", "site-2"), (proposal.Keys, proposal.Rule));
    }

    [Fact]
    public void What_a_new_rule_covers_does_not_count_for_a_shorter_prefix()
    {
        var hot = Hot(
            Prefix("shop:", reads: 1100, saved: 1080, writes: 0),
            Prefix("shop:product:", reads: 1000, saved: 990, writes: 0),
            Prefix("shop:product:de:", reads: 900, saved: 890, writes: 0),
            Prefix("shop:price:", reads: 100, saved: 90, writes: 0));

        var advice = Plan(hot, Registry(new RuleOptions { Name = "products", Match = "shop:product:*", DryRun = true }));

        var proposal = Assert.Single(advice.Proposals);
        Assert.Equal(("shop:price:*", 90), (proposal.Keys, proposal.SavedReadsPerSecond));
    }

    [Fact]
    public void A_key_whose_name_is_a_pattern_is_not_proposed()
    {
        var advice = Plan(Hot(Prefix("a?b:", reads: 1000, saved: 1000, writes: 0)) with
        {
            Keys = [Key("what?", reads: 500, saved: 500, writes: 0)],
        });

        Assert.Empty(advice.Proposals);
        Assert.Equal(["a?b:*", "what?"], advice.NotProposed.Select(keys => keys.Keys).Order());
    }

    [Fact]
    public void Short_observation_is_told_and_lowers_the_confidence()
    {
        var advice = Plan(Hot(Prefix("a:", reads: 1000, saved: 990, writes: 0)) with { Observed = TimeSpan.FromSeconds(10) });

        Assert.Equal(ProposalConfidence.Low, Assert.Single(advice.Proposals).Confidence);
        Assert.Contains(advice.Notes, note => note.Contains("10 s", StringComparison.Ordinal));
    }

    // The story: a rule over locks, added by hand.
    [Fact]
    public void A_rule_over_locks_is_proposed_for_removal_with_its_author_and_its_rate_within_a_minute()
    {
        var locks = new RuleOptions { Name = "hotfix", Match = "order:lock:*" };
        var registry = Registry(locks) with
        {
            History =
            [
                Edit(6, "Alice", "something else", "products"),
                Edit(7, "Bob", "orders are slow", "hotfix"),
                Edit(8, "Carol", "another one", "site"),
            ],
        };
        var hot = Hot() with
        {
            Rules =
            [
                Rates("hotfix") with { NearHitsPerSecond = 4, RemoteReadsPerSecond = 200, WritesPerSecond = 412, Observed = Seconds(45) },
            ],
            Keys = [Key("order:lock:17", reads: 9, saved: 0, writes: 20) with { Rule = "hotfix", Nature = KeyNature.Lock }],
        };

        var proposal = Assert.Single(Plan(hot, registry).Proposals);

        Assert.Equal((ProposalKind.Remove, "hotfix", "order:lock:*"), (proposal.Kind, proposal.Rule, proposal.Keys));
        Assert.Equal(("Bob", 7), (proposal.Edit!.Who, proposal.Edit.Revision));
        Assert.Contains("412 times a second", proposal.Reason, StringComparison.Ordinal);
        Assert.Contains("Bob", proposal.Reason, StringComparison.Ordinal);
        Assert.Contains("orders are slow", proposal.Reason, StringComparison.Ordinal);
        Assert.Contains("look like locks", proposal.Reason, StringComparison.Ordinal);
        Assert.Equal("order:lock:17", Assert.Single(proposal.Examples).Key);
        Assert.Equal(ProposalConfidence.Medium, proposal.Confidence);
    }

    [Fact]
    public void A_dry_run_that_proved_itself_is_proposed_for_promotion_and_one_that_churns_for_removal()
    {
        var registry = Registry(
            new RuleOptions { Name = "good", Match = "a:*", DryRun = true },
            new RuleOptions { Name = "new", Match = "b:*", DryRun = true },
            new RuleOptions { Name = "churning", Match = "c:*", DryRun = true },
            new RuleOptions { Name = "locks", Match = "lock:*", DryRun = true });
        RuleRates Tried(string name, double hits, double writes, int seconds) => Rates(name) with
        {
            IsOn = false,
            IsDryRun = true,
            NearHitsPerSecond = hits,
            RemoteReadsPerSecond = 2,
            WritesPerSecond = writes,
            Observed = Seconds(seconds),
        };
        var hot = Hot() with
        {
            Rules =
            [
                Tried("good", 100, 0.1, 100), Tried("new", 100, 0.1, 80), Tried("churning", 100, 30, 30), Tried("locks", 100, 0.1, 100),
            ],
        };

        var proposals = Plan(hot, registry).Proposals;

        Assert.Equal(
            [(ProposalKind.Remove, "churning"), (ProposalKind.Promote, "good")],
            proposals.Select(proposal => (proposal.Kind, proposal.Rule)));
    }

    [Fact]
    public void Rules_that_save_nothing_are_proposed_for_removal_and_useful_or_disabled_ones_are_not()
    {
        var registry = Registry(
            new RuleOptions { Name = "useful", Match = "a:*" },
            new RuleOptions { Name = "idle", Match = "b:*" },
            new RuleOptions { Name = "young", Match = "c:*" },
            new RuleOptions { Name = "missing", Match = "d:*" },
            new RuleOptions { Name = "off", Match = "e:*", Enabled = false },
            new RuleOptions { Name = "suspended", Match = "f:*" });
        var hot = Hot() with
        {
            Rules =
            [
                Rates("useful") with { NearHitsPerSecond = 50, RemoteReadsPerSecond = 5, WritesPerSecond = 1 },
                Rates("idle"),
                Rates("young") with { Observed = Seconds(60) },
                Rates("missing") with { NearHitsPerSecond = 1, RemoteReadsPerSecond = 100 },
                Rates("off") with { WritesPerSecond = 100 },
                Rates("suspended") with { NearHitsPerSecond = 50, RemoteReadsPerSecond = 5, WritesPerSecond = 1, Suspensions = 4 },
                Rates("gone") with { WritesPerSecond = 100 },
            ],
        };

        var proposals = Plan(hot, registry).Proposals;

        Assert.Equal(["idle", "missing", "suspended"], proposals.Select(proposal => proposal.Rule).Order());
        Assert.All(proposals, proposal => Assert.Equal(ProposalKind.Remove, proposal.Kind));
        Assert.Equal(ProposalConfidence.Low, proposals.Single(proposal => proposal.Rule == "idle").Confidence);
    }

    [Theory]
    [InlineData("Alice", "a:*", null)]
    [InlineData("Alice", "lock:*", ProposalKind.Remove)]
    [InlineData("churn breaker of one", "a:*", ProposalKind.Remove)]
    public void While_a_person_has_stopped_a_rule_its_figures_do_not_count_against_it(string who, string match, ProposalKind? expected)
    {
        var registry = Registry(new RuleOptions { Name = "stopped", Match = match }) with
        {
            Stops = [new RuleStop { Id = "1", Rule = "stopped", Who = who, Why = "an incident", When = Noon }],
        };
        var hot = Hot() with { Rules = [Rates("stopped") with { IsOn = false, WritesPerSecond = 5 }] };

        Assert.Equal(expected, Plan(hot, registry).Proposals.SingleOrDefault()?.Kind);
    }

    private static RuleAdvice Plan(FleetHotKeys hot, RegistrySnapshot? registry = null) =>
        new ProposalPlanner(hot, registry ?? Registry(), AdviceLimits.Of(new NearCacheOptions())).Plan();

    private static RegistrySnapshot Registry(params RuleOptions[] rules) => new()
    {
        Revision = 7,
        Rules = [.. rules.Select(rule => new RegisteredRule { Settings = rule, Since = 1 })],
        Stops = [],
        History = [],
    };

    private static RegistryEdit Edit(long revision, string who, string why, string rule) => new()
    {
        Revision = revision,
        Who = who,
        IsVerified = false,
        Why = why,
        When = Noon,
        Changes = [new RuleChange { Name = rule, Before = null, After = new RuleOptions { Name = rule } }],
        ClearedStops = [],
        PutStops = [],
    };

    private static FleetHotKeys Hot(params HotPrefix[] prefixes) => new()
    {
        Keys = [],
        Prefixes = prefixes,
        Rules = [],
        UncoveredReadsPerSecond = prefixes.Sum(prefix => prefix.RemoteReadsPerSecond),
        UncoveredWritesPerSecond = 0,
        Processes = 4,
        OtherProcesses = 0,
        Observed = Seconds(600),
        Notes = [],
    };

    private static HotPrefix Prefix(string prefix, double reads, double saved, double writes) => new()
    {
        Prefix = prefix,
        RemoteReadsPerSecond = reads,
        SavableReadsPerSecond = saved,
        WritesPerSecond = writes,
        WritesPerSecondInOneProcess = writes / 4,
        NearEntries = 100,
        MeanBytes = 500,
        Processes = 4,
    };

    private static HotKey Key(string key, double reads, double saved, double writes) => new()
    {
        Key = key,
        IsHashed = false,
        Rule = null,
        NearHitsPerSecond = 0,
        RemoteReadsPerSecond = reads,
        SavableReadsPerSecond = saved,
        WritesPerSecond = writes,
        ErrorPerSecond = 0,
        Processes = 4,
    };

    private static RuleRates Rates(string rule) => new()
    {
        Rule = rule,
        IsOn = true,
        IsDryRun = false,
        ChurnBreaker = ChurnBreakerState.Closed,
        Suspensions = 0,
        NearHitsPerSecond = 0,
        RemoteReadsPerSecond = 0,
        WritesPerSecond = 0,
        AnnouncementsPerSecond = 0,
        SavedBytesPerSecond = 0,
        NearEntries = 0,
        NearBytes = 0,
        Observed = Seconds(3600),
        Processes = 4,
    };

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}
