namespace NearCache;

/// <summary>How a namespace behaves in a ZooKeeper ensemble that others use, too.</summary>
public sealed class EnsembleOptions
{
    internal const int LeastZNodes = 50;

    internal const long LeastBytes = 256 * 1024;

    /// <summary>
    /// Whether a process looks, once when it starts, who else has nodes at the ensemble's root, and says so in a warning and in health
    /// data. It costs two reads.
    /// </summary>
    /// <value>Default: true.</value>
    public bool LookForNeighbours { get; set; } = true;

    /// <summary>
    /// Above how many namespaces under <c>/nearcache</c> a process that starts warns: they are counted by one read, and not listed. Many
    /// are usually made by mistake, one for each process.
    /// </summary>
    /// <value>Default: 200. Zero: never.</value>
    public int WarnAboveNamespaces { get; set; } = 200;

    /// <summary>
    /// Who may do what with the znodes of this namespace: each <c>scheme:id:permissions</c> as zkCli writes them, such as
    /// <c>auth::cdrwa</c> (whoever made them, by <c>ZooKeeper:Authentications</c>), <c>digest:user:base64 of SHA-1:cdrwa</c>,
    /// <c>sasl:user:cdrwa</c>, <c>world:anyone:r</c>. It counts for znodes that are made from then on.
    /// </summary>
    /// <value>Default: empty, everybody may do everything.</value>
    public IList<string> Acl { get; private set; } = [];

    /// <summary>
    /// How many znodes the namespace may have by a quota that is set in ZooKeeper where there is none yet: 13, and one a process. ZooKeeper
    /// warns in its log, and refuses more where it enforces quotas (<c>enforceQuota</c>, since 3.7).
    /// </summary>
    /// <value>Default: 0, none is set. At least 50.</value>
    public int QuotaZNodes { get; set; }

    /// <summary>The same for the bytes of their data: at most 192 KiB of rules, 32 KiB of slots, and about 200 bytes a process.</summary>
    /// <value>Default: 0, none is set. At least 256 KiB.</value>
    public long QuotaBytes { get; set; }

    internal EnsembleOptions Copy()
    {
        var copy = (EnsembleOptions)MemberwiseClone();
        copy.Acl = [.. Acl];
        return copy;
    }
}
