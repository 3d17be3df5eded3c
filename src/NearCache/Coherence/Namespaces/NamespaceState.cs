namespace NearCache.Coherence.Namespaces;

/// <summary>The state of a namespace's nodes in ZooKeeper, as this process last saw them.</summary>
/// <param name="Condition">The condition.</param>
/// <param name="Problem">The problem; null if there is none.</param>
/// <param name="Command">What an administrator can do about it; null if NearCache repairs it.</param>
internal sealed record NamespaceState(NamespaceCondition Condition, string? Problem = null, string? Command = null)
{
    public static NamespaceState Unknown { get; } = new(NamespaceCondition.Unknown);

    public static NamespaceState Whole { get; } = new(NamespaceCondition.Whole);
}

/// <summary>Specifies the condition of a namespace. The name is a tag of the metrics.</summary>
internal enum NamespaceCondition
{
    /// <summary>The namespace was not checked, or cannot be checked.</summary>
    Unknown,

    /// <summary>All nodes are there.</summary>
    Whole,

    /// <summary>A node is missing or broken, and NearCache creates it again.</summary>
    Repairing,

    /// <summary>A node is missing or broken that NearCache may not or cannot create again.</summary>
    Damaged,

    /// <summary>The namespace has a newer format than this process can read.</summary>
    Newer,
}
