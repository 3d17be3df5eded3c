using NearCache.Coherence.Core;

namespace NearCache.Coherence.ServerRules.Core;

/// <summary>One step about the rules on a server: its owner does it, reports the answer, and asks again.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Until">Wait: the monotonic millisecond at which to ask again at the latest.</param>
/// <param name="Cas">Replace: the CAS number to compare.</param>
/// <param name="Incarnation">Add and Replace: the incarnation to write.</param>
/// <param name="Settled">Add and Replace: the settled revision to write.</param>
/// <param name="Origin">Replace: where that CAS was read.</param>
internal readonly record struct RulesStep(
    RulesStepKind Kind, long Until = long.MaxValue, ulong Cas = 0, ulong Incarnation = 0, long Settled = 0, CasOrigin Origin = default);
