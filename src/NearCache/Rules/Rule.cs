using System.Collections.Immutable;

namespace NearCache.Rules;

/// <summary>A rule of the registry.</summary>
/// <param name="Name">The name in logs, metrics and edits.</param>
/// <param name="Match">The pattern of the keys.</param>
internal sealed record Rule(string Name, KeyPattern Match)
{
    /// <summary>Gets how long an entry may stay near; null for the setting of the cache.</summary>
    public TimeSpan? NearLifetime { get; init; }

    /// <summary>Gets the bound of staleness; null for the setting of the cache, which it never exceeds.</summary>
    public TimeSpan? MaxStaleness { get; init; }

    /// <summary>Gets how long a null from a factory is kept; null for the lifetime of other values.</summary>
    public TimeSpan? MissLifetime { get; init; }

    /// <summary>Gets the keys to fetch when a process starts.</summary>
    public ImmutableArray<string> Preload { get; init; } = [];

    /// <summary>Gets the writes a second in one process that trip the churn breaker; null for the setting of the cache.</summary>
    public double? MaxWritesPerSecond { get; init; }

    /// <summary>
    /// Gets the writes a second in all processes together that trip the churn breaker; null for the setting of the cache.
    /// </summary>
    public double? MaxFleetWritesPerSecond { get; init; }

    /// <summary>Gets the largest number of the rule's near entries in one process; null if only the limits of the cache count.</summary>
    public int? MaxEntries { get; init; }

    /// <summary>Gets the largest sum of their sizes in bytes; null if only the limits of the cache count.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>Gets what happens to an entry whose key was written by another process.</summary>
    public InvalidationPolicy OnInvalidate { get; init; }

    /// <summary>Gets whether callers share a value of any type.</summary>
    public bool ShareValues { get; init; }

    /// <summary>Gets whether the rule is in force.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// Gets whether the rule only counts what it would do. A dry run is not enabled, so that versions without dry runs ignore it.
    /// </summary>
    public bool DryRun { get; init; }

    /// <summary>
    /// Gets the revision of the set in which <see cref="Match"/> or <see cref="Enabled"/> last changed. Leases and entries compare it.
    /// </summary>
    public long Since { get; init; } = 1;

    /// <summary>Gets the unknown members of its JSON.</summary>
    public UnknownMembers Others { get; init; } = UnknownMembers.None;

    /// <summary>Converts the rule to options.</summary>
    public RuleOptions ToOptions()
    {
        var options = new RuleOptions
        {
            Name = Name,
            Match = Match.Text,
            NearLifetime = NearLifetime,
            MaxStaleness = MaxStaleness,
            MissLifetime = MissLifetime,
            MaxWritesPerSecond = MaxWritesPerSecond,
            MaxFleetWritesPerSecond = MaxFleetWritesPerSecond,
            MaxEntries = MaxEntries,
            MaxBytes = MaxBytes,
            OnInvalidate = OnInvalidate,
            ShareValues = ShareValues,
            Enabled = Enabled || DryRun,
            DryRun = DryRun,
        };
        foreach (var key in Preload)
        {
            options.Preload.Add(key);
        }

        return options;
    }

    /// <summary>Creates a rule from options.</summary>
    public static Rule From(RuleOptions options) => new(options.Name ?? "", new KeyPattern(options.Match ?? ""))
    {
        NearLifetime = options.NearLifetime,
        MaxStaleness = options.MaxStaleness,
        MissLifetime = options.MissLifetime,
        Preload = [.. options.Preload],
        MaxWritesPerSecond = options.MaxWritesPerSecond,
        MaxFleetWritesPerSecond = options.MaxFleetWritesPerSecond,
        MaxEntries = options.MaxEntries,
        MaxBytes = options.MaxBytes,
        OnInvalidate = options.OnInvalidate,
        ShareValues = options.ShareValues,
        Enabled = options.Enabled && !options.DryRun,
        DryRun = options.DryRun,
    };
}
