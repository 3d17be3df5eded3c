namespace NearCache;

/// <summary>A rule in configuration: which keys are kept near, and how.</summary>
/// <remarks>
/// With ZooKeeper, rules in configuration are the initial content of the registry if there is none; after that the registry alone decides.
/// Without ZooKeeper they are in force, and configuration reloads change them.
/// </remarks>
public sealed class RuleOptions
{
    /// <summary>
    /// Gets or sets the name of the rule in logs, metrics and edits: 1 to 64 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>.
    /// </summary>
    /// <value>Default: empty, which is refused.</value>
    public string Name { get; set; } = "";

    /// <summary>
    /// Gets or sets the pattern of the keys: an exact key (<c>site:parameters</c>), a prefix (<c>product:*</c>), or a glob
    /// (<c>product:*:price</c>, <c>shop:??:menu</c>).
    /// </summary>
    /// <value>Default: empty, which is refused.</value>
    public string Match { get; set; } = "";

    /// <summary>Gets or sets the greatest lifetime of a near entry.</summary>
    /// <value>Default: null, which uses <see cref="NearCacheOptions.NearLifetime"/>.</value>
    public TimeSpan? NearLifetime { get; set; }

    /// <summary>
    /// Gets or sets the greatest age of the last confirmation. At least 3 s, at most <see cref="NearCacheOptions.MaxStaleness"/>.
    /// </summary>
    /// <value>Default: null, which uses <see cref="NearCacheOptions.MaxStaleness"/>.</value>
    public TimeSpan? MaxStaleness { get; set; }

    /// <summary>
    /// Gets or sets the time a null that a factory returned is cached, in whole seconds. A null stands for data that does not exist in the
    /// source. Zero disables caching of nulls.
    /// </summary>
    /// <value>Default: null, which treats a null like any other value.</value>
    public TimeSpan? MissLifetime { get; set; }

    /// <summary>
    /// Gets the keys to fetch from memcached when a process starts and when the rule comes into force, at most 100. <see cref="Match"/>
    /// must cover each of them.
    /// </summary>
    /// <value>Default: empty.</value>
    public IList<string> Preload { get; } = [];

    /// <summary>Gets or sets the writes per second, in one process during 5 s, above which the churn breaker trips.</summary>
    /// <value>Default: null, which uses <see cref="NearCacheOptions.MaxWritesPerSecond"/>.</value>
    public double? MaxWritesPerSecond { get; set; }

    /// <summary>Gets or sets the writes per second, of all processes together during 30 s, above which the churn breaker trips.</summary>
    /// <value>
    /// Default: null, which uses the greater of <see cref="NearCacheOptions.MaxFleetWritesPerSecond"/> and
    /// <see cref="MaxWritesPerSecond"/>.
    /// </value>
    public double? MaxFleetWritesPerSecond { get; set; }

    /// <summary>Gets or sets the handling of a near entry whose key was written elsewhere.</summary>
    /// <value>Default: <see cref="InvalidationPolicy.Drop"/>.</value>
    public InvalidationPolicy OnInvalidate { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether callers share one instance of a near value of any type, because no caller changes it.
    /// Otherwise only immutable types and <see cref="NearCacheOptions.ImmutableTypes"/> are shared, and for other types each caller
    /// receives its own copy, decoded on each hit.
    /// </summary>
    /// <value>Default: false.</value>
    public bool ShareValues { get; set; }

    /// <summary>Gets or sets a value indicating whether the rule is in force.</summary>
    /// <value>Default: true.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Gets or sets a value indicating whether the rule is a dry run: it counts what it would do (<see cref="RuleSnapshot"/>,
    /// <see cref="RuleUsage"/>), but keeps nothing near and announces nothing. <see cref="IRuleRegistry.EndDryRunAsync"/> puts it in force.
    /// Cannot be combined with <see cref="Enabled"/> = false.
    /// </summary>
    /// <value>Default: false.</value>
    public bool DryRun { get; set; }

    /// <summary>
    /// Gets or sets the largest number of near entries of this rule in one process. The rule then has room of its own: when that is full,
    /// entries of the rule are evicted.
    /// </summary>
    /// <value>Default: null, which leaves only <see cref="NearCacheOptions.NearEntries"/>, the limit of all rules together.</value>
    public int? MaxEntries { get; set; }

    /// <summary>
    /// Gets or sets the memory in bytes, by estimate, that near entries of this rule take at most in one process. The rule then has room of
    /// its own, as with <see cref="MaxEntries"/>.
    /// </summary>
    /// <value>Default: null, which leaves only <see cref="NearCacheOptions.NearBytes"/> and the memory of the process.</value>
    public long? MaxBytes { get; set; }

    internal RuleOptions Copy()
    {
        var copy = new RuleOptions
        {
            Name = Name,
            Match = Match,
            NearLifetime = NearLifetime,
            MaxStaleness = MaxStaleness,
            MissLifetime = MissLifetime,
            MaxWritesPerSecond = MaxWritesPerSecond,
            MaxFleetWritesPerSecond = MaxFleetWritesPerSecond,
            OnInvalidate = OnInvalidate,
            ShareValues = ShareValues,
            Enabled = Enabled,
            DryRun = DryRun,
            MaxEntries = MaxEntries,
            MaxBytes = MaxBytes,
        };
        foreach (var key in Preload)
        {
            copy.Preload.Add(key);
        }

        return copy;
    }
}

/// <summary>Specifies the handling of a near entry whose key was written elsewhere.</summary>
public enum InvalidationPolicy
{
    /// <summary>The entry is dropped; the next read fetches the value.</summary>
    Drop = 0,

    /// <summary>
    /// The entry is dropped and fetched again in the background after a random delay, so that the processes of a fleet do not read at the
    /// same instant.
    /// </summary>
    Refresh = 1,
}
