using NearCache.Coherence.Registry;
using NearCache.Coherence.ServerRules;
using NearCache.Memcached;
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
    private static readonly Observed<FleetObedience> NotRead = Observed<FleetObedience>.Missing("the reports were not read yet");

    /// <inheritdoc cref="FleetClient.StopAsync(string?, EditReason, IProgress{FleetStop}, CancellationToken)"/>
    public async Task<FleetStop> StopAsync(
        string? rule, EditReason reason, IProgress<FleetStop>? progress, CancellationToken cancellationToken)
    {
        Check(reason);
        await CheckRuleAsync(rule, cancellationToken).ConfigureAwait(false);
        var stop = Stop.Now(rule, reason.Who, reason.Why, time.GetUtcNow(), reason.IsVerified);
        var deliveries = rules.Spread(stop, cancellationToken);

        // The first place that has it suffices to look which processes obey.
        FleetStop Now(Observed<FleetObedience> obedience) => new()
        {
            Stop = RegistryWatch.Shown(stop),
            Places = [.. deliveries.Where(place => place.IsCompletedSuccessfully).Select(place => place.Result)],
            Obedience = obedience,
        };
        Task<Observed<FleetObedience>>? obeying = null;
        await foreach (var place in Task.WhenEach(deliveries).ConfigureAwait(false))
        {
            if ((await place.ConfigureAwait(false)).Stored is { IsKnown: true, Value: true } && obeying is null)
            {
                obeying = ObeyedAsync(
                    report => report.HasApplied(stop.Id),
                    progress is null ? null : obedience => progress.Report(Now(Observed<FleetObedience>.Of(obedience))),
                    cancellationToken);
                obeying.Abandon();
            }

            progress?.Report(Now(NotRead));
        }

        return obeying is not null
            ? Now(await obeying.ConfigureAwait(false))
            : throw new NearCacheException("The stop was stored nowhere, and no process knows it: "
                + string.Join("; ", Now(NotRead).Places.Select(place => place.Stored.Unknown)))
            { IsTransient = true, OutcomeUnknown = true };
    }

    /// <inheritdoc cref="FleetClient.ResumeAsync(IReadOnlyCollection{string}, EditReason, IProgress{FleetObedience}, CancellationToken)"/>
    public async Task<FleetResume> ResumeAsync(
        IReadOnlyCollection<string> stops, EditReason reason, IProgress<FleetObedience>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stops);
        Check(reason);

        // Stops that a server carries, and the registry does not have yet, are cleared with it.
        var found = await rules.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (rules.HasRegistry && found.Registry is { IsKnown: false, Unknown: var why })
        {
            throw new NearCacheException($"{StateOf(stops, found)} Ending a stop is an edit of the registry, which needs ZooKeeper: {why}")
            {
                IsTransient = found.Registry.Cause is not (UnknownCause.NotPermitted or UnknownCause.Unreadable),
            };
        }

        var edited = await registry.ClearStopsAsync(stops, reason, cancellationToken).ConfigureAwait(false);
        var obedience = await ObeyedAsync(
            report => report.RulesRevision >= edited.Revision, progress is null ? null : progress.Report, cancellationToken)
            .ConfigureAwait(false);
        return new FleetResume { Rules = edited, Obedience = obedience };
    }

    /// <summary>Reads which processes have obeyed a stop by now.</summary>
    public Task<Observed<FleetObedience>> ReadObedienceAsync(string stopId, CancellationToken cancellationToken) =>
        ReadObedienceAsync(report => report.HasApplied(stopId), cancellationToken);

    private static void Check(EditReason reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        ArgumentException.ThrowIfNullOrWhiteSpace(reason.Who, nameof(reason));
        ArgumentNullException.ThrowIfNull(reason.Why, nameof(reason));
    }

    // A stop does not wait for places that do not answer: what any place shows is a rule.
    private async Task CheckRuleAsync(string? rule, CancellationToken cancellationToken)
    {
        if (rule is null || HasRule(registry.Current) || await rules.IsAnywhereAsync(rule, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        // Where nothing answers, the stop is tried all the same.
        var found = await rules.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (found.Current.Value is { } known && !HasRule(known))
        {
            throw new ArgumentException(
                $"There is no rule \"{rule}\" in revision {known.Revision} of the rules"
                    + (rules.HasRegistry && !found.Registry.IsKnown
                        ? $", which the memcached servers carry. The registry may be newer: {found.Registry.Unknown!.TrimEnd('.')}." : "."),
                nameof(rule));
        }

        bool HasRule(RegistrySnapshot snapshot) => snapshot.Rules.Any(other => other.Settings.Name == rule);
    }

    private static string StateOf(IReadOnlyCollection<string> stops, FleetRules found)
    {
        if (found.Current.Value is not { } known)
        {
            return $"Which stops are in force is not known: {found.Current.Unknown!.TrimEnd('.')}.";
        }

        var inForce = known.Stops.Select(stop => stop.Id).ToArray();
        var unknown = stops.Where(id => !inForce.Contains(id)).ToArray();
        return unknown.Length == 0
            ? $"{(inForce.Length == 1 || stops.Count == 1 ? "The stop is" : "The stops are")} still in force."
            : $"No memcached server that answers has a stop {string.Join(" or ", unknown.Select(id => $"\"{id}\""))}"
                + (inForce.Length > 0 ? $"; there are: {string.Join(", ", inForce)}." : ", or any other.");
    }

    private Task<Observed<FleetObedience>> ObeyedAsync(
        Func<ProcessSummary, bool?> hasObeyed, Action<FleetObedience>? progress, CancellationToken cancellationToken) =>
        new ObedienceWatch(token => ReadObedienceAsync(hasObeyed, token), time).WaitAsync(obeyTimeout, progress, cancellationToken);

    private async Task<Observed<FleetObedience>> ReadObedienceAsync(
        Func<ProcessSummary, bool?> hasObeyed, CancellationToken cancellationToken) =>
        (await reports.ReadAsync(cancellationToken).ConfigureAwait(false)).Select(found => ObedienceWatch.Judge(found, hasObeyed));
}
