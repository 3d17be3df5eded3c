using System.Security.Cryptography;
using NearCache.Coherence.Core;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Rules;

namespace NearCache.Observing;

/// <summary>Reads and changes the rules items of memcached servers. A change is a compare-and-set over what was read.</summary>
/// <param name="names">The keys of the namespace.</param>
internal sealed class CarriedRules(CounterNames names)
{
    private const int MaxTries = 5;

    /// <summary>Reads what a server carries.</summary>
    /// <exception cref="MemcachedException">The server did not reply.</exception>
    /// <exception cref="NearCacheException">This process cannot read the item.</exception>
    public async Task<CarriedItem> ReadAsync(ObservedServer server)
    {
        var reply = await server.ExecuteAsync(
            new[] { MetaCommand.Get(names.Rules, MetaFields.Value | MetaFields.ClientFlags | MetaFields.Cas) }).ConfigureAwait(false);
        var item = reply.Responses[0];
        if (item.Status == MetaStatus.Miss)
        {
            return new CarriedItem(null, StopSet.None, 0, reply.ConnectionId);
        }

        if (item.Status != MetaStatus.Ok)
        {
            throw new NearCacheException($"{server.Name} answered {item.Status} to the read of its rules");
        }

        if (RulesItem.ReadByHand(item.Value.Span, server.Name, item.Cas) is { } stop)
        {
            return new CarriedItem(null, StopSet.Of([stop]), item.Cas, reply.ConnectionId);
        }

        return RulesItem.TryDecode(item.Value, item.ClientFlags, out var rules, out var why)
            ? new CarriedItem(rules, rules.Stops, item.Cas, reply.ConnectionId)
            : throw new NearCacheException($"the rules on {server.Name} cannot be read by this version: {why.Reason}");
    }

    /// <summary>Adds a stop to what a server carries.</summary>
    /// <param name="server">The server.</param>
    /// <param name="stop">The stop.</param>
    /// <param name="known">The set to carry with it where the server carries none; null if none is known.</param>
    /// <exception cref="MemcachedException">The server did not reply.</exception>
    /// <exception cref="NearCacheException">The stop could not be added.</exception>
    public async Task<bool> AddAsync(ObservedServer server, Stop stop, RuleSet? known)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var found = await ReadAsync(server).ConfigureAwait(false);
            if ((found.Item?.Set ?? known) is not { } set)
            {
                throw new NearCacheException($"{server.Name} carries no rules, and none are known: there is nothing to stop by it");
            }

            var stops = found.Stops.Union(StopSet.Of([stop])).Without(set.Cleared);
            if (stops.Stops.All(other => other.Id != stop.Id))
            {
                throw new NearCacheException($"{server.Name} carries {StopSet.MaxStops} stops already, which is the limit");
            }

            if (await TryWriteAsync(server, found, set, stops).ConfigureAwait(false))
            {
                return true;
            }
        }

        throw new NearCacheException($"the rules on {server.Name} were changed by others {MaxTries} times in a row") { IsTransient = true };
    }

    /// <summary>Replaces what a server carries, unless it was changed since it was read.</summary>
    /// <exception cref="MemcachedException">The server did not reply.</exception>
    public async Task<bool> TryWriteAsync(ObservedServer server, CarriedItem before, RuleSet set, StopSet stops)
    {
        // A server that has no set begins a new life of its item, as with every process that adds one.
        var item = before.Item is { } old
            ? old with { Stops = stops, Set = set }
            : new RulesItem(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))), 0, stops, set);
        var command = MetaCommand.Set(names.Rules, item.Encode(), timeToLive: 0) with
        {
            ClientFlags = item.Flags,
            Mode = before.Cas == 0 ? MetaSetMode.Add : MetaSetMode.Set,
            CompareCas = before.Cas == 0 ? null : before.Cas,
        };

        // A CAS value is compared only on the connection on which it was read: it belongs to one life of the server.
        var reply = await server.ExecuteAsync(new[] { command }, before.ConnectionId).ConfigureAwait(false);
        return reply.Responses[0].Status == MetaStatus.Ok;
    }
}

/// <summary>What a server carries.</summary>
/// <param name="Item">The rules; null if there are none.</param>
/// <param name="Stops">The stops, also one that was put by hand.</param>
/// <param name="Cas">The CAS value; 0 if there is no item.</param>
/// <param name="ConnectionId">The connection on which it was read.</param>
internal sealed record CarriedItem(RulesItem? Item, StopSet Stops, ulong Cas, long ConnectionId);
