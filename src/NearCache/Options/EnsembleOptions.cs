namespace NearCache;

/// <summary>Behavior of a namespace in a ZooKeeper ensemble that is shared with other applications.</summary>
public sealed class EnsembleOptions
{
    internal const int MinZNodes = 50;

    internal const long MinBytes = 256 * 1024;

    /// <summary>
    /// Gets or sets a value indicating whether a starting process looks for foreign nodes at the root of the ensemble, and reports them in
    /// a warning and in health data. Costs two reads.
    /// </summary>
    /// <value>Default: true.</value>
    public bool LookForNeighbours { get; set; } = true;

    /// <summary>
    /// Gets or sets the number of namespaces under <c>/nearcache</c> above which a starting process logs a warning. They are counted by one
    /// read, and not listed. A high number usually means that each process uses a namespace of its own by mistake.
    /// </summary>
    /// <value>Default: 200. Zero disables the warning.</value>
    public int WarnAboveNamespaces { get; set; } = 200;

    /// <summary>
    /// Gets the access control list of the znodes of this namespace. Each entry is <c>scheme:id:permissions</c> as in zkCli, such as
    /// <c>auth::cdrwa</c> (the identity in <c>ZooKeeper:Authentications</c>), <c>digest:user:base64 of SHA-1:cdrwa</c>,
    /// <c>sasl:user:cdrwa</c> or <c>world:anyone:r</c>. It applies to znodes that are created from then on.
    /// </summary>
    /// <value>Default: empty, which permits everything to every client.</value>
    public IList<string> Acl { get; private set; } = [];

    /// <summary>
    /// Gets or sets the quota of znodes that is set in ZooKeeper if the namespace has none: 13, plus one per process. ZooKeeper logs a
    /// warning above it, and refuses more where quotas are enforced (<c>enforceQuota</c>, since 3.7).
    /// </summary>
    /// <value>Default: 0, no quota is set. At least 50.</value>
    public int QuotaZNodes { get; set; }

    /// <summary>
    /// Gets or sets the quota of data bytes that is set in ZooKeeper if the namespace has none: at most 192 KiB of rules, 32 KiB of slots,
    /// and about 200 bytes per process.
    /// </summary>
    /// <value>Default: 0, no quota is set. At least 256 KiB.</value>
    public long QuotaBytes { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether announcements go through ZooKeeper too where a message broker carries them. Set it while a
    /// fleet changes to a broker, so that processes without it hear within milliseconds. Over another remote than memcached they always do.
    /// </summary>
    /// <value>Default: false: with a message broker, announcements cost the ensemble no transaction.</value>
    public bool AnnounceBesideBroker { get; set; }

    internal EnsembleOptions Copy()
    {
        var copy = (EnsembleOptions)MemberwiseClone();
        copy.Acl = [.. Acl];
        return copy;
    }
}
