using NearCache.Coherence.Core;
using NearCache.Rules;

namespace NearCache.Paths;

/// <summary>The intent to keep near what a read will bring: the rule that says so, and the token taken before the read was sent.</summary>
internal readonly record struct NearFill(ActiveRule Rule, FillToken Token);
