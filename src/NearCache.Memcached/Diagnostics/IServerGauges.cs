namespace NearCache.Memcached.Diagnostics;

/// <summary>How one client stands with a server, asked when somebody collects, from any thread.</summary>
internal interface IServerGauges
{
    MemcachedServerState State { get; }

    int InFlight { get; }

    int OpenConnections { get; }
}
