using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>What a process knows of the rules, beside the registry.</summary>
internal interface IKnownRules
{
    /// <summary>Gets the known rules and stops, and their changes.</summary>
    RegistryWatch Watch { get; }

    /// <summary>Gets the stops that count, also those that the registry lacks.</summary>
    StopSet Stops { get; }

    /// <summary>Finds a rule that is only tried.</summary>
    ValueTask<ObservedDryRun?> FindDryRunAsync(string name, CancellationToken cancellationToken);

    /// <summary>Puts a stop, and sends it to the servers and the registry at once.</summary>
    /// <returns>A task that completes when a memcached server or the registry has the stop.</returns>
    /// <exception cref="NearCacheException">There are too many stops.</exception>
    Task Put(Stop stop);

    /// <summary>Reads what stops the memcached servers carry now, and adds them to <see cref="Stops"/>.</summary>
    /// <returns>The names of the servers that did not reply.</returns>
    Task<IReadOnlyList<string>> ReadStopsAsync(CancellationToken cancellationToken);

    /// <summary>Takes over the content of the registry after an edit.</summary>
    void RegistryRead(RegistryDocument document);
}

/// <summary>A rule that is only tried.</summary>
/// <param name="Since">The revision in which its match or its state last changed.</param>
/// <param name="Began">The monotonic millisecond from which this process knows that it is tried.</param>
internal readonly record struct ObservedDryRun(long Since, long Began);
