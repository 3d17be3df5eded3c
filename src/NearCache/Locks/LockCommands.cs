using System.Globalization;
using NearCache.Memcached.Protocol;
using NearCache.Placement;

namespace NearCache.Locks;

/// <summary>What is sent about a lock. docs/formats.md, "Locks".</summary>
internal static class LockCommands
{
    /// <summary>
    /// The lock if nobody has it, then the fence: counted up by every try, so that a holder's number is above those of all holders before.
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

    /// <summary>The item that is the lock.</summary>
    public static MetaCommand Look(in PlacedLock place) => MetaCommand.Get(place.Key, MetaFields.Value | MetaFields.Cas);

    /// <summary>The same item for another lease, if it is still the one that was looked at.</summary>
    public static MetaCommand Renew(in PlacedLock place, ReadOnlyMemory<byte> token, ulong cas, TimeSpan lease) =>
        MetaCommand.Set(place.Key, token, Seconds(lease)) with { CompareCas = cas };

    /// <summary>The item away, if it is still the one that was looked at.</summary>
    public static MetaCommand Release(in PlacedLock place, ulong cas) => MetaCommand.Delete(place.Key) with { CompareCas = cas };

    /// <summary>The fence's number; null: there is none.</summary>
    public static long? Number(in MetaResponse response) =>
        response.Status == MetaStatus.Ok
            && long.TryParse(response.Value.Span, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    // memcached counts whole seconds and may end an item up to one early.
    private static int Seconds(TimeSpan lease) => (int)Math.Ceiling(lease.TotalSeconds) + 1;
}
