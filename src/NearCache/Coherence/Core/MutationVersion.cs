namespace NearCache.Coherence.Core;

/// <summary>
/// The versions of a mutation: the <paramref name="N"/>-th on its server, the <paramref name="M"/>-th of its segment (0: not known).
/// </summary>
internal readonly record struct MutationVersion(long N, long M);
