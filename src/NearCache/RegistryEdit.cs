namespace NearCache;

/// <summary>Who made a revision of the rules, and why.</summary>
public sealed record RegistryEdit
{
    /// <summary>The revision that it made.</summary>
    public required long Revision { get; init; }

    /// <summary>Who or what.</summary>
    public required string Who { get; init; }

    /// <summary>Why.</summary>
    public required string Why { get; init; }

    /// <summary>When, in UTC, by the clock of who made it.</summary>
    public required DateTimeOffset When { get; init; }
}
