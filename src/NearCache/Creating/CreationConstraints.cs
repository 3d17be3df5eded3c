using NearCache.Placement;
using NearCache.Reading;

namespace NearCache.Creating;

/// <summary>Restricts what a creation may use and keep.</summary>
internal abstract class CreationConstraints<T>
{
    /// <summary>Gets a value indicating whether a near value may be returned.</summary>
    public bool ReadsNear { get; init; } = true;

    /// <summary>Gets a value indicating whether the value may be kept near.</summary>
    public bool KeepsNear { get; init; } = true;

    /// <summary>Gets the greatest near lifetime; null to use the rule.</summary>
    public TimeSpan? NearLifetime { get; init; }

    /// <summary>Gets the tags of the created value.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Returns whether a servable near value may be the result.</summary>
    public abstract bool IsCurrent(T near);

    /// <summary>Returns whether a value of the remote tier may be the result.</summary>
    public abstract ValueTask<ValueVerdict> CheckAsync(PlacedKey place, T found, CancellationToken cancellationToken);

    /// <summary>Returns whether the result of the factory may be stored.</summary>
    public abstract bool MayStore(T created);

    /// <summary>Returns the fill that remains under these constraints.</summary>
    public NearFill? Restrict(NearFill? fill) =>
        !KeepsNear ? null : fill is { } kept && NearLifetime is { } most ? kept with { Limit = (long)most.TotalMilliseconds } : fill;
}

/// <summary>Specifies whether a value found on the remote tier may be the result.</summary>
internal enum ValueVerdict
{
    /// <summary>The value is the result.</summary>
    Accept,

    /// <summary>The value is outdated for every caller, and is removed.</summary>
    Replace,

    /// <summary>The value is not for this caller, but may be for others. It stays until it is replaced.</summary>
    NotForThisCaller,

    /// <summary>The check failed. The value stays, and the factory runs.</summary>
    Unknown,
}

/// <summary>Fills under the constraints of a creation.</summary>
internal static class ConstrainedFills
{
    /// <summary>Begins a fill within the constraints; null stands for no constraint.</summary>
    public static NearFill? BeginFill<T>(this ReadPath reads, in PlacedKey place, CreationConstraints<T>? constraints) =>
        constraints is null ? reads.BeginFill(place) : constraints.Restrict(reads.BeginFill(place));
}
