using NearCache.Placement;
using NearCache.Reading;

namespace NearCache.Creating;

/// <summary>What a creation may use and keep, where that is not everything.</summary>
internal abstract class CreationConstraints<T>
{
    /// <summary>Whether a near value will do.</summary>
    public bool ReadsNear { get; init; } = true;

    /// <summary>Whether the value may be kept near.</summary>
    public bool KeepsNear { get; init; } = true;

    /// <summary>How long it may be near at most; null: as its rule says.</summary>
    public TimeSpan? NearLifetime { get; init; }

    /// <summary>The tags of what is made.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Whether a near value may be the answer. Asked of one that could be served otherwise.</summary>
    public abstract bool IsCurrent(T near);

    /// <summary>Whether a value that the remote had may be the answer.</summary>
    public abstract ValueTask<ValueVerdict> CheckAsync(PlacedKey place, T found, CancellationToken cancellationToken);

    /// <summary>Whether what the factory returned is stored at all.</summary>
    public abstract bool MayStore(T created);

    /// <summary>The fill that these terms leave of one.</summary>
    public NearFill? Restrict(NearFill? fill) =>
        !KeepsNear ? null : fill is { } kept && NearLifetime is { } most ? kept with { Most = (long)most.TotalMilliseconds } : fill;
}

/// <summary>Whether what was found may be the answer.</summary>
internal enum ValueVerdict
{
    /// <summary>It may.</summary>
    Accept,

    /// <summary>It may not, here or anywhere: it makes room for another.</summary>
    Replace,

    /// <summary>Not for this caller, but for others: it stays until it is replaced.</summary>
    NotForThisCaller,

    /// <summary>Nobody can tell now: it is left where it is, and the source answers.</summary>
    Unknown,
}

/// <summary>Fills under the constraints of a creation.</summary>
internal static class ConstrainedFills
{
    /// <summary>Begins a fill as far as the constraints allow one; null allows everything.</summary>
    public static NearFill? BeginFill<T>(this ReadPath reads, in PlacedKey place, CreationConstraints<T>? constraints) =>
        constraints is null ? reads.BeginFill(place) : constraints.Restrict(reads.BeginFill(place));
}
