using System.Globalization;

namespace NearCache.Rules;

/// <summary>A rule whose keys were written too fast.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="WritesPerSecond">How fast they were written in this process.</param>
/// <param name="Milliseconds">For how long.</param>
internal readonly record struct Churn(ActiveRule Rule, double WritesPerSecond, long Milliseconds)
{
    /// <summary>The reason that a stop gives.</summary>
    public string Why => string.Create(
        CultureInfo.InvariantCulture,
        $"the keys of {Rule.Rule.Match} were written {WritesPerSecond:0.#} times a second for {Milliseconds / 1000.0:0.#} s in that process, and the limit is {Rule.MaxWritesPerSecond:0.#}");
}
