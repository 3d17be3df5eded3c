using NearCache.Rules;

namespace NearCache.Coherence.Registry;

/// <summary>Where the registry of the rules is kept.</summary>
internal interface IRegistryStore
{
    /// <summary>Reads the registry as it is now. Called before each try of an edit.</summary>
    /// <exception cref="NearCacheException">It could not be read.</exception>
    Task<StoredRegistry> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Stores an edited registry, only over the one that was read.</summary>
    /// <returns>False: somebody else was first; nothing was changed.</returns>
    /// <exception cref="NearCacheException">It could not be stored, or nobody knows whether it was.</exception>
    Task<bool> TryWriteAsync(StoredRegistry before, RegistryDocument document, CancellationToken cancellationToken);
}

/// <summary>The registry as it was read.</summary>
/// <param name="Document">What it holds.</param>
/// <param name="Version">What an edit of it compares.</param>
internal readonly record struct StoredRegistry(RegistryDocument Document, long Version);
