using System.Globalization;
using NearCache.Memcached.Protocol;
using NearCache.Placement;

namespace NearCache.Locks;

/// <summary>The memcached commands of a lock. See docs/formats.md, "Locks".</summary>
internal static class LockCommands
{
    /// <summary>
    /// Adds the lock if it is free, and then increments the fence. Every attempt increments it, so that each holder's number exceeds those
    /// of all earlier holders.
    /// </summary>
    public static MetaCommand[] Acquire(in PlacedLock place, ReadOnlyMemory<byte> token, TimeSpan lease, DateTimeOffset now) =>
    [
        MetaCommand.Set(place.Key, token, Seconds(lease)) with { Mode = MetaSetMode.Add },
        MetaCommand.Increment(place.Fence) with
        {
            Vivify = 0,
            Initial = (ulong)(now.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / (ulong)TimeSpan.TicksPerMicrosecond,
        },
    ];

    /// <summary>Reads the item of the lock.</summary>
    public static MetaCommand Read(in PlacedLock place) => MetaCommand.Get(place.Key, MetaFields.Value | MetaFields.Cas);

    /// <summary>Extends the lease if the item is unchanged.</summary>
    public static MetaCommand Renew(in PlacedLock place, ReadOnlyMemory<byte> token, ulong cas, TimeSpan lease) =>
        MetaCommand.Set(place.Key, token, Seconds(lease)) with { CompareCas = cas };

    /// <summary>Deletes the item if it is unchanged.</summary>
    public static MetaCommand Release(in PlacedLock place, ulong cas) => MetaCommand.Delete(place.Key) with { CompareCas = cas };

    /// <summary>Returns the number of the fence, or null if there is none.</summary>
    public static long? Number(in MetaResponse response) =>
        response.Status == MetaStatus.Ok
            && long.TryParse(response.Value.Span, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    // memcached counts whole seconds and may expire an item up to one second early.
    private static int Seconds(TimeSpan lease) => (int)Math.Ceiling(lease.TotalSeconds) + 1;
}
