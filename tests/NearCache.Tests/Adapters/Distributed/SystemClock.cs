using Microsoft.Extensions.Internal;

namespace NearCache.Tests.Adapters.Distributed;

/// <summary>The clock of Microsoft's in-memory cache, turned by a test.</summary>
internal sealed class SystemClock(TimeProvider time) : ISystemClock
{
    public DateTimeOffset UtcNow => time.GetUtcNow();
}
