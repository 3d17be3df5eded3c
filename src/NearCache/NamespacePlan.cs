namespace NearCache;

/// <summary>A namespace whose removal is planned, see <see cref="NamespaceCleaner.PlanRemovalAsync"/>.</summary>
/// <param name="Namespace">The namespace.</param>
/// <param name="ZNodes">How many znodes go with it.</param>
/// <param name="LastChange">When it was last written to, by the clock of the ensemble.</param>
/// <param name="File">Where the plan stands, with the rules.</param>
/// <param name="RemovableFrom">When it may be removed at the earliest, by the clock of this machine.</param>
public sealed record NamespacePlan(string Namespace, int ZNodes, DateTimeOffset LastChange, string File, DateTimeOffset RemovableFrom);
