using NearCache.Transport;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>The reason why the connection to a read-only server is aborted: another server has a quorum.</summary>
/// <remarks>Reasons are passed to <see cref="Connection.Abort"/>. They are never thrown.</remarks>
internal sealed class QuorumFoundException(ServerAddress server) : Exception($"{server} has a quorum.")
{
    public ServerAddress Server => server;
}

/// <summary>The reason why a connection is aborted after a change of the server list: the client must use another server.</summary>
internal sealed class ServersChangedException(string server)
    : Exception($"The list of servers has changed, so the client leaves {server}.");
