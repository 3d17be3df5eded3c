namespace NearCache.Rules;

/// <summary>Finds rules whose keys this process writes so fast that keeping them near is a mistake.</summary>
/// <remarks>It is looked at about once a second, by one caller. One second below the limit begins the count anew: a burst is no churn.</remarks>
internal sealed class ChurnBreaker
{
    /// <summary>For how long the writes must be too fast, in milliseconds.</summary>
    public const long Patience = 5_000;

    private readonly Dictionary<ActiveRule, Seen> _seen = [];

    /// <summary>Looks at the rules' counters.</summary>
    /// <param name="rules">All rules at work.</param>
    /// <param name="now">The monotonic millisecond.</param>
    /// <returns>The rules that have just tripped it. They are not named again unless they are switched off and on.</returns>
    public IReadOnlyList<Churn> Look(IReadOnlyCollection<ActiveRule> rules, long now)
    {
        List<Churn> tripped = [];
        foreach (var gone in _seen.Keys.Except(rules.Where(rule => rule.IsOn)).ToArray())
        {
            _seen.Remove(gone);
        }

        foreach (var rule in rules.Where(rule => rule.IsOn))
        {
            var writes = rule.Counters.Writes;
            if (!_seen.TryGetValue(rule, out var seen))
            {
                _seen[rule] = new Seen(now, writes, now, writes, false);
                continue;
            }

            var isFast = (writes - seen.Writes) * 1000.0 > rule.MaxWritesPerSecond * (now - seen.At);
            seen = isFast ? seen with { At = now, Writes = writes } : new Seen(now, writes, now, writes, seen.HasTripped);
            if (isFast && !seen.HasTripped && now - seen.FastFrom >= Patience)
            {
                seen = seen with { HasTripped = true };
                tripped.Add(new Churn(rule, (writes - seen.FastFromWrites) * 1000.0 / (now - seen.FastFrom), now - seen.FastFrom));
            }

            _seen[rule] = seen;
        }

        return tripped;
    }

    private readonly record struct Seen(long At, long Writes, long FastFrom, long FastFromWrites, bool HasTripped);
}
