namespace NearCache.ZooKeeper.Sessions;

/// <summary>A server took a connection and closed it before its first answer.</summary>
internal sealed class SessionRefusedException(string server, Exception inner) : IOException(
    $"{server} closed the connection before its first answer: it has no quorum, has too many connections of this machine (maxClientCnxns), or does not know transactions that this client has seen.", inner);
