using Microsoft.Extensions.Logging;

namespace NearCache.Hybrid;

/// <summary>What a <see cref="NearHybridCache"/> is made of.</summary>
internal sealed record HybridParts(
    HybridHits Hits, HybridSerializers Serializers, HybridPath Path, Func<string, bool> CanHold, TimeSpan Lifetime, ILogger Logger);
