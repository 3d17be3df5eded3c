namespace NearCache.Transport;

/// <summary>Something whose threads can be stuck, looked at by <see cref="ThreadWatchdog"/>.</summary>
internal interface IWatchdogTarget
{
    /// <summary>Gets whether there was work since the last look.</summary>
    bool HasWorked { get; }

    /// <summary>
    /// Looks whether something is stuck, and lets another thread go on with it. Returns whether there was work since the last look. Must
    /// not block.
    /// </summary>
    bool Inspect();
}
