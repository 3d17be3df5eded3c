using NearCache.Transport;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Why a connection to a read-only server is given up: there is a better one.</summary>
internal sealed class QuorumFoundException(ServerAddress server) : Exception($"{server} has a quorum.")
{
    public ServerAddress Server => server;
}
