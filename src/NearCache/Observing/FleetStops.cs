using NearCache.Coherence.Registry;
using NearCache.Coherence.ServerRules;
using NearCache.Rules;

namespace NearCache.Observing;

/// <summary>Stops a fleet and ends stops, and follows which processes have obeyed.</summary>
/// <param name="rules">The rules, and the places to which stops are spread.</param>
/// <param name="registry">The editor of the registry.</param>
/// <param name="reports">The reports of the processes.</param>
/// <param name="obeyTimeout">How long processes are followed.</param>
/// <param name="time">The clock.</param>
internal sealed class FleetStops(
    RulesObserver rules, RuleRegistry registry, ReportsObserver reports, TimeSpan obeyTimeout, TimeProvider time)
{
    /// <inheritdoc cref="FleetClient.StopAsync(string?, EditReason, IProgress{FleetObedience}, CancellationToken)"/>
    public async Task<FleetStop> StopAsync(
        string? rule, EditReason reason, IProgress<FleetObedience>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reason);
        ArgumentException.ThrowIfNullOrWhiteSpace(reason.Who, nameof(reason));
        ArgumentNullException.ThrowIfNull(reason.Why, nameof(reason));
        var current = (await rules.ReadAsync(cancellationToken).ConfigureAwait(false)).Current;
        if (rule is not null && current is { IsKnown: true, Value: var known } && known.Rules.All(other => other.Settings.Name != rule))
        {
            throw new ArgumentException($"There is no rule \"{rule}\" in revision {known.Revision} of the rules.", nameof(rule));
        }

        var stop = Stop.Now(rule, reason.Who, reason.Why, time.GetUtcNow(), reason.IsVerified);
        var places = await Task.WhenAll(rules.Spread(stop, cancellationToken)).ConfigureAwait(false);
        return places.Any(place => place.Stored is { IsKnown: true, Value: true })
            ? new FleetStop
            {
                Stop = RegistryWatch.Shown(stop),
                Places = places,
                Obedience = await ObeyedAsync(report => report.HasApplied(stop.Id), progress, cancellationToken).ConfigureAwait(false),
            }
            : throw new NearCacheException("The stop was stored nowhere, and no process knows it: "
                + string.Join("; ", places.Select(place => place.Stored.Unknown)))
            { IsTransient = true, OutcomeUnknown = true };
    }

    /// <inheritdoc cref="FleetClient.ResumeAsync(IReadOnlyCollection{string}, EditReason, IProgress{FleetObedience}, CancellationToken)"/>
    public async Task<FleetResume> ResumeAsync(
        IReadOnlyCollection<string> stops, EditReason reason, IProgress<FleetObedience>? progress, CancellationToken cancellationToken)
    {
        // Stops that a server carries, and the registry does not have yet, are cleared with it.
        await rules.ReadAsync(cancellationToken).ConfigureAwait(false);
        var edited = await registry.ClearStopsAsync(stops, reason, cancellationToken).ConfigureAwait(false);
        var obedience = await ObeyedAsync(report => report.RulesRevision >= edited.Revision, progress, cancellationToken)
            .ConfigureAwait(false);
        return new FleetResume { Rules = edited, Obedience = obedience };
    }

    /// <summary>Reads which processes have obeyed a stop by now.</summary>
    public Task<Observed<FleetObedience>> ReadObedienceAsync(string stopId, CancellationToken cancellationToken) =>
        ReadObedienceAsync(report => report.HasApplied(stopId), cancellationToken);

    private Task<Observed<FleetObedience>> ObeyedAsync(
        Func<ProcessSummary, bool?> hasObeyed, IProgress<FleetObedience>? progress, CancellationToken cancellationToken) =>
        new ObedienceWatch(token => ReadObedienceAsync(hasObeyed, token), time).WaitAsync(obeyTimeout, progress, cancellationToken);

    private async Task<Observed<FleetObedience>> ReadObedienceAsync(
        Func<ProcessSummary, bool?> hasObeyed, CancellationToken cancellationToken) =>
        (await reports.ReadAsync(cancellationToken).ConfigureAwait(false)).Select(found => ObedienceWatch.Judge(found, hasObeyed));
}
