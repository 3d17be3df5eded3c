namespace NearCache.Coherence.ServerRules.Core;

/// <summary>What was found where a server carries the rules.</summary>
internal enum RulesFound
{
    /// <summary>No set: nothing at all, or a stop that was put by hand.</summary>
    Nothing,

    /// <summary>Something that this process cannot read. It is left alone.</summary>
    Unreadable,

    /// <summary>A set.</summary>
    Set,
}
