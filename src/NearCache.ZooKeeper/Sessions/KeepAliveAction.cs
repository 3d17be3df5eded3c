namespace NearCache.ZooKeeper.Sessions;

/// <summary>What is to be done now that time has passed.</summary>
internal enum KeepAliveAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Ask the server whether it is there, and tell it that we are.</summary>
    Ping,

    /// <summary>Close the connection: the server was asked and is silent.</summary>
    GiveUp,
}
