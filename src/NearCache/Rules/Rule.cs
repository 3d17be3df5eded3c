using System.Collections.Immutable;

namespace NearCache.Rules;

/// <summary>A rule as the registry has it.</summary>
/// <param name="Name">What it is called in logs, metrics and edits.</param>
/// <param name="Match">The keys it covers.</param>
internal sealed record Rule(string Name, KeyPattern Match)
{
    /// <summary>How long an entry may stay near; null: the cache's own setting.</summary>
    public TimeSpan? NearLifetime { get; init; }

    /// <summary>How old the last proof of freshness may be; null: the cache's own setting, which it never exceeds.</summary>
    public TimeSpan? MaxStaleness { get; init; }

    /// <summary>How long a null that a factory returned is kept; null: as any other value.</summary>
    public TimeSpan? MissLifetime { get; init; }

    /// <summary>Keys to fetch when a process starts.</summary>
    public ImmutableArray<string> Preload { get; init; } = [];

    /// <summary>Writes a second in one process above which the churn breaker trips; null: the cache's own setting.</summary>
    public double? MaxWritesPerSecond { get; init; }

    /// <summary>The same for all processes together.</summary>
    public double? MaxFleetWritesPerSecond { get; init; }

    /// <summary>What becomes of an entry whose key was written elsewhere.</summary>
    public InvalidationPolicy OnInvalidate { get; init; }

    /// <summary>Whether callers share a value whatever its type.</summary>
    public bool ShareValues { get; init; }

    /// <summary>Whether it is in force.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// Whether it only counts what it would do. It is not enabled then, so that processes which do not know dry runs leave it alone.
    /// </summary>
    public bool DryRun { get; init; }

    /// <summary>
    /// The revision of the set in which <see cref="Match"/> or <see cref="Enabled"/> last changed. Leases and entries compare it.
    /// </summary>
    public long Since { get; init; } = 1;

    /// <summary>Members of its JSON that are not known here.</summary>
    public UnknownMembers Others { get; init; } = UnknownMembers.None;

    /// <summary>The options that describe it.</summary>
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

    /// <summary>The rule that options describe.</summary>
    public static Rule From(RuleOptions options) => new(options.Name ?? "", new KeyPattern(options.Match ?? ""))
    {
        NearLifetime = options.NearLifetime,
        MaxStaleness = options.MaxStaleness,
        MissLifetime = options.MissLifetime,
        Preload = [.. options.Preload],
        MaxWritesPerSecond = options.MaxWritesPerSecond,
        MaxFleetWritesPerSecond = options.MaxFleetWritesPerSecond,
        OnInvalidate = options.OnInvalidate,
        ShareValues = options.ShareValues,
        Enabled = options.Enabled && !options.DryRun,
        DryRun = options.DryRun,
    };
}
