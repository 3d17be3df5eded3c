using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.Formats;
using NearCache.Remote.Keys;

namespace NearCache.Observing;

/// <summary>Removes single keys, and voids near entries of the whole fleet, by counted writes that every process notices.</summary>
/// <remarks>
/// Counters that are missing are not created: then no process keeps anything near on that server.
/// </remarks>
/// <param name="options">The limits of values.</param>
/// <param name="names">The keys of the namespace.</param>
/// <param name="placement">Finds the names of keys.</param>
/// <param name="servers">The servers.</param>
/// <param name="observation">Reads parts of answers.</param>
internal sealed class FleetKeys(
    NearCacheOptions options, CounterNames names, FleetPlacement placement, ServerObserver servers, Observation observation)
{
    private readonly AuditCommands _commands = new(names);

    /// <summary>Removes a key, and tells every process.</summary>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">
    /// The prefix of the keys is not known or another one than that of the servers, or the server failed.
    /// </exception>
    public async Task<bool> RemoveAsync(string key, CancellationToken cancellationToken)
    {
        var place = await PlaceAsync(key, cancellationToken).ConfigureAwait(false);
        try
        {
            var reply = await place.Server.ExecuteAsync(_commands.Mutation(MetaCommand.Delete(place.Physical), place.Segment))
                .WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
            await RecordAsync(place, reply.Responses[1], reply.Responses[2], cancellationToken).ConfigureAwait(false);
            return reply.Responses[0].Status == MetaStatus.Ok;
        }
        catch (MemcachedException e)
        {
            throw Failed(e, key, $"The key was not removed from {place.Server.Name}, or it is not known whether it was");
        }
    }

    /// <summary>Counts a write of a key that changes nothing, so that every process drops its near entry.</summary>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">The prefix of the keys is not known, or the server failed or has no counters.</exception>
    public async Task RefreshAsync(string key, CancellationToken cancellationToken)
    {
        var place = await PlaceAsync(key, cancellationToken).ConfigureAwait(false);
        try
        {
            var reply = await place.Server.ExecuteAsync(_commands.Bumps(place.Segment))
                .WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
            if (!await RecordAsync(place, reply.Responses[0], reply.Responses[1], cancellationToken).ConfigureAwait(false))
            {
                throw new NearCacheException($"{place.Server.Name} has no counters of the namespace, so no process keeps its keys near")
                {
                    Key = key,
                };
            }
        }
        catch (MemcachedException e)
        {
            throw Failed(e, key, $"The write was not counted on {place.Server.Name}, or it is not known whether it was");
        }
    }

    /// <summary>Reads the value of a key, without touching its access time.</summary>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">The prefix of the keys is not known, or the server failed.</exception>
    public async Task<FleetValue> ReadAsync(string key, CancellationToken cancellationToken)
    {
        var place = await PlaceAsync(key, cancellationToken).ConfigureAwait(false);
        try
        {
            var read = MetaCommand.Get(place.Physical, MetaFields.Value | MetaFields.ClientFlags) with { IsPeek = true };
            var item = (await place.Server.ExecuteAsync(new[] { read }).WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false))
                .Responses[0];
            return item.Status != MetaStatus.Ok
                ? new FleetValue { Exists = false }
                : new FleetValue
                {
                    Exists = true,
                    ClientFlags = item.ClientFlags,
                    Bytes = Envelope.IsCompressed(item.ClientFlags)
                        ? new ItemCompression(options).Decompress(item).Value
                        : item.Value.ToArray(),
                };
        }
        catch (Exception e) when (e is MemcachedException or FormatException)
        {
            throw new NearCacheException($"The value was not read from {place.Server.Name}: {e.Message}", e)
            {
                IsTransient = e is MemcachedException { IsTransient: true },
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

    private async Task<Place> PlaceAsync(string key, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        var keys = await RequireKeysAsync(cancellationToken).ConfigureAwait(false);
        var name = keys.NameOf(key);
        var physical = keys.OfUser(name);
        var logged = StrictUtf8.Encoding.GetBytes(name);
        return new Place(servers.OwnerOf(physical), physical, logged, KeyHash.Of(logged).Segment);
    }

    // Without the record, processes would void the whole segment. Returns false if the server has no counters.
    private async Task<bool> RecordAsync(
        Place place, MetaResponse segment, MetaResponse total, CancellationToken cancellationToken)
    {
        if (AuditCommands.Counter(segment) is not { } m || AuditCommands.Counter(total) is not { } n)
        {
            return false;
        }

        await place.Server.ExecuteAsync(
            MetaCommand.Set(names.Log(n), new LogRecord(place.Segment, m, place.Logged).Encode(), CounterNames.LogLifetime),
            cancellationToken).ConfigureAwait(false);
        return true;
    }

    private static NearCacheException Failed(MemcachedException exception, string key, string what) =>
        new($"{what}, and processes may not know: repeat it. {exception.Message}", exception)
        {
            IsTransient = exception.IsTransient,
            OutcomeUnknown = exception.OutcomeUnknown,
            Key = key,
        };

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

    // The place of a key: its server, its name there, its name in log records, and its segment.
    private readonly record struct Place(ObservedServer Server, byte[] Physical, byte[] Logged, int Segment);
}
