namespace NearCache.ZooKeeper.Sessions;

/// <summary>What the server's first answer means.</summary>
internal enum SessionOpening
{
    /// <summary>There is a new session.</summary>
    Made,

    /// <summary>The session goes on.</summary>
    Resumed,

    /// <summary>The session is lost.</summary>
    Expired,
}
