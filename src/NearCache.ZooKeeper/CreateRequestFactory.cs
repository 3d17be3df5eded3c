using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper;

/// <summary>What may be asked for when a node is made.</summary>
internal static class CreateRequestFactory
{
    // EphemeralType.TTL: 40 bits of milliseconds.
    private const long MaxTimeToLive = 0xFF_FFFF_FFFF;

    public static bool IsSequential(ZNodeMode mode) =>
        mode is ZNodeMode.PersistentSequential or ZNodeMode.EphemeralSequential or ZNodeMode.PersistentSequentialWithTimeToLive;

    /// <summary>The request, or an exception that says what cannot be asked for.</summary>
    public static CreateRequest Create(
        ChrootedPath target, ReadOnlyMemory<byte>? data, ZNodeMode mode, IReadOnlyList<ZNodeAcl>? acl, TimeSpan? timeToLive)
    {
        if (!Enum.IsDefined(mode))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "There is no such mode.");
        }

        ZNodePath.ThrowIfInvalid(target.Path, "path", IsSequential(mode));
        var lives = mode is ZNodeMode.PersistentWithTimeToLive or ZNodeMode.PersistentSequentialWithTimeToLive;
        if (lives != timeToLive.HasValue)
        {
            throw new ArgumentException($"The mode {mode} {(lives ? "needs a" : "has no")} time to live.", nameof(timeToLive));
        }

        var milliseconds = (long)(timeToLive?.TotalMilliseconds ?? 0);
        if (lives && milliseconds is < 1 or > MaxTimeToLive)
        {
            throw new ArgumentOutOfRangeException(nameof(timeToLive), timeToLive, $"A time to live is from 1 to {MaxTimeToLive} ms.");
        }

        if (acl is { Count: 0 })
        {
            throw new ArgumentException("A node without any access rights cannot be made; null stands for everybody.", nameof(acl));
        }

        return new CreateRequest(target, data, mode, acl ?? ZNodeAcl.OpenToAll, milliseconds);
    }
}
