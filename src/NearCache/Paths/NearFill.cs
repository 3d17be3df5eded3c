using NearCache.Coherence.Core;
using NearCache.Rules;

namespace NearCache.Paths;

/// <summary>The intent to keep near what a read will bring: the rule that says so, and the token taken before the read was sent.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Token">The token.</param>
/// <param name="Most">How many milliseconds the entry may stay near, whatever its rule says.</param>
internal readonly record struct NearFill(ActiveRule Rule, FillToken Token, long Most = long.MaxValue);
