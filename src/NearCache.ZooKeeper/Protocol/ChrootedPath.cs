namespace NearCache.ZooKeeper.Protocol;

/// <summary>A path of a caller below the connection string's chroot; joined only on the wire.</summary>
/// <param name="Chroot">Empty, or a path.</param>
/// <param name="Path">As the caller names it.</param>
internal readonly record struct ChrootedPath(string Chroot, string Path)
{
    /// <summary>
    /// What the caller calls a path of the server; a path outside of the chroot (of a changed server) is returned as it is.
    /// </summary>
    public static string RemoveChroot(string chroot, string path)
    {
        if (chroot.Length == 0 || !path.StartsWith(chroot, StringComparison.Ordinal))
        {
            return path;
        }

        return path.Length == chroot.Length ? "/" : path[chroot.Length] == '/' ? path[chroot.Length..] : path;
    }
}
