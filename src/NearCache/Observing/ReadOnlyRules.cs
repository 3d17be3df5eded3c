using NearCache.Coherence.ServerRules;
using NearCache.Rules;

namespace NearCache.Observing;

/// <summary>What a client that is read-only knows of the rules. It puts no stop.</summary>
internal sealed class ReadOnlyRules(IKnownRules rules) : IKnownRules
{
    public RegistryWatch Watch => rules.Watch;

    public StopSet Stops => rules.Stops;

    public ValueTask<ObservedDryRun?> FindDryRunAsync(string name, CancellationToken cancellationToken) =>
        rules.FindDryRunAsync(name, cancellationToken);

    public Task Put(Stop stop) => throw new NearCacheException(ReadOnlyRegistryStore.Refusal);

    public Task<IReadOnlyList<string>> ReadStopsAsync(CancellationToken cancellationToken) => rules.ReadStopsAsync(cancellationToken);

    public void RegistryRead(RegistryDocument document) => rules.RegistryRead(document);
}
