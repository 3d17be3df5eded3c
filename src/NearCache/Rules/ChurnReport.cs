using System.Globalization;

namespace NearCache.Rules;

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
