using NearCache.Coherence.ServerRules;
using NearCache.Rules;

namespace NearCache.Coherence.Registry;

/// <summary>
/// Replaces the registry of a cache without ZooKeeper: the set that this process applies, which every memcached server carries.
/// </summary>
/// <param name="rules">The rules of this process.</param>
/// <param name="isShared">
/// Whether other processes carry their configured rules to the same servers, so that only stops can be cleared here.
/// </param>
internal sealed class LocalRegistryStore(RulesCoordinator rules, bool isShared) : IRegistryStore
{
    /// <summary>The answer to edits where each process's configuration has the rules.</summary>
    public const string EditTheConfiguration = "There is no registry to edit: without ZooKeeper the rules are those of each process's "
        + "configuration. Change NearCache:Rules there, or set NearCache:ZooKeeper:ConnectionString.";

    /// <inheritdoc/>
    public string? CannotEditRules => isShared ? EditTheConfiguration : null;

    /// <inheritdoc/>
    public Task<StoredRegistry> ReadAsync(CancellationToken cancellationToken)
    {
        var document = rules.Document;
        return document.Set.Revision == 0
            ? Task.FromException<StoredRegistry>(
                new NearCacheException("The rules have not been read from a memcached server yet.") { IsTransient = true })
            : Task.FromResult(new StoredRegistry(document, document.Set.Revision));
    }

    /// <inheritdoc/>
    public Task<bool> TryWriteAsync(StoredRegistry before, RegistryDocument document, CancellationToken cancellationToken) =>
        Task.FromResult(rules.TryReplace(before.Version, document));
}
