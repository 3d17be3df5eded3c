namespace NearCache.ZooKeeper.Sessions;

/// <summary>What the server's first answer means.</summary>
internal enum ConnectOutcome
{
    /// <summary>There is a new session.</summary>
    Made,

    /// <summary>The session goes on.</summary>
    Resumed,

    /// <summary>The session is lost.</summary>
    Expired,

    /// <summary>The server says that a session is lost for which it was not asked: it makes no new one.</summary>
    Denied,
}
