using NearCache.Coherence.Ensemble;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Identity;

/// <summary>The data of the node of the members, which exists already: no node is added. A watch reports each change.</summary>
internal sealed class ZooKeeperIdentityStore : IIdentityStore
{
    private readonly EnsembleLane _lane;
    private readonly NamespacePaths _paths;
    private readonly Action<WatchEvent> _watch;   // the same one at each read: a client keeps one of it

    /// <param name="changed">Called when the document was changed.</param>
    public ZooKeeperIdentityStore(EnsembleLane lane, NamespacePaths paths, Action changed)
    {
        (_lane, _paths) = (lane, paths);
        _watch = _ => changed();
    }

    public string Name => "ZooKeeper";

    public async Task<StoredIdentities?> ReadAsync(CancellationToken cancellationToken) =>
        await _lane.TryGetDataAsync(_paths.Members, _watch, cancellationToken).ConfigureAwait(false) is { } node
            ? new StoredIdentities(
                node.Data,
                async content => await _lane.TrySetDataAsync(_paths.Members, content, node.Stat.Version, cancellationToken)
                    .ConfigureAwait(false))
            : null;
}
