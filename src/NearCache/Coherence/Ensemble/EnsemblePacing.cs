namespace NearCache.Coherence.Ensemble;

/// <summary>What the requests of an <see cref="EnsembleLane"/> wait for.</summary>
internal enum EnsemblePacing
{
    /// <summary>Nothing: a person or the application asked, and paces itself.</summary>
    None,

    /// <summary>The pauses after failures. A budget of the caller's own paces the rest.</summary>
    Failures,

    /// <summary>The pauses after failures, and <see cref="EnsembleLimits"/>.</summary>
    RateLimited,
}
