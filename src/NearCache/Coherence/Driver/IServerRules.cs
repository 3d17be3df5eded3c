using NearCache.Coherence.Core;
using NearCache.Memcached.Protocol;

namespace NearCache.Coherence.Driver;

/// <summary>The rules as the servers carry them.</summary>
internal interface IServerRules
{
    /// <summary>An audit read the flags of a server's rules item.</summary>
    /// <returns>Whether the server carries exactly the set that is applied here; only then does the audit confirm.</returns>
    bool Observe(ServerDriver server, in MetaResponse rules, in Moment sent, in Moment received);

    /// <summary>The server has lost its items: its leases start again.</summary>
    void CountersLost(ServerDriver server);
}
