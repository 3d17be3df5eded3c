using NearCache.Coherence.Identity.Core;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper;

namespace NearCache.IntegrationTests.Identity;

/// <summary>
/// The identities of servers in ZooKeeper: the one write of a namespace some seconds after its start. A test that counts transactions waits
/// for it.
/// </summary>
internal static class StoredIdentities
{
    /// <summary>Waits until the node of the members has the identity of every server.</summary>
    public static async Task AreThereAsync(ZooKeeperClient admin, string ns, params MemcachedProcess[] servers)
    {
        var members = $"/nearcache/{ns}/members";
        await Eventually.BecomesTrueAsync(
            async () => await admin.ExistsAsync(members) is not null
                && IdentityDocument.TryDecode((await admin.GetDataAsync(members)).Data, out var document, out _)
                && servers.All(server => document.Names.ContainsKey(server.Address)),
            "ZooKeeper has the identities of the servers",
            TimeSpan.FromMinutes(5));
    }
}
