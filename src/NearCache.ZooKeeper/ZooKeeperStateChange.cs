namespace NearCache.ZooKeeper;

/// <summary>A client has come into a state.</summary>
/// <param name="State">Which.</param>
/// <param name="SessionId">The session's id: of the one that was lost, if the state is Expired; 0 before the first.</param>
/// <param name="IsNewSession">Connected only: the session is new, not taken over. Nothing of an earlier one is left.</param>
/// <param name="Server">The server that this is about, as written in the connection string; null if about none.</param>
/// <param name="Reason">What went wrong, if something did.</param>
public sealed record ZooKeeperStateChange(ZooKeeperState State, long SessionId, bool IsNewSession, string? Server, Exception? Reason);
