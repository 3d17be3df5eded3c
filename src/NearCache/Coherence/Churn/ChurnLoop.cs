using System.Globalization;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.ServerRules;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Rules;
using NearCache.Usage;

namespace NearCache.Coherence.Churn;

/// <summary>
/// Runs the churn breaker: once a second it measures the writes of each rule, exchanges circuits with the fleet, and sets what each
/// rule may announce.
/// </summary>
/// <remarks>
/// The main type of the churn folder. A remote without counters shares nothing but ZooKeeper, and an unannounced write is never found.
/// There a trip is a stop, which closes the rule everywhere before announcing ends (<see cref="CountedWrites"/>). The process that put the
/// stop clears it after the rule was quiet for long enough. Other processes do not know what that process writes, and clear the stop one
/// trial later.
/// </remarks>
internal sealed class ChurnLoop : IAsyncDisposable
{
    // A whole fleet notices at once that a stop may end. The first process clears it, and the others see that before their turn.
    private const int HealingSpread = 10_000;

    // The usage counters of the fleet grow about every ten seconds.
    private const int ChecksPerFleetCheck = 5;

    /// <summary>The name of this process in stops and edits.</summary>
    public static readonly string Who = string.Create(
        CultureInfo.InvariantCulture, $"{Environment.MachineName}, process {Environment.ProcessId}");

    private readonly RulesCoordinator _rules;
    private readonly CoherenceContext _context;
    private readonly CircuitStore _store;
    private readonly UsageReader _usage;
    private readonly Func<int> _members;
    private readonly Func<IReadOnlyCollection<string>, string, CancellationToken, Task> _clear;
    private readonly ChurnMeter _meter;
    private readonly ChurnBreaker _breaker = new();
    private readonly List<ChurnTrip> _unshared = [];
    private readonly HashSet<string> _own = [];   // ids of the stops of this process
    private readonly Dictionary<string, string> _stopped = [];   // by rule: the id of the stop that its circuit follows
    private readonly BackgroundLoop _loop;
    private Dictionary<ActiveRule, TrialBudget> _trials = [];
    private Task _healing = Task.CompletedTask;
    private long? _healsAt;
    private int _checks;

