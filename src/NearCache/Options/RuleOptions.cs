namespace NearCache;

/// <summary>A rule as it stands in configuration: which keys are kept near, and how.</summary>
/// <remarks>
/// With ZooKeeper configured rules seed the registry where there is none; once it exists it alone decides. Without ZooKeeper they are what
/// is in force, also when they change while the process runs.
/// </remarks>
public sealed class RuleOptions
{
    /// <summary>What the rule is called in logs, metrics and edits: 1 to 64 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>.</summary>
    /// <value>Default: empty, which is refused.</value>
    public string Name { get; set; } = "";

    /// <summary>
    /// The keys it covers: an exact key (<c>site:parameters</c>), a prefix (<c>product:*</c>), or a glob (<c>product:*:price</c>,
    /// <c>shop:??:menu</c>).
    /// </summary>
    /// <value>Default: empty, which is refused.</value>
    public string Match { get; set; } = "";

    /// <summary>How long an entry may stay near, whatever happens.</summary>
    /// <value>Default: none, <see cref="NearCacheOptions.NearLifetime"/> counts.</value>
    public TimeSpan? NearLifetime { get; set; }

    /// <summary>
    /// How old the last proof of freshness may be. Never more than <see cref="NearCacheOptions.MaxStaleness"/>, at least 3 s.
    /// </summary>
    /// <value>Default: none, <see cref="NearCacheOptions.MaxStaleness"/> counts.</value>
    public TimeSpan? MaxStaleness { get; set; }

    /// <summary>
    /// How long a null that a factory returned is kept: what is not there in the source. Whole seconds; zero: it is not kept.
    /// </summary>
    /// <value>Default: none, as any other value.</value>
    public TimeSpan? MissLifetime { get; set; }

    /// <summary>
    /// Keys to fetch from memcached when a process starts and when the rule comes into force, at most 100. Each must be one that
    /// <see cref="Match"/> covers.
    /// </summary>
    /// <value>Default: empty.</value>
    public IList<string> Preload { get; } = [];

    /// <summary>Writes a second, in one process and for 5 s, above which the churn breaker trips.</summary>
    /// <value>Default: none, <see cref="NearCacheOptions.MaxWritesPerSecond"/> counts.</value>
    public double? MaxWritesPerSecond { get; set; }

    /// <summary>Writes a second, of all processes together over half a minute, above which the churn breaker trips.</summary>
    /// <value>
    /// Default: none, the greater of <see cref="NearCacheOptions.MaxFleetWritesPerSecond"/> and <see cref="MaxWritesPerSecond"/> counts.
    /// </value>
    public double? MaxFleetWritesPerSecond { get; set; }

    /// <summary>What becomes of an entry whose key was written elsewhere.</summary>
    /// <value>Default: <see cref="InvalidationPolicy.Drop"/>.</value>
    public InvalidationPolicy OnInvalidate { get; set; }

    /// <summary>
    /// Whether callers may have the same instance of a near value whatever its type, because none of them changes it. Otherwise that is so
    /// for types that cannot be changed and for those in <see cref="NearCacheOptions.ImmutableTypes"/>, and of all others each caller gets
    /// a copy of its own, which is read from the bytes each time.
    /// </summary>
    /// <value>Default: false.</value>
    public bool ShareValues { get; set; }

    /// <summary>Whether the rule is in force.</summary>
    /// <value>Default: true.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Whether the rule is only tried: it counts what it would do (<see cref="RuleSnapshot"/>, <see cref="RuleUsage"/>), keeps nothing near
    /// and announces nothing. <see cref="IRuleRegistry.EndDryRunAsync"/> puts it in force. Does not go together with <see cref="Enabled"/>
    /// = false.
    /// </summary>
    /// <value>Default: false.</value>
    public bool DryRun { get; set; }

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
        };
        foreach (var key in Preload)
        {
            copy.Preload.Add(key);
        }

        return copy;
    }
}

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
