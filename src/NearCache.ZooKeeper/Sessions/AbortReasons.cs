using NearCache.Transport;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Why a connection to a read-only server is given up: there is a better one.</summary>
internal sealed class QuorumFoundException(ServerAddress server) : Exception($"{server} has a quorum.")
{
    public ServerAddress Server => server;
}

/// <summary>Why a connection is given up: the client is to use another server of its new list.</summary>
internal sealed class ServersChangedException(string server) : Exception($"The list of servers has changed, and {server} is left.");
