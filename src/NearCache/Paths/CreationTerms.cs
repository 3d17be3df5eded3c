namespace NearCache.Paths;

/// <summary>What a creation may use and keep, where that is not everything.</summary>
internal abstract class CreationTerms<T>
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
    public abstract ValueTask<Acceptance> CheckAsync(PlacedKey place, T found, CancellationToken cancellationToken);

    /// <summary>Whether what the factory returned is stored at all.</summary>
    public abstract bool Stores(T created);

    /// <summary>The fill that these terms leave of one.</summary>
    public NearFill? Limit(NearFill? fill) =>
        !KeepsNear ? null : fill is { } kept && NearLifetime is { } most ? kept with { Most = (long)most.TotalMilliseconds } : fill;
}
