using NearCache.Coherence.Core;
using NearCache.Memcached.Protocol;
using NearCache.Rules;

namespace NearCache.Observing;

/// <summary>Observes which rules the churn breaker has suspended. Their state lies on one memcached server.</summary>
/// <param name="names">The keys of the namespace.</param>
/// <param name="servers">The servers.</param>
/// <param name="observation">Reads parts of answers.</param>
internal sealed class SuspensionsObserver(CounterNames names, ServerObserver servers, Observation observation)
{
    private readonly ObservedServer _server = servers.OwnerOf(names.Churn.Span);

    /// <summary>Reads the suspended rules.</summary>
    public Task<Observed<IReadOnlyList<RuleSuspension>>> ReadAsync(CancellationToken cancellationToken) =>
        observation.OfAsync(_server.Name, ReadItemAsync, cancellationToken);

    private async Task<IReadOnlyList<RuleSuspension>> ReadItemAsync(CancellationToken cancellationToken)
    {
        var item = await _server.ExecuteAsync(MetaCommand.Get(names.Churn, MetaFields.Value), cancellationToken).ConfigureAwait(false);
        return item.Status switch
        {
            MetaStatus.Miss => [],
            MetaStatus.Ok when CircuitsFormat.TryRead(item.Value, out var circuits, out var why) =>
                [.. circuits.Where(circuit => circuit.State != ChurnBreakerState.Closed).Select(Shown)],
            MetaStatus.Ok => throw new NearCacheException(
                $"the states of the churn breakers on {_server.Name} cannot be read: another program or a newer version wrote them"),
            _ => throw new NearCacheException($"{_server.Name} answered {item.Status} to the read of the churn breakers"),
        };
    }

    private static RuleSuspension Shown(RuleCircuit circuit) => new()
    {
        Rule = circuit.Rule,
        Since = circuit.Since,
        State = circuit.State,
        Trips = [.. circuit.Trips],
        Who = circuit.Who,
        Why = circuit.Why,
    };
}
