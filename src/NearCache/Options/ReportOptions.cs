namespace NearCache;

/// <summary>
/// Settings of the process reports: each process stores a short and a long report of itself on two memcached servers, where consoles and
/// tools read them.
/// </summary>
public sealed class ReportOptions
{
    internal static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);
    internal static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(15);
    internal const int LongestName = 253;

    /// <summary>Gets or sets a value indicating whether this process stores reports. Without reports a fleet cannot be seen.</summary>
    /// <value>Default: true.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Gets or sets the time between two reports, ± 10 %. The first is stored when the cache is created.</summary>
    /// <value>Default: 5 s. At least 1 s, at most 15 s.</value>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets or sets how keys of the application are shown to people: in reports, metrics, logs, support bundles and pages. Items, log
    /// records and announcements contain keys whatever this setting is.
    /// </summary>
    /// <value>Default: <see cref="KeyVisibility.Hashed"/>.</value>
    public KeyVisibility Keys { get; set; }

    /// <summary>Gets or sets the name of the pod of this process.</summary>
    /// <value>Null, the default, uses the environment variable <c>POD_NAME</c>, or no name.</value>
    public string? PodName { get; set; }

    /// <summary>Gets or sets the name of the node that the process runs on.</summary>
    /// <value>Null, the default, uses the environment variable <c>NODE_NAME</c>, or no name.</value>
    public string? NodeName { get; set; }

    /// <summary>
    /// Gets or sets the IP address of the node, by which the connections of a pod are found where the node translates its address (source
    /// NAT).
    /// </summary>
    /// <value>Null, the default, uses the environment variable <c>NODE_IP</c>, or no address.</value>
    public string? NodeAddress { get; set; }

    internal ReportOptions Copy() => (ReportOptions)MemberwiseClone();
}

/// <summary>Specifies how keys are shown to people. Keys may be personal data.</summary>
public enum KeyVisibility
{
    /// <summary>
    /// A hash, equal in all processes of a namespace. It can be compared with the hash of a known key, and is no protection against a
    /// reader that tries every possible key.
    /// </summary>
    Hashed,

    /// <summary>The key.</summary>
    Plain,

    /// <summary>Nothing.</summary>
    None,
}
