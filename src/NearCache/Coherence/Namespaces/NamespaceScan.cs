namespace NearCache.Coherence.Namespaces;

/// <summary>What a look at a namespace's nodes has found.</summary>
/// <param name="Format">
/// The format that <c>config</c> states; <see cref="int.MaxValue"/> if it cannot be read; null if it is missing.
/// </param>
/// <param name="RulesTransaction">The transaction that wrote the registry of the rules; null: there is none.</param>
/// <param name="Missing">The other nodes that are missing, parents before their children.</param>
internal sealed record NamespaceScan(int? Format, long? RulesTransaction, IReadOnlyList<string> Missing)
{
    /// <summary>Whether there is a registry of the rules.</summary>
    public bool HasRules => RulesTransaction is not null;
}
