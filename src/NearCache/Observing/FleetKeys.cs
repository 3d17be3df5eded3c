using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.Keys;

namespace NearCache.Observing;

/// <summary>Removes single keys, and voids near entries of the whole fleet, by counted writes that every process notices.</summary>
/// <remarks>
/// Counters that are missing are not created: then no process keeps anything near on that server.
/// </remarks>
/// <param name="names">The keys of the namespace.</param>
/// <param name="placement">Finds the names of keys.</param>
/// <param name="servers">The servers.</param>
/// <param name="observation">Reads parts of answers.</param>
internal sealed class FleetKeys(CounterNames names, FleetPlacement placement, ServerObserver servers, Observation observation)
{
    private readonly AuditCommands _commands = new(names);

    /// <summary>Removes a key, and tells every process.</summary>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">
    /// The prefix of the keys is not known or another one than that of the servers, or the server failed.
    /// </exception>
    public async Task<bool> RemoveAsync(string key, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        var keys = await RequireKeysAsync(cancellationToken).ConfigureAwait(false);
        var name = keys.NameOf(key);
        var physical = keys.OfUser(name);
        var server = servers.OwnerOf(physical);
        var logged = StrictUtf8.Encoding.GetBytes(name);
        var segment = KeyHash.Of(logged).Segment;
        try
        {
            var reply = await server.ExecuteAsync(_commands.Mutation(MetaCommand.Delete(physical), segment))
                .WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
            if (AuditCommands.Counter(reply.Responses[1]) is { } m && AuditCommands.Counter(reply.Responses[2]) is { } n)
            {
                // Without the record, processes would void the whole segment.
                await server.ExecuteAsync(
                    MetaCommand.Set(names.Log(n), new LogRecord(segment, m, logged).Encode(), CounterNames.LogLifetime),
                    cancellationToken).ConfigureAwait(false);
            }

            return reply.Responses[0].Status == MetaStatus.Ok;
        }
        catch (MemcachedException e)
        {
            throw new NearCacheException(
                $"The key was not removed from {server.Name}, or it is not known whether it was, and processes may not know: repeat it. "
                    + e.Message,
                e)
            {
                IsTransient = e.IsTransient,
                OutcomeUnknown = e.OutcomeUnknown,
                Key = key,
            };
        }
    }

    /// <summary>
    /// Voids every near entry of every process: counts one write in each segment of each server, and leaves no record of them, so that
    /// processes void the segments.
    /// </summary>
    public async Task<IReadOnlyList<FleetDelivery>> ClearNearAsync(CancellationToken cancellationToken) => await Task.WhenAll(
        servers.Servers.Select(async server => new FleetDelivery
        {
            Place = server.Name,
            Stored = await observation.OfAsync(server.Name, _ => ClearAsync(server), cancellationToken).ConfigureAwait(false),
        })).ConfigureAwait(false);

    private async Task<bool> ClearAsync(ObservedServer server)
    {
        MetaCommand[] bumps = [.. Enumerable.Range(0, KeyHash.Segments).SelectMany(_commands.Bumps)];
        var reply = await server.ExecuteAsync(bumps).ConfigureAwait(false);
        return reply.Responses.All(response => AuditCommands.Counter(response) is not null)
            ? true
            : throw new NearCacheException($"{server.Name} has no counters of the namespace, so no process keeps its keys near");
    }

    private async Task<PhysicalKeys> RequireKeysAsync(CancellationToken cancellationToken) =>
        await placement.ReadAsync(cancellationToken).ConfigureAwait(false) switch
        {
            { Unknown: { } why } => throw new NearCacheException(
                $"The prefix of the namespace's keys is not known, since no memcached server answers: {why}")
            { IsTransient = true },
            { Agrees: false } => throw new NearCacheException(
                "The servers hold another KeyPrefix for the namespace than the settings of this client, so processes mean another item."),
            { Keys: var keys } => keys,
        };
}
