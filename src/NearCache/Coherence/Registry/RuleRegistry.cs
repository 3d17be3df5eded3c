using NearCache.Coherence.Ensemble.Core;
using NearCache.Coherence.ServerRules;
using NearCache.Near;
using NearCache.Rules;
using NearCache.Usage;

namespace NearCache.Coherence.Registry;

/// <summary>
/// Edits the registry by compare-and-set, one edit at a time and within the promised load on the ensemble. The main type of the registry
/// folder.
/// </summary>
/// <param name="store">The stored registry.</param>
/// <param name="known">What this process knows of the rules, informed of each edit at once.</param>
/// <param name="usage">Reads the usage of the fleet.</param>
/// <param name="clock">The clocks.</param>
/// <param name="time">The time provider of the waits.</param>
/// <param name="timeout">How long the acknowledgment of a stop may take.</param>
internal sealed class RuleRegistry(
    IRegistryStore store,
    IKnownRules known,
    UsageReader usage,
    NearClock clock,
    TimeProvider time,
    TimeSpan timeout) : IRuleRegistry, IDisposable
{
    private const double EditsPerSecond = 2;
    private const int MaxTries = 10;

    private static readonly TimeSpan MinDryRun = TimeSpan.FromSeconds(90);

    private readonly SemaphoreSlim _turn = new(1);   // its wait handle is never used, so there is nothing to dispose
    private readonly WriteBudget _bucket = new(EditsPerSecond, double.MaxValue);
    private volatile bool _isClosed;

    /// <inheritdoc/>
    public RegistrySnapshot Current => known.Watch.Current;

    /// <inheritdoc/>
    public async Task<RegistrySnapshot> GetAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        return Snapshot((await store.ReadAsync(cancellationToken).ConfigureAwait(false)).Document);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<RegistrySnapshot> WatchAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        return known.Watch.FollowAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task<RegistrySnapshot> AddAsync(RuleOptions rule, EditReason reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rule);
        var added = Rule.From(rule);
        return EditRulesAsync(
            document => new PlannedEdit(document.Set.Next([.. document.Set.Rules, added])), reason, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<RegistrySnapshot> ChangeAsync(
        string name, Action<RuleOptions> change, EditReason reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        return EditRuleAsync(name, reason, rule =>
        {
            var settings = rule.ToOptions();
            change(settings);
            return Rule.From(settings);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<RegistrySnapshot> ApplyAsync(
        IReadOnlyCollection<RuleOptions> rules, bool prune, EditReason reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rules);
        Rule[] all = [.. rules.Select(Rule.From)];
        return EditRulesAsync(document => PlannedEdit.Apply(document.Set, all, prune), reason, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<RulePreview> PreviewAsync(
        IReadOnlyCollection<RuleOptions> rules, bool prune, CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        ArgumentNullException.ThrowIfNull(rules);
        Rule[] all = [.. rules.Select(Rule.From)];
        var set = (await store.ReadAsync(cancellationToken).ConfigureAwait(false)).Document.Set;
        var planned = PlannedEdit.Apply(set, all, prune);
        return planned is not null && RuleSetMistakes.Of(planned.Set) is { Count: > 0 } mistakes
            ? throw new RuleRefusedException(mistakes)
            : new RulePreview
            {
                Revision = set.Revision,
                Changes = [.. RuleDifference.Between(set.Rules, planned?.Set.Rules ?? set.Rules).Select(RegistryWatch.Shown)],
            };
    }

    /// <inheritdoc/>
    public Task<RegistrySnapshot> UndoAsync(long revision, EditReason reason, CancellationToken cancellationToken = default) =>
        EditRulesAsync(document => PlannedEdit.Undo(document, revision, time.GetUtcNow()), reason, cancellationToken);

    /// <inheritdoc/>
    public Task<RegistrySnapshot> RemoveAsync(string name, EditReason reason, CancellationToken cancellationToken = default) =>
        EditRuleAsync(name, reason, _ => null, cancellationToken);

    /// <inheritdoc/>
    public Task<RegistrySnapshot> EnableAsync(string name, EditReason reason, CancellationToken cancellationToken = default) =>
        EditRuleAsync(name, reason, rule => rule with { Enabled = true, DryRun = false }, cancellationToken);

    /// <inheritdoc/>
    public Task<RegistrySnapshot> DisableAsync(string name, EditReason reason, CancellationToken cancellationToken = default) =>
        EditRuleAsync(name, reason, rule => rule with { Enabled = false, DryRun = false }, cancellationToken);

    /// <inheritdoc/>
    public async Task<RegistrySnapshot> EndDryRunAsync(
        string name, double mostWritesPerSecond, EditReason reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfNegative(mostWritesPerSecond);
        Check(reason);
        if (store.CannotEditRules is { } fixedRules)
        {
            throw new NearCacheException(fixedRules);
        }

        if (await known.FindDryRunAsync(name, cancellationToken).ConfigureAwait(false) is not { } tried)
        {
            throw new RuleRefusedException([$"There is no dry run of a rule \"{name}\" in revision {Current.Revision} of the rules."]);
        }

        // Every process adds to the counters about every ten seconds. The figures need a whole minute of them.
        var watched = TimeSpan.FromMilliseconds(clock.Monotonic() - tried.Began);
        if (watched < MinDryRun)
        {
            throw new RuleRefusedException([$"The dry run of rule \"{name}\" has run for {watched.TotalSeconds:0} s here: the usage of "
                + $"the fleet is known after {MinDryRun.TotalSeconds:0} s."]);
        }

        var use = (await usage.ReadAsync([name], cancellationToken).ConfigureAwait(false))[0];
        if (use.WritesPerSecond > mostWritesPerSecond)
        {
            throw new RuleRefusedException([string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"The keys of rule \"{name}\" are written {use.WritesPerSecond:0.##} times a second by the fleet, more than "
                    + $"{mostWritesPerSecond:0.##}; they are read {use.NearHitsPerSecond + use.RemoteReadsPerSecond:0.##} times.")]);
        }

        return await EditRuleAsync(
            name,
            reason,
            rule => rule.DryRun && rule.Since == tried.Since
                ? rule with { Enabled = true, DryRun = false }
                : throw new RuleRefusedException([$"The dry run of rule \"{name}\" was changed in the meantime."]),
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<RuleStop> StopAsync(string? rule, EditReason reason, CancellationToken cancellationToken = default)
    {
        Check(reason);
        if (rule is not null && !HasRule(Current, rule))
        {
            var rules = await ReadForStopAsync(rule, cancellationToken).ConfigureAwait(false);
            if (!HasRule(rules, rule))
            {
                throw new ArgumentException($"There is no rule \"{rule}\" in revision {rules.Revision} of the rules.", nameof(rule));
            }
        }

        var stop = Stop.Now(rule, reason.Who, reason.Why, time.GetUtcNow(), reason.IsVerified);
        var acknowledged = known.Put(stop);
        try
        {
            await acknowledged.WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new NearCacheException(
                $"This process is stopped ({stop.Id}), but within {timeout} neither a memcached server nor ZooKeeper has acknowledged "
                    + "it: other processes may not know. The process continues to try.", e)
            {
                IsTransient = true,
                OutcomeUnknown = true,
            };
        }

        return RegistryWatch.Shown(stop);
    }

    /// <inheritdoc/>
    public async Task<RegistrySnapshot> ClearStopsAsync(
        IReadOnlyCollection<string> ids, EditReason reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        Check(reason);
        string[] named = [.. ids];

        // A stop that another process put a moment ago may be on a single server, before this process has read it there.
        var silent = Unknown(known.Stops) is [] ? [] : await known.ReadStopsAsync(cancellationToken).ConfigureAwait(false);
        return await EditAsync(
            document => named is not [] && Unknown(document.Stops) is []
                ? new PlannedEdit(document.Set.Next(document.Set.Rules, named))
                : throw NoStop(Unknown(document.Stops), document.Stops, silent),
            reason,
            cancellationToken).ConfigureAwait(false);

        string[] Unknown(StopSet stops) => [.. named.Where(id => stops.Stops.All(stop => stop.Id != id))];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RuleUsage>> GetUsageAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        return await usage.ReadAsync([.. Current.Rules.Select(rule => rule.Settings.Name)], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes all later calls fail, because the cache is disposed.</summary>
    public void Dispose() => _isClosed = true;

    private static RegistrySnapshot Snapshot(RegistryDocument document) =>
        RegistryWatch.Snapshot(document.Set, document.Stops.Without(document.Set.Cleared), document.History);

    private static bool HasRule(RegistrySnapshot rules, string name) => rules.Rules.Any(rule => rule.Settings.Name == name);

    // Only a server that replies shows that it has no such stop.
    private static NearCacheException NoStop(string[] unknown, StopSet stops, IReadOnlyList<string> silent)
    {
        var mistake = $"There is no stop {string.Join(", ", unknown.Select(id => $"\"{id}\""))}; there are: "
            + $"{string.Join(", ", stops.Stops.Select(stop => stop.Id))}.";
        return silent is [] || unknown is []
            ? new RuleRefusedException([mistake])
            : new NearCacheException($"{mistake} {string.Join(", ", silent)} did not reply and may have it: try again.")
            { IsTransient = true };
    }

    // Another process may have added the rule a moment ago, so the registry decides.
    private async Task<RegistrySnapshot> ReadForStopAsync(string rule, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (NearCacheException e)
        {
            throw new NearCacheException(
                $"Nothing is stopped: revision {Current.Revision} of the rules, which this process knows, has no rule \"{rule}\", and "
                    + $"the registry does not tell whether it was added: {e.Message}",
                e)
            { IsTransient = e.IsTransient };
        }
    }

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_isClosed, typeof(IRuleRegistry));

    private void Check(EditReason reason)
    {
        ThrowIfClosed();
        ArgumentNullException.ThrowIfNull(reason);
        ArgumentException.ThrowIfNullOrWhiteSpace(reason.Who, nameof(reason));
        ArgumentNullException.ThrowIfNull(reason.Why, nameof(reason));
    }

    // Edits one rule; null removes it.
    private Task<RegistrySnapshot> EditRuleAsync(
        string name, EditReason reason, Func<Rule, Rule?> edit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        return EditRulesAsync(
            document => document.Set is var set && set.Rules.Any(rule => rule.Name == name)
                ? new PlannedEdit(set.Next(set.Rules.Select(rule => rule.Name == name ? edit(rule) : rule).OfType<Rule>()))
                : throw new RuleRefusedException([$"There is no rule \"{name}\" in revision {set.Revision} of the rules."]),
            reason,
            cancellationToken);
    }

    private Task<RegistrySnapshot> EditRulesAsync(
        Func<RegistryDocument, PlannedEdit?> plan, EditReason reason, CancellationToken cancellationToken)
    {
        Check(reason);
        return store.CannotEditRules is { } why
            ? Task.FromException<RegistrySnapshot>(new NearCacheException(why))
            : EditAsync(plan, reason, cancellationToken);
    }

    // A plan of null changes nothing, and makes no revision.
    private async Task<RegistrySnapshot> EditAsync(
        Func<RegistryDocument, PlannedEdit?> plan, EditReason reason, CancellationToken cancellationToken)
    {
        Check(reason);
        if (store.CannotWrite is { } why)
        {
            throw new NearCacheException(why);
        }

        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            for (var tries = 1; ; tries++)
            {
                await PayAsync(cancellationToken).ConfigureAwait(false);
                var stored = await store.ReadAsync(cancellationToken).ConfigureAwait(false);
                if (reason.IfRevision is { } wanted && wanted != stored.Document.Set.Revision)
                {
                    throw new RevisionConflictException(wanted, stored.Document.Set.Revision);
                }

                var before = stored.Document.Stopped(known.Stops);
                if (plan(before) is not { } planned)
                {
                    return Snapshot(before);
                }

                var after = Edited(before, planned, reason);
                if (await store.TryWriteAsync(stored, after, cancellationToken).ConfigureAwait(false))
                {
                    known.RegistryRead(after);
                    return Snapshot(after);
                }

                if (tries == MaxTries)
                {
                    throw new NearCacheException(
                        $"The edit was tried {MaxTries} times, and each time another edit came first.")
                    { IsTransient = true };
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private RegistryDocument Edited(RegistryDocument before, PlannedEdit planned, EditReason reason)
    {
        var mistakes = RuleSetMistakes.Of(planned.Set);
        if (mistakes is not [])
        {
            throw new RuleRefusedException(mistakes);
        }

        var after = before.Edited(planned.Set, reason.Who, reason.Why, time.GetUtcNow(), planned.Put, reason.IsVerified);
        return after.Write().Length <= RegistryDocument.MaxBytes
            ? after
            : throw new RuleRefusedException([$"The registry would take more than {RegistryDocument.MaxBytes} bytes: use fewer rules or "
                + "fewer preload keys, or clear stops."]);
    }

    private async Task PayAsync(CancellationToken cancellationToken)
    {
        var now = clock.Monotonic();
        while (!_bucket.Has(now, secondTry: false, out var availableAt))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(availableAt - now), time, cancellationToken).ConfigureAwait(false);
            now = clock.Monotonic();
        }

        _bucket.Take();
    }
}
