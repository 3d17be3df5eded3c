namespace NearCache.Memcached.Connections;

/// <summary>What <see cref="LivenessMonitor"/> says.</summary>
internal enum LivenessVerdict
{
    Fine,

    /// <summary>Idle for long: ask whether the server is there.</summary>
    Ask,

    /// <summary>Something is due, and nothing came for the operation timeout.</summary>
    Dead,

    /// <summary>The oldest operation holds up others, and too little of it moves.</summary>
    Stalled,
}
