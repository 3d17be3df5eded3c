using NearCache.Coherence.Ensemble;
using NearCache.Rules;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Registry;

/// <summary>The registry in its znode.</summary>
internal sealed class ZooKeeperRegistryStore(EnsembleLane lane, NamespacePaths paths) : IRegistryStore
{
    /// <inheritdoc/>
    public string? CannotEditRules => null;

    /// <inheritdoc/>
    public async Task<StoredRegistry> ReadAsync(CancellationToken cancellationToken)
    {
        ZNodeData data;
        try
        {
            // The server may be behind, and an edit of an old version would be refused.
            await lane.SyncAsync(paths.Rules, cancellationToken).ConfigureAwait(false);
            data = await lane.GetDataAsync(paths.Rules, null, cancellationToken).ConfigureAwait(false);
        }
        catch (ZooKeeperException e)
        {
            throw new NearCacheException(
                $"The registry of the rules ({paths.Rules}) could not be read: {e.Message}", e)
            { IsTransient = e.IsTransient };
        }

        return RegistryDocument.TryRead(data.Data, out var document, out var why)
            ? new StoredRegistry(document, data.Stat.Version)
            : throw new NearCacheException($"The registry of the rules ({paths.Rules}) cannot be edited by this process: {why.Reason}.");
    }

    /// <inheritdoc/>
    public async Task<bool> TryWriteAsync(StoredRegistry before, RegistryDocument document, CancellationToken cancellationToken)
    {
        try
        {
            return await lane.TrySetDataAsync(paths.Rules, document.Write(), (int)before.Version, cancellationToken).ConfigureAwait(false);
        }
        catch (ZooKeeperException e)
        {
            throw new NearCacheException(
                $"The registry of the rules ({paths.Rules}) could not be written: {e.Message}",
                e)
            { IsTransient = e.IsTransient, OutcomeUnknown = e.IsOutcomeUnknown };
        }
    }
}
