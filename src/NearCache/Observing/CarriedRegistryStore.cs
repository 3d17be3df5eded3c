using NearCache.Coherence.Registry;
using NearCache.Memcached;
using NearCache.Rules;

namespace NearCache.Observing;

/// <summary>
/// Replaces the registry of a fleet without ZooKeeper: the newest set that a memcached server carries. Only stops can be cleared in it,
/// since each process's configuration has the rules.
/// </summary>
/// <remarks>Not for concurrent edits.</remarks>
internal sealed class CarriedRegistryStore(CarriedRules carried, IReadOnlyList<ObservedServer> servers) : IRegistryStore
{
    private long _version;
    private IReadOnlyList<(ObservedServer Server, CarriedItem Item)> _read = [];

    /// <inheritdoc/>
    public string? CannotEditRules => LocalRegistryStore.EditTheConfiguration;

    /// <inheritdoc/>
    public async Task<StoredRegistry> ReadAsync(CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(servers.Select(server => TryReadAsync(server, cancellationToken))).ConfigureAwait(false);
        _read = [.. found.Where(one => one.Item is not null).Select(one => (one.Server, one.Item!))];
        if (_read.Select(one => one.Item.Item?.Set).OfType<RuleSet>().MaxBy(set => set.Revision) is not { } newest)
        {
            throw new NearCacheException(found.FirstOrDefault(one => one.Item is null) is { Why: { Length: > 0 } why }
                ? $"No memcached server that answers carries rules; {why}"
                : "No memcached server carries rules: no process of the namespace has started yet.")
            { IsTransient = true };
        }

        var stops = _read.Aggregate(StopSet.None, (union, one) => union.Union(one.Item.Stops)).Without(newest.Cleared);
        return new StoredRegistry(new RegistryDocument(newest, stops, []), ++_version);
    }

    /// <inheritdoc/>
    public async Task<bool> TryWriteAsync(StoredRegistry before, RegistryDocument document, CancellationToken cancellationToken)
    {
        if (before.Version != _version)
        {
            return false;
        }

        // First to a server with the newest set, so that of two edits at once only one is made. Processes carry it to servers that do not
        // answer now.
        var isStored = false;
        foreach (var (server, item) in _read.OrderByDescending(one => one.Item.Item?.Set.Revision ?? 0))
        {
            try
            {
                var stops = item.Stops.Union(document.Stops).Without(document.Set.Cleared);
                if (await carried.TryWriteAsync(server, item, document.Set, stops).WaitAsync(cancellationToken).ConfigureAwait(false))
                {
                    isStored = true;
                }
                else if (!isStored)
                {
                    return false;
                }
            }
            catch (MemcachedException e) when (isStored)
            {
                _ = e;   // a process carries the set there
            }
            catch (MemcachedException e)
            {
                throw new NearCacheException($"The rules on {server.Name} could not be written: {e.Message}", e)
                {
                    IsTransient = e.IsTransient,
                    OutcomeUnknown = e.OutcomeUnknown,
                };
            }
        }

        return isStored;
    }

    private async Task<(ObservedServer Server, CarriedItem? Item, string Why)> TryReadAsync(
        ObservedServer server, CancellationToken cancellationToken)
    {
        try
        {
            return (server, await carried.ReadAsync(server).WaitAsync(cancellationToken).ConfigureAwait(false), "");
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException)
        {
            return (server, null, e.Message);
        }
    }
}
