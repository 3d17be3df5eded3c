using NearCache.Coherence.Registry;
using NearCache.Coherence.ServerRules;
using NearCache.Memcached;
using NearCache.Near;
using NearCache.Rules;

namespace NearCache.Observing;

/// <summary>Observes the rules in the registry and on every memcached server, and spreads stops to all of them.</summary>
/// <param name="registry">The registry in ZooKeeper; null if there is none.</param>
/// <param name="carried">The rules on servers.</param>
/// <param name="servers">The servers.</param>
/// <param name="observation">Reads parts of answers.</param>
/// <param name="clock">The monotonic clock.</param>
/// <param name="time">The clock.</param>
internal sealed class RulesObserver(
    IRegistryStore? registry,
    CarriedRules carried,
    IReadOnlyList<ObservedServer> servers,
    Observation observation,
    NearClock clock,
    TimeProvider time) : IKnownRules
{
    /// <summary>The name of the registry among places.</summary>
    public const string Registry = "registry";

    private const int MaxTries = 5;

    private readonly Lock _lock = new();   // guards what is known
    private readonly TaskCompletionSource _isKnown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<(string Name, long Since), long> _tried = [];
    private RegistryDocument? _known;

    /// <inheritdoc/>
    public RegistryWatch Watch { get; } = new();

    /// <inheritdoc/>
    public StopSet Stops
    {
        get
        {
            lock (_lock)
            {
                return _known?.Stops ?? StopSet.None;
            }
        }
    }

    /// <summary>Gets a task that completes when a place has told its rules.</summary>
    public Task IsKnown => _isKnown.Task;

    /// <summary>Gets a value indicating whether there is a registry.</summary>
    public bool HasRegistry => registry is not null;

    /// <summary>Gets the newest set that was read; null if none was.</summary>
    public RuleSet? Set
    {
        get
        {
            lock (_lock)
            {
                return _known?.Set;
            }
        }
    }

    /// <summary>Reads the rules everywhere.</summary>
    public async Task<FleetRules> ReadAsync(CancellationToken cancellationToken)
    {
        var stored = ReadRegistryAsync(cancellationToken);
        var items = await Task.WhenAll(servers.Select(server => ReadAsync(server, cancellationToken))).ConfigureAwait(false);
        var document = await stored.ConfigureAwait(false);
        return new FleetRules
        {
            Current = Merge(document, items),
            Registry = document.Select(known => Observed<RegistrySnapshot>.Of(SnapshotOf(known))),
            Servers =
            [
                .. servers.Zip(items, (server, item) => new FleetServerRules
                {
                    Server = server.Name,
                    Carried = item.Select(found => Observed<FleetCarriedRules>.Of(new FleetCarriedRules
                    {
                        Revision = found.Item?.Set.Revision,
                        SettledRevision = found.Item?.Settled,
                        Stops = [.. found.Stops.Stops.Select(RegistryWatch.Shown)],
                    })),
                }),
            ],
        };
    }

    /// <summary>Reads until one place shows a rule: true at once then, and false when all have answered or their time has passed.</summary>
    public async Task<bool> IsAnywhereAsync(string rule, CancellationToken cancellationToken)
    {
        async Task<RuleSet?> OfRegistryAsync() => (await ReadRegistryAsync(cancellationToken).ConfigureAwait(false)).Value?.Set;
        async Task<RuleSet?> OfServerAsync(ObservedServer server) =>
            (await ReadAsync(server.Urgent, cancellationToken).ConfigureAwait(false)).Value?.Item?.Set;
        Task<RuleSet?>[] places = [OfRegistryAsync(), .. servers.Select(OfServerAsync)];
        Array.ForEach(places, place => place.Abandon());
        await foreach (var place in Task.WhenEach(places).ConfigureAwait(false))
        {
            if ((await place.ConfigureAwait(false))?.Rules.Any(other => other.Name == rule) == true)
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public async ValueTask<ObservedDryRun?> FindDryRunAsync(string name, CancellationToken cancellationToken)
    {
        // The registry tells when it began.
        await ReadAsync(cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            return _known?.Set.Rules.FirstOrDefault(rule => rule.Name == name && rule.DryRun) is { } tried
                ? new ObservedDryRun(tried.Since, _tried[(tried.Name, tried.Since)])
                : null;
        }
    }

    /// <inheritdoc/>
    public async Task Put(Stop stop)
    {
        // The first place that has stored it suffices: processes carry it to the others.
        var deliveries = Spread(stop, CancellationToken.None).ToList();
        while (deliveries.Count > 0)
        {
            var first = await Task.WhenAny(deliveries).ConfigureAwait(false);
            if ((await first.ConfigureAwait(false)).Stored is { IsKnown: true, Value: true })
            {
                return;
            }

            deliveries.Remove(first);
        }

        throw new NearCacheException("Neither a memcached server nor the registry has acknowledged the stop.") { IsTransient = true };
    }

    /// <summary>Tells every place of a stop. Each task ends within the time of an observation.</summary>
    public IReadOnlyList<Task<FleetDelivery>> Spread(Stop stop, CancellationToken cancellationToken)
    {
        var set = Set;
        IEnumerable<Task<FleetDelivery>> deliveries = servers.Select(
            server => DeliverAsync(server.Name, _ => carried.AddAsync(server.Urgent, stop, set), cancellationToken));
        if (registry is not null)
        {
            deliveries = deliveries.Prepend(DeliverAsync(Registry, token => AddToRegistryAsync(registry, stop, token), cancellationToken));
        }

        return [.. deliveries];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ReadStopsAsync(CancellationToken cancellationToken) =>
        [.. (await ReadAsync(cancellationToken).ConfigureAwait(false)).Servers
            .Where(server => !server.Carried.IsKnown)
            .Select(server => server.Server)];

    /// <inheritdoc/>
    public void RegistryRead(RegistryDocument document) => Know(document);

    private async Task<Observed<RegistryDocument>> ReadRegistryAsync(CancellationToken cancellationToken)
    {
        if (registry is null)
        {
            return Observed<RegistryDocument>.Missing("no ZooKeeper is configured, so there is no registry");
        }

        var read = await observation.OfAsync(
            "the registry", async token => (await registry.ReadAsync(token).ConfigureAwait(false)).Document, cancellationToken)
            .ConfigureAwait(false);
        KnowFirst(read.Value);
        return read;
    }

    private async Task<Observed<CarriedItem>> ReadAsync(ObservedServer server, CancellationToken cancellationToken)
    {
        var read = await observation.OfAsync(server.Name, _ => carried.ReadAsync(server), cancellationToken).ConfigureAwait(false);
        KnowFirst(read.Value is { Item.Set: { } set, Stops: var stops } ? new RegistryDocument(set, stops, []) : null);
        return read;
    }

    private async Task<FleetDelivery> DeliverAsync(
        string place, Func<CancellationToken, Task<bool>> deliver, CancellationToken cancellationToken) => new()
        {
            Place = place,
            Stored = await observation.OfAsync(place, deliver, cancellationToken).ConfigureAwait(false),
        };

    private static async Task<bool> AddToRegistryAsync(IRegistryStore registry, Stop stop, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var before = await registry.ReadAsync(cancellationToken).ConfigureAwait(false);
            var after = before.Document.Stopped(StopSet.Of([stop]));
            if (after.Stops.Stops.All(other => other.Id != stop.Id))
            {
                throw new NearCacheException($"the registry has {StopSet.MaxStops} stops already, which is the limit");
            }

            if (await registry.TryWriteAsync(before, after, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }
        }

        throw new NearCacheException($"the registry was edited by others {MaxTries} times in a row") { IsTransient = true };
    }

    private Observed<RegistrySnapshot> Merge(Observed<RegistryDocument> document, Observed<CarriedItem>[] items)
    {
        var found = items.Where(item => item.IsKnown).Select(item => item.Value!).ToArray();
        var newest = document.IsKnown
            ? document.Value
            : found.Select(item => item.Item?.Set).OfType<RuleSet>().MaxBy(set => set.Revision) is { } set
                ? new RegistryDocument(set, StopSet.None, [])
                : null;
        if (newest is null)
        {
            return Observed<RegistrySnapshot>.Missing(string.Join("; ",
            [
                document.Unknown!,
                .. items.Where(item => !item.IsKnown).Select(item => item.Unknown!),
                .. found.Length > 0 ? ["the memcached servers that answer carry no rules"] : Array.Empty<string>(),
            ]));
        }

        var merged = found.Aggregate(newest, (whole, item) => whole.Stopped(item.Stops));
        Know(merged);
        return Observed<RegistrySnapshot>.Of(SnapshotOf(merged));
    }

    // Until all places have answered, what the first one has told is known.
    private void KnowFirst(RegistryDocument? document)
    {
        lock (_lock)
        {
            if (document is not null && _known is null)
            {
                Know(document);
            }
        }
    }

    private void Know(RegistryDocument document)
    {
        lock (_lock)
        {
            _isKnown.TrySetResult();
            if (_known is { } before && before.Set.IsSame(document.Set) && before.Stops.Equals(document.Stops)
                && (document.History is [] || document.History.Length == before.History.Length))
            {
                return;
            }

            _known = document;
            var now = clock.Monotonic();
            foreach (var rule in document.Set.Rules.Where(rule => rule.DryRun))
            {
                // The edit that began it tells how long ago that was, by the clock of its author.
                var age = document.History.LastOrDefault(edit => edit.Revision == rule.Since) is { } edit
                    ? Math.Max((long)(time.GetUtcNow() - edit.When).TotalMilliseconds, 0)
                    : 0;
                var began = now - age;
                _tried[(rule.Name, rule.Since)] = Math.Min(_tried.GetValueOrDefault((rule.Name, rule.Since), began), began);
            }

            Watch.Changed(document.Set, document.Stops, document.History);
        }
    }

    private static RegistrySnapshot SnapshotOf(RegistryDocument document) =>
        RegistryWatch.Snapshot(document.Set, document.Stops.Without(document.Set.Cleared), document.History);
}

/// <summary>The registry of a client that is read-only.</summary>
/// <param name="store">The registry.</param>
internal sealed class ReadOnlyRegistryStore(IRegistryStore store) : IRegistryStore
{
    /// <summary>The answer to every operation that would change something.</summary>
    public const string Refusal = "This client is read-only (FleetClientOptions.ReadOnly), so nothing was changed.";

    /// <inheritdoc/>
    public string? CannotEditRules => Refusal;

    /// <inheritdoc/>
    public string? CannotWrite => Refusal;

    /// <inheritdoc/>
    public Task<StoredRegistry> ReadAsync(CancellationToken cancellationToken) => store.ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<bool> TryWriteAsync(StoredRegistry before, RegistryDocument document, CancellationToken cancellationToken) =>
        Task.FromException<bool>(new NearCacheException(Refusal));
}
