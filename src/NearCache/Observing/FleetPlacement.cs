using Microsoft.Extensions.Logging.Abstractions;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Keys;

namespace NearCache.Observing;

/// <summary>Finds the names of keys on memcached as every process does: by the settings, or by the prefix that the servers hold.</summary>
/// <param name="options">The namespace, its prefix and the policy of long keys.</param>
/// <param name="names">The keys of the namespace.</param>
/// <param name="servers">The servers.</param>
/// <param name="observation">Reads parts of answers.</param>
internal sealed class FleetPlacement(
    NearCacheOptions options, CounterNames names, IReadOnlyList<ObservedServer> servers, Observation observation)
{
    private readonly MetaCommand[] _reads = [MetaCommand.Get(names.Total), MetaCommand.Get(names.KeyPrefix)];

    /// <summary>Reads the prefix that each server holds. Never throws because a server does not answer.</summary>
    public async Task<FleetNaming> ReadAsync(CancellationToken cancellationToken)
    {
        var prefix = new NamespacePrefix(
            options.Namespace, options.KeyPrefix, fromServers: true, servers.Select(server => server.Name), NullLogger.Instance);
        var replies = await Task.WhenAll(servers.Select(
            server => observation.OfAsync(server.Name, _ => server.ExecuteAsync(_reads), cancellationToken))).ConfigureAwait(false);
        foreach (var (server, reply) in servers.Zip(replies))
        {
            if (reply is { IsKnown: true, Value.Responses: var responses })
            {
                prefix.Record(server.Name, life: 0, AuditCommands.Counter(responses[0]) is not null, responses[1]);
            }
            else
            {
                prefix.Failed(server.Name);
            }
        }

        return new FleetNaming(
            new PhysicalKeys(options.Namespace, prefix.Value ?? NamespacePrefix.DefaultOf(options.Namespace), options.LongKeys),
            prefix.Value is not null ? null : string.Join("; ", replies.Select(reply => reply.Unknown)),
            prefix.Agrees);
    }
}

/// <summary>The names of keys on memcached.</summary>
/// <param name="Keys">The names; by the default prefix if the prefix is unknown.</param>
/// <param name="Unknown">Why the prefix is unknown; null if it is known.</param>
/// <param name="Agrees">Whether no server holds another prefix than the settings.</param>
internal sealed record FleetNaming(PhysicalKeys Keys, string? Unknown, bool Agrees);
