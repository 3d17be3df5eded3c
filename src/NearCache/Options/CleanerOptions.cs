namespace NearCache;

/// <summary>How fast a <see cref="NamespaceCleaner"/> works, and what it leaves alone.</summary>
public sealed class CleanerOptions
{
    /// <summary>How many znodes a second are looked at, and removed where they are leftovers.</summary>
    /// <value>Default: 1,000. At most 50,000.</value>
    public int ZNodesPerSecond { get; set; } = 1_000;

    /// <summary>How many znodes one transaction removes at most.</summary>
    /// <value>Default: 100. At most 1,000.</value>
    public int BatchZNodes { get; set; } = 100;

    /// <summary>
    /// What was written more lately than this is left alone: somebody may still use it. Compared with the clock of this machine.
    /// </summary>
    /// <value>Default: 1 h. Zero: everything that is not NearCache's own goes.</value>
    public TimeSpan UntouchedFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How many bytes the list of one znode's children may take; each takes its name and 4 bytes. It is asked for once in a run.
    /// </summary>
    /// <value>Default: 64 MiB, enough for 1,000,000 names of 60 letters. At least 1 KiB, at most 512 MiB.</value>
    public int MaxListBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// For how long nothing of a namespace must have been written before it may be removed as a whole. Compared with the clock of this
    /// machine.
    /// </summary>
    /// <value>Default: 30 days.</value>
    public TimeSpan UnchangedFor { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// How long before its removal a namespace must have been planned to be removed: in that time no process must have joined or left. A
    /// fleet that reads alone changes nothing, and one that is switched off at night has no members then.
    /// </summary>
    /// <value>Default: 1 day. Longer than the longest time for which a fleet of yours may be without a process.</value>
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
