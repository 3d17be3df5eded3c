using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper;

/// <summary>Validates the arguments of a create operation and builds its request.</summary>
internal static class CreateRequestFactory
{
    // EphemeralType.TTL: 40 bits of milliseconds.
    private const long MaxTimeToLive = 0xFF_FFFF_FFFF;

    public static bool IsSequential(ZNodeMode mode) =>
        mode is ZNodeMode.PersistentSequential or ZNodeMode.EphemeralSequential or ZNodeMode.PersistentSequentialWithTimeToLive;

    /// <summary>Returns the request, or throws an exception that names the invalid argument.</summary>
    public static CreateRequest Create(
        ChrootedPath target, ReadOnlyMemory<byte>? data, ZNodeMode mode, IReadOnlyList<ZNodeAcl>? acl, TimeSpan? timeToLive)
    {
        if (!Enum.IsDefined(mode))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "The mode is not defined.");
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
            throw new ArgumentException("The access rights are empty. Pass null for a node that is open to all.", nameof(acl));
        }

        return new CreateRequest(target, data, mode, acl ?? ZNodeAcl.OpenToAll, milliseconds);
    }
}
