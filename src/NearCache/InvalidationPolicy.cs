namespace NearCache;

/// <summary>What a process does with a near entry whose key was written elsewhere.</summary>
public enum InvalidationPolicy
{
    /// <summary>The entry is dropped; the next read asks the remote.</summary>
    Drop = 0,

    /// <summary>
    /// The entry is dropped and fetched again in the background, after a random pause, so that a fleet does not ask at one instant.
    /// </summary>
    Refresh = 1,
}
