using NearCache.HotKeys.Core;
using NearCache.Rules;

namespace NearCache.Advice.Core;

/// <summary>Reviews the rules of a namespace: which dry runs have proved themselves, and which rules save too little.</summary>
/// <param name="hot">The figures.</param>
/// <param name="registry">The rules, with their history.</param>
/// <param name="limits">What a rule may cost.</param>
internal sealed class RuleReview(FleetHotKeys hot, RegistrySnapshot registry, AdviceLimits limits)
{
    // How long a dry run must have been observed, as for ending it: longer than an entry stays near by default.
    private static readonly TimeSpan Proven = TimeSpan.FromSeconds(90);

    // How long a rule or a dry run must have been observed before it is known to save nothing.
    private static readonly TimeSpan Useless = TimeSpan.FromMinutes(10);

    // Enough writes per second and time to compare them with reads.
    private const double ComparableWrites = 0.2;
    private static readonly TimeSpan Comparable = TimeSpan.FromSeconds(15);

    // The reads per second below which a rule saves nothing worth a rule.
    private const double LittleSaved = 0.1;
    private const double LeastSaved = 1;
    private const double PartOfUseful = 0.1;

    // The suspensions within an hour after which the rule is not worth its churn.
    private const int ManySuspensions = 3;

    private const int MaxExamples = 5;

    /// <summary>Returns the proposals for existing rules.</summary>
    public IEnumerable<RuleProposal> Review() =>
        from rates in hot.Rules
        let rule = registry.Rules.FirstOrDefault(rule => rule.Settings.Name == rates.Rule)
        where rule is not null
        let proposal = rule.Settings.DryRun ? ReviewDryRun(rule, rates) : ReviewRule(rule, rates)
        where proposal is not null
        select proposal;

    private RuleProposal? ReviewDryRun(RegisteredRule rule, RuleRates rates)
    {
        var worth = WorthOf(rates);
        if (!rates.IsDryRun || rates.Observed < Comparable)
        {
            return null;
        }

        var seconds = $"In {Worth.Text(rates.Observed.TotalMinutes)} minutes of its dry run";
        if (rates.Observed >= Proven
            && worth.IsWorthARule
            && worth.Saved >= LeastSaved
            && worth.Writes <= limits.FleetWrites
            && NatureOf(rates) == KeyNature.Unknown)
        {
            return Propose(
                ProposalKind.Promote,
                rule,
                rates,
                worth,
                $"{seconds} near tiers would have answered {Worth.Text(worth.Saved)} of {Worth.Text(worth.Reads)} reads a second, with "
                    + $"{Worth.Text(worth.Writes)} writes a second.");
        }

        return worth.IsChurning || (rates.Observed >= Useless && worth.Saved < LeastSaved)
            ? Propose(
                ProposalKind.Remove,
                rule,
                rates,
                worth,
                $"{seconds} near tiers would have answered only {Worth.Text(worth.Saved)} of {Worth.Text(worth.Reads)} reads a second, "
                    + $"with {Worth.Text(worth.Writes)} writes a second.")
            : null;
    }

    private RuleProposal? ReviewRule(RegisteredRule rule, RuleRates rates)
    {
        var (worth, nature) = (WorthOf(rates), NatureOf(rates));

        // While a person has stopped it, its figures do not tell what the rule is worth.
        var isStopped = registry.Stops.Any(stop => (stop.Rule is null || stop.Rule == rates.Rule)
            && !stop.Who.StartsWith(ChurnStops.Author, StringComparison.Ordinal));
        if (!rule.Settings.Enabled || (isStopped && nature == KeyNature.Unknown))
        {
            return null;
        }

        var isOverwritten = rates.Observed >= Comparable && worth.Writes >= ComparableWrites && worth.Writes > worth.Saved;
        var isUseless = rates.Observed >= Useless
            && rates.IsOn
            && (worth.Saved < LittleSaved || worth.Saved < PartOfUseful * worth.Reads);
        if (!(isOverwritten || isUseless || rates.Suspensions >= ManySuspensions))
        {
            return null;
        }

        var reason = isOverwritten
            ? $"Its keys are written {Worth.Text(worth.Writes)} times a second and read near {Worth.Text(worth.Saved)} times a second: "
                + "each write costs more than it saves."
            : isUseless
                ? worth.Reads < LittleSaved
                    ? $"Its keys were not read for minutes; the processes have observed {Worth.Text(rates.Observed.TotalMinutes)} minutes."
                    : $"Of {Worth.Text(worth.Reads)} reads a second the near tiers answer only {Worth.Text(worth.Saved)}."
                : $"The churn breaker has suspended it {rates.Suspensions} times in the last hour.";
        return Propose(
            ProposalKind.Remove,
            rule,
            rates,
            worth,
            nature == KeyNature.Unknown ? reason : $"{reason} They look like {nature.ToString().ToLowerInvariant()}s.");
    }

