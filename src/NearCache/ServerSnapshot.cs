namespace NearCache;

/// <summary>One memcached server as a process sees it.</summary>
/// <param name="Name">As configured.</param>
/// <param name="IsServedNear">Whether its keys may be served near now: an audit has confirmed them within <c>MaxStaleness</c>.</param>
/// <param name="ConfirmedBefore">How long ago the last confirmed audit was sent: the bound on the staleness of a near hit now. Null: never yet.</param>
public sealed record ServerSnapshot(string Name, bool IsServedNear, TimeSpan? ConfirmedBefore);
