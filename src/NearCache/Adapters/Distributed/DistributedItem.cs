using System.ComponentModel;

namespace NearCache.Adapters.Distributed;

/// <summary>A value of the <c>IDistributedCache</c> adapter with its expirations.</summary>
/// <param name="Payload">The value.</param>
/// <param name="Sliding">The sliding expiration; null for none.</param>
/// <param name="Deadline">The absolute expiration, in milliseconds since 1970; null for none.</param>
[ImmutableObject(true)]
internal sealed record DistributedItem(ReadOnlyMemory<byte> Payload, TimeSpan? Sliding, long? Deadline)
{
    /// <summary>Returns the remaining lifetime if the item is not read again.</summary>
    public TimeSpan LifetimeAt(DateTimeOffset now)
    {
        var left = Deadline is { } deadline ? TimeSpan.FromMilliseconds(deadline - now.ToUnixTimeMilliseconds()) : TimeSpan.MaxValue;
        return Sliding is { } sliding && sliding < left ? sliding : left;
    }
}
