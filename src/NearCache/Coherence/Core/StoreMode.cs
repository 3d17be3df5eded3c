namespace NearCache.Coherence.Core;

/// <summary>How the value of a factory is stored.</summary>
internal enum StoreMode
{
    /// <summary>It is not: the caller gets it, and that is all.</summary>
    Not,

    /// <summary>By compare-and-set with the CAS of the right.</summary>
    IfUnchanged,

    /// <summary>Only where nothing is. Not part of the design.</summary>
    IfAbsent,

    /// <summary>Over whatever is there. Not part of the design.</summary>
    Always,
}
