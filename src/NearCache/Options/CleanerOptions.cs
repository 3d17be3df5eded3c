namespace NearCache;

/// <summary>Options of a <see cref="NamespaceCleaner"/>: its rate, and what it preserves.</summary>
public sealed class CleanerOptions
{
    /// <summary>Gets or sets the number of znodes per second that are inspected and, if they are leftovers, removed.</summary>
    /// <value>Default: 1,000. At most 50,000.</value>
    public int ZNodesPerSecond { get; set; } = 1_000;

    /// <summary>Gets or sets the largest number of znodes that one transaction removes.</summary>
    /// <value>Default: 100. At most 1,000.</value>
    public int BatchZNodes { get; set; } = 100;

    /// <summary>
    /// Gets or sets the age below which a znode is preserved, because it may still be in use. Compared with the clock of this machine.
    /// </summary>
    /// <value>Default: 1 h. Zero removes everything that is not NearCache's own.</value>
    public TimeSpan UntouchedFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Gets or sets the largest list of a znode's children, in bytes. Each child takes its name and 4 bytes. The list is read once per run.
    /// </summary>
    /// <value>Default: 64 MiB, enough for 1,000,000 names of 60 letters. At least 1 KiB, at most 512 MiB.</value>
    public int MaxListBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// Gets or sets the time without writes after which a whole namespace may be removed. Compared with the clock of this machine.
    /// </summary>
    /// <value>Default: 30 days.</value>
    public TimeSpan UnchangedFor { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// Gets or sets the time between planning the removal of a namespace and removing it. During that time no process may join or leave. A
    /// fleet that only reads changes nothing, and a fleet that is switched off at night has no members then.
    /// </summary>
    /// <value>Default: 1 day. Must exceed the longest time your fleet may be without a process.</value>
    public TimeSpan PlannedFor { get; set; } = TimeSpan.FromDays(1);

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(UnchangedFor, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(PlannedFor, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(ZNodesPerSecond, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ZNodesPerSecond, 50_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchZNodes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BatchZNodes, 1_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(UntouchedFor, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxListBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxListBytes, 512 * 1024 * 1024);
    }
}
