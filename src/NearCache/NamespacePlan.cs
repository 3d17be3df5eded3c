namespace NearCache;

/// <summary>A namespace whose removal is planned, see <see cref="NamespaceCleaner.PlanRemovalAsync"/>.</summary>
public sealed record NamespacePlan
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>How many znodes go with it.</summary>
    public required int ZNodes { get; init; }

    /// <summary>When it was last written to, by the clock of the ensemble.</summary>
    public required DateTimeOffset LastChange { get; init; }

    /// <summary>Where the plan stands, with the rules.</summary>
    public required string File { get; init; }

    /// <summary>When it may be removed at the earliest, by the clock of this machine.</summary>
    public required DateTimeOffset RemovableFrom { get; init; }
}
