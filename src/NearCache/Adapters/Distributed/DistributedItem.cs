using System.ComponentModel;

namespace NearCache.Adapters.Distributed;

/// <summary>A value of the <c>IDistributedCache</c> with its expirations.</summary>
/// <param name="Payload">The value.</param>
/// <param name="Sliding">For how long it is kept without being asked for; null: that does not matter.</param>
/// <param name="Deadline">When it ends whatever happens, in milliseconds since 1970; null: never.</param>
[ImmutableObject(true)]
internal sealed record DistributedItem(ReadOnlyMemory<byte> Payload, TimeSpan? Sliding, long? Deadline)
{
    /// <summary>How long it may still live now, if nobody asks for it again.</summary>
    public TimeSpan LifetimeAt(DateTimeOffset now)
    {
        var left = Deadline is { } deadline ? TimeSpan.FromMilliseconds(deadline - now.ToUnixTimeMilliseconds()) : TimeSpan.MaxValue;
        return Sliding is { } sliding && sliding < left ? sliding : left;
    }
}
