namespace NearCache;

/// <summary>Options of the monitor, which checks a sample of near hits against memcached in the background.</summary>
public sealed class MonitorOptions
{
    internal const double MostChecks = 100;

    /// <summary>
    /// Gets or sets the number of near hits that each process checks per second. A check costs two small reads; without near hits nothing
    /// is read.
    /// </summary>
    /// <value>Default: 1. Zero disables the monitor. At most 100.</value>
    public double ChecksPerSecond { get; set; } = 1;

    /// <summary>
    /// Gets or sets a value indicating whether near caching is stopped in the whole namespace when two processes saw violations within ten
    /// minutes. Only an edit of the registry that clears the stop ends it.
    /// </summary>
    /// <value>Default: false. Violations are logged and counted in all cases.</value>
    public bool StopOnViolations { get; set; }

    internal MonitorOptions Copy() => (MonitorOptions)MemberwiseClone();
}
