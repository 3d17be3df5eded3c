namespace NearCache.Paths;

/// <summary>Whether what was found may be the answer.</summary>
internal enum Acceptance
{
    /// <summary>It may.</summary>
    Yes,

    /// <summary>It may not, here or anywhere: it makes room for another.</summary>
    No,

    /// <summary>Not for this caller, but for others: it stays until it is replaced.</summary>
    NotHere,

    /// <summary>Nobody can tell now: it is left where it is, and the source answers.</summary>
    Unknown,
}
