using System.Globalization;

namespace NearCache.Management.Core;

/// <summary>How well a fleet is, in one sentence, with each cause for it.</summary>
/// <param name="Level">The worst level of the causes.</param>
/// <param name="Sentence">The worst cause, or that all is well.</param>
/// <param name="Causes">The causes, the worst first.</param>
internal sealed record Verdict(HealthLevel Level, string Sentence, IReadOnlyList<Cause> Causes)
{
    private const int MostCauses = 50;

    // A thousand silent processes do not hide a cause of another kind.
    private const int MostOfKind = 5;

    /// <summary>Returns the verdict on causes.</summary>
    /// <param name="causes">The causes, in any order.</param>
    /// <param name="well">The sentence without causes.</param>
    public static Verdict Of(IEnumerable<Cause> causes, string well)
    {
        Cause[] sorted = [.. causes.OrderByDescending(cause => cause.Level).ThenBy(cause => cause.Kind)];
        if (sorted.Length == 0)
        {
            return new Verdict(HealthLevel.Well, well, []);
        }

        var more = sorted.Count(cause => cause.Level == sorted[0].Level) - 1;
        return new Verdict(
            sorted[0].Level,
            sorted[0].Text + (more > 0 ? $" And {more} more." : ""),
            [.. sorted.GroupBy(cause => (cause.Level, cause.Kind)).SelectMany(Shorten).Take(MostCauses)]);
    }

    private static IEnumerable<Cause> Shorten(IEnumerable<Cause> ofKind)
    {
        Cause[] all = [.. ofKind];
        return all.Length <= MostOfKind ? all
            :
            [
                .. all.Take(MostOfKind),
                all[0] with
                {
                    Text = string.Create(CultureInfo.InvariantCulture, $"And {all.Length - MostOfKind} more of this kind."),
                    Subject = null,
                    Query = "",
                },
            ];
    }

    /// <summary>Returns the verdict on a fleet of which nothing is known.</summary>
    public static Verdict Unknown(string reason)
    {
        var text = $"Unknown: {reason.TrimEnd('.')}.";
        return new Verdict(HealthLevel.Unknown, text, [new Cause(CauseKind.NotRead, HealthLevel.Unknown, text, null, "", "")]);
    }
}

/// <summary>Specifies how well something is, the worst last.</summary>
internal enum HealthLevel
{
    Well,
    Attention,
    Unknown,
    Bad,
}

/// <summary>Something that is not well.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Level">How bad it is.</param>
/// <param name="Text">A sentence for people.</param>
/// <param name="Subject">The name of the rule, server or process; null if it concerns all.</param>
/// <param name="Page">The page that explains it.</param>
/// <param name="Query">What that page is about, as the name and value of a query; empty for all.</param>
internal sealed record Cause(CauseKind Kind, HealthLevel Level, string Text, string? Subject, string Page, string Query);

/// <summary>
/// Specifies what is not well. Of equal levels, the first decides the sentence: what acts comes before what follows from it.
/// </summary>
internal enum CauseKind
{
    NotRead,
    Violations,
    RuleSuspended,
    RuleWrittenTooFast,
    Stopped,
    RuleStopped,
    ServerDown,
    ServerFull,
    ServerRefuses,
    ServerUnaccounted,
    SourceHit,
    ZooKeeperOverBudget,
    ZooKeeperGrowing,
    ZooKeeperDamaged,
    ZooKeeperDown,
    ZooKeeperServerDown,
    RulesUnreadable,
    PlacementDiffers,
    ProcessStarved,
    ProcessStale,
    ProcessSilent,
    ProcessRestarts,
    ReportsMissing,
    CarrierDown,
    Failures,
    ServerEvicting,
    RuleUseless,
    Versions,
    PastViolations,
}
