namespace NearCache.Distributed;

/// <summary>What a <see cref="NearDistributedCache"/> is made of.</summary>
internal sealed record DistributedParts(DistributedPath Path, Func<string, bool> CanHold, TimeProvider Time, bool Slides);
