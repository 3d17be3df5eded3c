namespace NearCache.Coherence.ServerRules.Core;

/// <summary>Whether a mutation is to be counted on its server.</summary>
internal enum BumpDecision
{
    /// <summary>No process may keep the key near.</summary>
    None,

    /// <summary>Some process may, or nobody can know.</summary>
    Bump,

    /// <summary>The view of the server's rules has outlived its lease: read them again, then ask again. If that fails: bump.</summary>
    ReadFirst,
}