    /// <param name="rules">The rules of this process.</param>
    /// <param name="context">The state and settings that coherence shares.</param>
    /// <param name="store">Shares the circuits with the other processes.</param>
    /// <param name="usage">Reads the writes of all processes.</param>
    /// <param name="members">Returns how many processes announce.</param>
    /// <param name="clear">Clears stops, by their ids and with a reason. Called only if the remote has no counters.</param>
    public ChurnLoop(
        RulesCoordinator rules,
        CoherenceContext context,
        CircuitStore store,
        UsageReader usage,
        Func<int> members,
        Func<IReadOnlyCollection<string>, string, CancellationToken, Task> clear)
    {
        (_rules, _context, _store, _usage, _members, _clear) = (rules, context, store, usage, members, clear);
        _meter = new ChurnMeter(measuresStopped: !context.HasCounters);
        _loop = new BackgroundLoop(context.Logger, "the churn breaker");
        _loop.Start(CheckAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync().ConfigureAwait(false);
        await _healing.ConfigureAwait(false);
    }

    private async Task CheckAsync(CancellationToken stopping)
    {
        // Spread at random, so that one process of a fleet has informed the others before they write.
        await Task.Delay(TimeSpan.FromSeconds(0.9 + (0.2 * Random.Shared.NextDouble())), _context.Time, stopping).ConfigureAwait(false);
        var stored = await _store.ReadAsync().ConfigureAwait(false);
        var fleet = ++_checks % ChecksPerFleetCheck == 0 ? await FleetAsync(stopping).ConfigureAwait(false) : [];
        var now = _context.Clock.Monotonic();
        Log(_breaker.Merge(_context.HasCounters ? stored?.Circuits ?? [] : OfStops(), now));
        foreach (var churn in _meter.Measure(_rules.Active, now).Concat(fleet))
        {
            if (_breaker.RecordChurn(churn, Who, now, _context.Time.GetUtcNow()) is { } trip)
            {
                _unshared.Add(trip);
            }
        }

        Log(_breaker.Advance(now));
        Apply(now);
        await ShareTripsAsync(stored).ConfigureAwait(false);
        if (!_context.HasCounters && _healing.IsCompleted)
        {
            Heal(now, stopping);
        }
    }

    private async Task<IReadOnlyList<ChurnReport>> FleetAsync(CancellationToken stopping)
    {
        var rules = _meter.RulesToCheckInFleet(_context.Clock.Monotonic());
        if (rules.Count == 0 || !_context.HasCounters)
        {
            return [];
        }

        try
        {
            var writes = await _usage.RecentWritesAsync([.. rules.Select(rule => rule.Name)], stopping).ConfigureAwait(false);
            return [.. rules.Select((rule, i) => ChurnMeter.OfFleet(rule, writes[i], UsageReader.RecentSeconds)).OfType<ChurnReport>()];
        }
        catch (NearCacheException)
        {
            _context.Metrics.RemoteFailed("churn");
            return [];
        }
    }

    private void Apply(long now)
    {
        var trials = new Dictionary<ActiveRule, TrialBudget>();
        foreach (var rule in _rules.Active)
        {
            rule.SetCircuit(_breaker.Find(rule));
            if (rule.Breaker == ChurnBreakerState.HalfOpen)
            {
                var trial = trials[rule] = _trials.GetValueOrDefault(rule) ?? new TrialBudget(Random.Shared.NextDouble(), now);
                if (trial.IsDue(now, _members()))
                {
                    rule.AllowOne();
                }
            }
        }

        _trials = trials;
    }

    // A trip counts once in the fleet: in the process whose change the item accepts, or that cannot reach the item.
    private async Task ShareTripsAsync(StoredCircuits? stored)
    {
        _unshared.RemoveAll(trip => !ReferenceEquals(_breaker.Find(trip.Rule), trip.Circuit));
        if (stored is not null
            && _breaker.ToStore(stored.Circuits, _context.Time.GetUtcNow()) is { } circuits
            && !await _store.TryWriteAsync(stored, circuits).ConfigureAwait(false))
        {
            return;
        }

        foreach (var trip in _unshared)
        {
            _context.Metrics.ChurnBreakerTripped(trip.Rule.Name);
            if (_context.HasCounters)
            {
                _context.Logger.ChurnBreakerTripped(
                    trip.Rule.Name, trip.Circuit.Why, TimeSpan.FromMilliseconds(ChurnBreaker.PauseOf(trip.Circuit)));
            }

            if (trip.IsLast || !_context.HasCounters)
            {
                Stop(trip);
            }
        }

        _unshared.Clear();
    }

    private void Stop(ChurnTrip trip)
    {
        if (!trip.Rule.IsOn)
        {
            return;
        }

        var wall = _context.Time.GetUtcNow();
        var isLast = trip.IsLast || Healed(trip.Rule.Name) + 1 >= ChurnBreaker.MaxTrips;
        var why = isLast
            ? string.Create(CultureInfo.InvariantCulture, $"{trip.Circuit.Why}; that was trip {ChurnBreaker.MaxTrips} within an hour")
            : trip.Circuit.Why;
        var stop = ChurnStops.Of(trip.Rule.Name, Who, why, heals: !isLast, wall);
        try
        {
            _ = _rules.Put(stop);
            _own.Add(stop.Id);
        }
        catch (NearCacheException e)
        {
            _context.Logger.StopNotPut(e, trip.Rule.Name);
        }
    }

    // Returns how often the rule has healed within the hour, if the circuits do not know it.
    private int Healed(string rule) =>
        _context.HasCounters ? 0 : ChurnStops.CountHealed(_rules.Document.History, rule, _context.Time.GetUtcNow());

    private IEnumerable<IGrouping<string, Stop>> HealingStops() => _rules.Stops.Stops.Where(ChurnStops.Heals).GroupBy(stop => stop.Rule!);

    // A stop that heals opens the circuit of its rule, and its end closes the circuit: a rule that is still written too fast trips again.
    // The registry knows how often it tripped.
    private List<RuleCircuit> OfStops()
    {
        List<RuleCircuit> changed = [];
        var stops = HealingStops().ToDictionary(same => same.Key, same => same.First());
        foreach (var rule in _rules.Active)
        {
            var known = _breaker.Find(rule);
            var version = known?.NextVersion ?? 1;
            if (stops.GetValueOrDefault(rule.Name) is { } stop)
            {
                var isNew = _stopped.GetValueOrDefault(rule.Name) != stop.Id;
                _stopped[rule.Name] = stop.Id;
                if (known is null || (isNew && known.State != ChurnBreakerState.Open))
                {
                    changed.Add(
                        new RuleCircuit(
                            rule.Name,
                            rule.Since,
                            ChurnBreakerState.Open,
                            version,
                            [.. Enumerable.Repeat(stop.When, Healed(rule.Name) + 1)],
                            stop.Who,
                            stop.Why));
                }
            }
            else if (_stopped.Remove(rule.Name) && known is not null)
            {
                changed.Add(
                    known with
                    {
                        State = ChurnBreakerState.Closed,
                        Version = version,
                        Trips = [.. Enumerable.Repeat(_context.Time.GetUtcNow(), Healed(rule.Name))],
                    });
            }
        }

        _own.IntersectWith(_rules.Stops.Stops.Select(stop => stop.Id));
        return changed;
    }

    // Also stops of a removed rule: the next rule of that name has written nothing.
    private bool MayEnd(IGrouping<string, Stop> stops) =>
        _rules.Active.FirstOrDefault(rule => rule.Name == stops.Key) is not { } rule
        || _breaker.Find(rule) is { State: ChurnBreakerState.Closed }
        || (_breaker.Find(rule) is { State: ChurnBreakerState.HalfOpen } && stops.All(stop => _own.Contains(stop.Id)));

    private void Heal(long now, CancellationToken stopping)
    {
        if (HealingStops().FirstOrDefault(MayEnd) is not { } over)
        {
            _healsAt = null;
        }
        else if ((_healsAt ??= now + Random.Shared.Next(1, HealingSpread)) <= now)
        {
            _healsAt = null;
            _healing = ClearAsync([.. over.Select(stop => stop.Id)], ChurnStops.Healed(over.Key), stopping);
        }
    }

    private async Task ClearAsync(string[] stops, string why, CancellationToken stopping)
    {
        try
        {
            await _clear(stops, why, stopping).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NearCacheException or OperationCanceledException)
        {
            // Another process has cleared the stop, or ZooKeeper is away. Tried again while there is a stop.
        }
    }

    private void Log(IReadOnlyList<RuleCircuit> changed)
    {
        if (changed.Count == 0 || !_context.HasCounters)
        {
            return;
        }

        var known = _rules.Active.Select(rule => (rule.Name, rule.Since)).ToHashSet();
        var now = _context.Clock.Monotonic();
        foreach (var circuit in changed.Where(circuit => known.Contains((circuit.Rule, circuit.Since)) && _context.LogBudget.TryLog(now)))
        {
            switch (circuit.State)
            {
                case ChurnBreakerState.Open:
                    _context.Logger.AnnouncingSuspended(circuit.Rule, circuit.Who, circuit.Why);
                    break;
                case ChurnBreakerState.HalfOpen:
                    _context.Logger.ChurnBreakerHalfOpen(circuit.Rule);
                    break;
                default:
                    _context.Logger.ChurnBreakerClosed(circuit.Rule);
                    break;
            }
        }

        // The item may name any number of rules, so they are logged in one line.
        RuleCircuit[] unknown =
            [.. changed.Where(circuit => circuit.State == ChurnBreakerState.Open && !known.Contains((circuit.Rule, circuit.Since)))];
        if (unknown is [var first, ..] && _context.LogBudget.TryLog(now))
        {
            _context.Logger.UnknownCircuits(unknown.Length, first.Rule, first.Who, first.Why);
        }
    }
}
