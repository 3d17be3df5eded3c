using System.Globalization;

namespace NearCache.Rules;

/// <summary>Finds rules whose keys are written so fast that announcing them is a mistake: by this process, or by the fleet.</summary>
/// <remarks>
/// It is looked at about once a second, by one caller. One second below the process's limit begins the count anew: a burst is no churn.
/// </remarks>
/// <param name="measuresStopped">Whether rules that are stopped are measured too.</param>
internal sealed class ChurnMeter(bool measuresStopped = false)
{
    /// <summary>For how long a process must write too fast, in milliseconds.</summary>
    public const long Patience = 5_000;

    /// <summary>
    /// For how long a rule must have been on before the fleet's counters say something about it, in milliseconds: they may hold writes of
    /// before an edit.
    /// </summary>
    public const long FleetPatience = 30_000;

    private readonly Dictionary<ActiveRule, Seen> _seen = [];

    /// <summary>Looks at the rules' counters.</summary>
    /// <param name="rules">All rules at work.</param>
    /// <param name="now">The monotonic millisecond.</param>
    /// <returns>The rules that this process is writing too fast, each time as long as it does.</returns>
    public IReadOnlyList<ChurnReport> Look(IReadOnlyCollection<ActiveRule> rules, long now)
    {
        List<ChurnReport> found = [];
        foreach (var gone in _seen.Keys.Except(rules.Where(IsMeasured)).ToArray())
        {
            _seen.Remove(gone);
        }

        foreach (var rule in rules.Where(IsMeasured))
        {
            var writes = rule.Counters.Writes;
            if (!_seen.TryGetValue(rule, out var seen))
            {
                _seen[rule] = new Seen(now, null, now, writes, now, writes);
                continue;
            }

            var isFast = (writes - seen.Writes) * 1000.0 > rule.MaxWritesPerSecond * (now - seen.At);
            seen = seen with { At = now, Writes = writes, WrittenAt = writes > seen.Writes ? now : seen.WrittenAt };
            seen = isFast ? seen : seen with { FastFrom = now, FastFromWrites = writes };
            if (now - seen.FastFrom >= Patience)
            {
                found.Add(ChurnReport.OfProcess(rule, (writes - seen.FastFromWrites) * 1000.0 / (now - seen.FastFrom), now - seen.FastFrom));
            }

            _seen[rule] = seen;
        }

        return found;
    }

    /// <summary>
    /// The rules whose fleet this process judges: those that it has lately written itself. So every churning rule is judged, and quiet
    /// processes ask for nothing.
    /// </summary>
    public IReadOnlyList<ActiveRule> ToAskTheFleet(long now) =>
        [.. _seen.Where(one => now - one.Value.OnFrom >= FleetPatience && now - one.Value.WrittenAt < FleetPatience).Select(one => one.Key)];

    /// <summary>What all processes wrote.</summary>
    /// <param name="rule">One of <see cref="ToAskTheFleet"/>.</param>
    /// <param name="writes">How many writes.</param>
    /// <param name="seconds">In which time, at the longest.</param>
    /// <returns>Null: the fleet does not write too fast, as far as can be said.</returns>
    public static ChurnReport? OfFleet(ActiveRule rule, long writes, double seconds) =>
        writes > rule.MaxFleetWritesPerSecond * seconds ? ChurnReport.OfFleet(rule, writes / seconds) : null;

    private bool IsMeasured(ActiveRule rule) => rule.IsOn || measuresStopped;

    private readonly record struct Seen(long OnFrom, long? WrittenAt, long At, long Writes, long FastFrom, long FastFromWrites);
}

/// <summary>A rule whose keys are written too fast.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Why">By how much, for people.</param>
internal readonly record struct ChurnReport(ActiveRule Rule, string Why)
{
    /// <summary>This process alone writes them too fast.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="writesPerSecond">How fast.</param>
    /// <param name="milliseconds">For how long.</param>
    public static ChurnReport OfProcess(ActiveRule rule, double writesPerSecond, long milliseconds) => new(rule, string.Create(
        CultureInfo.InvariantCulture,
        $"the keys of {rule.Rule.Match} were written {writesPerSecond:0.#} times a second for {milliseconds / 1000.0:0.#} s in that process, and the limit is {rule.MaxWritesPerSecond:0.#}"));

    /// <summary>All processes together write them too fast.</summary>
    public static ChurnReport OfFleet(ActiveRule rule, double writesPerSecond) => new(rule, string.Create(
        CultureInfo.InvariantCulture,
        $"the keys of {rule.Rule.Match} were written at least {writesPerSecond:0.#} times a second by all processes together, and the limit is {rule.MaxFleetWritesPerSecond:0.#}"));
}
