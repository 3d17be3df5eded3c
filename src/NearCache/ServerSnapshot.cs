namespace NearCache;

/// <summary>One memcached server as a process sees it.</summary>
public sealed record ServerSnapshot
{
    /// <summary>As configured.</summary>
    public required string Name { get; init; }

    /// <summary>Whether its keys may be served near now: an audit has confirmed them within <c>MaxStaleness</c>.</summary>
    public required bool IsServedNear { get; init; }

    /// <summary>How long ago the last confirmed audit was sent: the bound on the staleness of a near hit now. Null: never yet.</summary>
    public required TimeSpan? ConfirmedBefore { get; init; }
}
