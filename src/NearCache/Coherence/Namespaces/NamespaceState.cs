namespace NearCache.Coherence.Namespaces;

/// <summary>How a namespace's nodes in ZooKeeper stand, as this process saw them last.</summary>
/// <param name="Condition">In one word.</param>
/// <param name="Problem">What is wrong; null: nothing.</param>
/// <param name="Command">What an administrator may do about it; null where NearCache does it.</param>
internal sealed record NamespaceState(NamespaceCondition Condition, string? Problem = null, string? Command = null)
{
    public static NamespaceState Unknown { get; } = new(NamespaceCondition.Unknown);

    public static NamespaceState Whole { get; } = new(NamespaceCondition.Whole);
}

/// <summary>The same in one word, a tag of the metrics.</summary>
internal enum NamespaceCondition
{
    /// <summary>It has not been seen, or cannot be now.</summary>
    Unknown,

    /// <summary>Everything is there.</summary>
    Whole,

    /// <summary>Something is missing or broken, and NearCache creates it again.</summary>
    Repairing,

    /// <summary>Something is missing or broken that NearCache may not or cannot create again by itself.</summary>
    Damaged,

    /// <summary>It is in a newer format than this process can read.</summary>
    Newer,
}
