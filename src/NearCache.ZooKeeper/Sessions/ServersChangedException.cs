namespace NearCache.ZooKeeper.Sessions;

/// <summary>Why a connection is given up: the client is to use another server of its new list.</summary>
internal sealed class ServersChangedException(string server) : Exception($"The list of servers has changed, and {server} is left.");
