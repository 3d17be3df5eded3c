using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Memcached.Protocol;

namespace NearCache.Coherence.Identity;

/// <summary>The item of one server.</summary>
internal sealed class ServerIdentityStore(CoherenceContext context, CoherentServer server) : IIdentityStore
{
    // 30 days, renewed by each read: the history of a name outlives a weekend without processes.
    private const int Lifetime = 2_592_000;

    public string Name => server.Server.Name;

    public async Task<StoredIdentities?> ReadAsync(CancellationToken cancellationToken)
    {
        var (key, life) = (context.Names.Identities, server.Epoch);
        var read = MetaCommand.Get(key, MetaFields.Value | MetaFields.Cas) with { TimeToLive = Lifetime };
        var reply = await server.Server.ExecuteAsync(new[] { read }).ConfigureAwait(false);
        var item = reply.Responses[0];
        return item.Status switch
        {
            MetaStatus.Ok => new StoredIdentities(
                item.Value,
                async content => IsWritten(
                    await server.CompareAsync(
                        new CasOrigin(life, reply.ConnectionId),
                        MetaCommand.Set(key, content, Lifetime) with { CompareCas = item.Cas }).ConfigureAwait(false))),
            MetaStatus.Miss => new StoredIdentities(
                default,
                async content => IsWritten(
                    await server.Server.ExecuteAsync(
                        MetaCommand.Set(key, content, Lifetime) with { Mode = MetaSetMode.Add },
                        CancellationToken.None).ConfigureAwait(false))),
            _ => null,
        };
    }

    private static bool IsWritten(in MetaResponse reply) => reply.Status == MetaStatus.Ok;
}