    private RuleProposal Propose(ProposalKind kind, RegisteredRule rule, RuleRates rates, Worth worth, string reason)
    {
        var name = rule.Settings.Name!;
        var edit = registry.History.LastOrDefault(edit => edit.Changes?.Any(change => change.Name == name) == true);
        var author = edit is null ? "" : $" Last edited by {edit.Who}{(edit.IsVerified ? "" : " (claimed)")} at {edit.When:u}: {edit.Why}";
        return new RuleProposal
        {
            Kind = kind,
            Rule = name,
            Keys = rule.Settings.Match ?? "",
            Settings = rule.Settings,
            ReadsPerSecond = worth.Reads,
            SavedReadsPerSecond = worth.Saved,
            SavedBytesPerSecond = rates.SavedBytesPerSecond,
            WritesPerSecond = worth.Writes,
            AnnouncementsPerSecond = rates.AnnouncementsPerSecond,
            AnnouncementBudget = limits.Announcements,
            NearEntries = rates.NearEntries / Math.Max(rates.Processes, 1),
            NearBytes = rates.NearBytes / Math.Max(rates.Processes, 1),
            Confidence = ConfidenceIn(kind, rates, worth),
            Reason = $"Rule {name} ({rule.Settings.Match}): {reason}{author}",
            Edit = edit,
            Examples = [.. ExamplesOf(name).Take(MaxExamples)],
        };
    }

    private static ProposalConfidence ConfidenceIn(ProposalKind kind, RuleRates rates, in Worth worth) =>
        kind == ProposalKind.Remove && worth.Reads < LittleSaved && worth.Writes < ComparableWrites ? ProposalConfidence.Low
        : rates.Observed >= ConfidenceOf.High ? ProposalConfidence.High
        : rates.Observed >= ConfidenceOf.Medium ? ProposalConfidence.Medium
        : ProposalConfidence.Low;

    // Near hits that a dry run expects do not know the writes of other processes. Each voids a copy in every process.
    private static Worth WorthOf(RuleRates rates)
    {
        var reads = rates.NearHitsPerSecond + rates.RemoteReadsPerSecond;
        var saved = rates.NearHitsPerSecond;
        if (rates.IsDryRun && reads > 0)
        {
            var ofOne = reads / Math.Max(rates.Processes, 1);
            var others = rates.WritesPerSecond * (rates.Processes - 1) / Math.Max(rates.Processes, 1);
            saved = Math.Max(saved - (rates.Processes * others * ofOne / (ofOne + others)), 0);
        }

        return new Worth(reads, saved, rates.WritesPerSecond);
    }

    private IEnumerable<HotKey> ExamplesOf(string rule) => hot.Keys.Where(key => key.Rule == rule);

    private KeyNature NatureOf(RuleRates rates)
    {
        var byName = KeyNatures.OfName(
            registry.Rules.First(rule => rule.Settings.Name == rates.Rule).Settings.Match ?? "");
        return byName != KeyNature.Unknown
            ? byName
            : ExamplesOf(rates.Rule).Select(key => key.Nature).FirstOrDefault(nature => nature != KeyNature.Unknown);
    }
}
