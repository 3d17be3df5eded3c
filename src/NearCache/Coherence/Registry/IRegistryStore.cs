using NearCache.Rules;

namespace NearCache.Coherence.Registry;

/// <summary>Reads and writes the registry of the rules.</summary>
internal interface IRegistryStore
{
    /// <summary>Gets why rules cannot be edited, and what to do instead; null if they can.</summary>
    string? CannotEditRules { get; }

    /// <summary>Gets why nothing can be written; null if edits are possible.</summary>
    string? CannotWrite => null;

    /// <summary>Reads the present registry. Called before each try of an edit.</summary>
    /// <exception cref="NearCacheException">The registry could not be read.</exception>
    Task<StoredRegistry> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Stores an edited registry, if the stored one is unchanged since it was read.</summary>
    /// <returns>False if another edit was first and nothing was changed.</returns>
    /// <exception cref="NearCacheException">The registry could not be stored, or the outcome is unknown.</exception>
    Task<bool> TryWriteAsync(StoredRegistry before, RegistryDocument document, CancellationToken cancellationToken);
}

/// <summary>The registry as it was read.</summary>
/// <param name="Document">The content.</param>
/// <param name="Version">The version that an edit compares.</param>
internal readonly record struct StoredRegistry(RegistryDocument Document, long Version);
