using System.Globalization;

namespace NearCache.Rules;

/// <summary>Finds rules whose keys are written too fast to be announced, by this process or by the fleet.</summary>
/// <remarks>
/// Called about once a second. Not thread-safe. One second below the limit of the process restarts the measurement: a burst is no churn.
/// </remarks>
/// <param name="measuresStopped">Whether stopped rules are measured, too.</param>
internal sealed class ChurnMeter(bool measuresStopped = false)
{
    /// <summary>How long a process must write too fast, in milliseconds.</summary>
    public const long Window = 5_000;

    /// <summary>
    /// How long a rule must have been on before the fleet's counters are compared, in milliseconds. Earlier counters may contain writes
    /// from before an edit.
    /// </summary>
    public const long FleetWindow = 30_000;

    private readonly Dictionary<ActiveRule, Measurement> _seen = [];

    /// <summary>Measures the rules.</summary>
    /// <param name="rules">All enabled rules.</param>
    /// <param name="now">The monotonic millisecond.</param>
    /// <returns>The rules that this process writes too fast, in each call while it does.</returns>
    public IReadOnlyList<ChurnReport> Measure(IReadOnlyCollection<ActiveRule> rules, long now)
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
                _seen[rule] = new Measurement(now, null, now, writes, now, writes);
                continue;
            }

            var isFast = (writes - seen.Writes) * 1000.0 > rule.MaxWritesPerSecond * (now - seen.At);
            seen = seen with { At = now, Writes = writes, WrittenAt = writes > seen.Writes ? now : seen.WrittenAt };
            seen = isFast ? seen : seen with { FastFrom = now, FastFromWrites = writes };
            if (now - seen.FastFrom >= Window)
            {
                var rate = (writes - seen.FastFromWrites) * 1000.0 / (now - seen.FastFrom);
                found.Add(ChurnReport.OfProcess(rule, rate, now - seen.FastFrom));
            }

            _seen[rule] = seen;
        }

        return found;
    }

    /// <summary>
    /// Returns the rules whose fleet rate this process checks: those that it has recently written. So every churning rule is checked, and
    /// quiet processes read nothing.
    /// </summary>
    public IReadOnlyList<ActiveRule> RulesToCheckInFleet(long now) =>
        [.. _seen
            .Where(one => now - one.Value.OnFrom >= FleetWindow && now - one.Value.WrittenAt < FleetWindow)
            .Select(one => one.Key)];

    /// <summary>Compares the writes of all processes with the limit.</summary>
    /// <param name="rule">One of <see cref="RulesToCheckInFleet"/>.</param>
    /// <param name="writes">The number of writes.</param>
    /// <param name="seconds">The longest time in which they were made, in seconds.</param>
    /// <returns>The report; null if the fleet does not write too fast, as far as is known.</returns>
    public static ChurnReport? OfFleet(ActiveRule rule, long writes, double seconds) =>
        writes > rule.MaxFleetWritesPerSecond * seconds ? ChurnReport.OfFleet(rule, writes / seconds) : null;

    private bool IsMeasured(ActiveRule rule) => rule.IsOn || measuresStopped;

    private readonly record struct Measurement(long OnFrom, long? WrittenAt, long At, long Writes, long FastFrom, long FastFromWrites);
}

/// <summary>A rule whose keys are written too fast.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Why">The rate and the limit, for people.</param>
internal readonly record struct ChurnReport(ActiveRule Rule, string Why)
{
    /// <summary>Creates the report of a rule that this process alone writes too fast.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="writesPerSecond">The measured rate.</param>
    /// <param name="milliseconds">How long it was measured.</param>
    public static ChurnReport OfProcess(ActiveRule rule, double writesPerSecond, long milliseconds) => new(rule, string.Create(
        CultureInfo.InvariantCulture,
        $"the keys of {rule.Rule.Match} were written {writesPerSecond:0.#} times a second for {milliseconds / 1000.0:0.#} s in that "
            + $"process, and the limit is {rule.MaxWritesPerSecond:0.#}"));

    /// <summary>Creates the report of a rule that all processes together write too fast.</summary>
    public static ChurnReport OfFleet(ActiveRule rule, double writesPerSecond) => new(rule, string.Create(
        CultureInfo.InvariantCulture,
        $"the keys of {rule.Rule.Match} were written at least {writesPerSecond:0.#} times a second by all processes together, and the "
            + $"limit is {rule.MaxFleetWritesPerSecond:0.#}"));
}
