namespace NearCache;

/// <summary>How a lock is acquired and held.</summary>
public sealed class LockOptions
{
    /// <summary>
    /// For how long a lock stays with a holder that has vanished. While the holder lives it is renewed at a third of this.
    /// </summary>
    /// <value>Default: 10 s. At least 1 s, at most 1 h.</value>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>For how long somebody else's lock is waited for. Zero: one try.</summary>
    /// <value>Default: 10 s.</value>
    public TimeSpan Wait { get; set; } = TimeSpan.FromSeconds(10);
}
