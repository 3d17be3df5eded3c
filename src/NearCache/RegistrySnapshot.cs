namespace NearCache;

/// <summary>The rules of a namespace at one revision, the stops that count, and the last edits.</summary>
/// <param name="Revision">Grows by one with each edit.</param>
/// <param name="Rules">The rules, those that are disabled too.</param>
/// <param name="Stops">The stops: what they name is off, whatever the rules say.</param>
/// <param name="History">The last 32 edits, oldest first. Empty where there is no registry.</param>
public sealed record RegistrySnapshot(long Revision, IReadOnlyList<RegisteredRule> Rules, IReadOnlyList<RuleStop> Stops, IReadOnlyList<RegistryEdit> History);
