namespace NearCache.ZooKeeper.Protocol;

/// <summary>A caller's path and the chroot in front of it. The two are joined only on the wire.</summary>
/// <param name="Chroot">The chroot; empty if there is none.</param>
/// <param name="Path">The path as the caller passed it.</param>
internal readonly record struct ChrootedPath(string Chroot, string Path)
{
    /// <summary>
    /// Returns a server's path without the chroot. A path outside the chroot, which only a reconfigured server sends, is returned
    /// unchanged.
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
