using NearCache.Rules;

namespace NearCache.Coherence.Registry;

/// <summary>The registry as it was read.</summary>
/// <param name="Document">What it holds.</param>
/// <param name="Version">What an edit of it compares.</param>
internal readonly record struct StoredRegistry(RegistryDocument Document, long Version);
