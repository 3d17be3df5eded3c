using System.Globalization;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Rules;
using NearCache.Usage;

namespace NearCache.Coherence.Driver;

/// <summary>The churn breaker at work: once a second it measures, takes over what the fleet knows, tells the fleet what it does not know, and says to each rule what may be announced.</summary>
/// <remarks>Where the remote has no counters nothing is shared but ZooKeeper, and what is not announced is not found out: there a trip is a stop, by which near closes everywhere.</remarks>
internal sealed class ChurnDriver : IAsyncDisposable
{
    // The fleet's counters grow every ten seconds or so.
    private const int LooksBetweenFleets = 5;

    private static readonly string Who = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}, process {Environment.ProcessId}");

    private readonly RulesDriver _rules;
    private readonly CoherenceContext _context;
    private readonly CircuitStore _store;
    private readonly UsageReader _usage;
    private readonly Func<int> _members;
    private readonly ChurnMeter _meter = new();
    private readonly ChurnBreaker _breaker = new();
    private readonly List<ChurnTrip> _untold = [];
    private readonly OwnedLoop _loop;
    private Dictionary<ActiveRule, TrialAllowance> _trials = [];
    private int _looks;

    /// <param name="rules">The rules of this process.</param>
    /// <param name="context">What all drivers have in common.</param>
    /// <param name="store">Carries the breakers to the other processes.</param>
    /// <param name="usage">Knows what all processes write.</param>
    /// <param name="members">How many processes announce.</param>
    public ChurnDriver(RulesDriver rules, CoherenceContext context, CircuitStore store, UsageReader usage, Func<int> members)
    {
        (_rules, _context, _store, _usage, _members) = (rules, context, store, usage, members);
        _loop = new OwnedLoop(context.Logger, "the churn breaker");
        _loop.Start(LookAsync);
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task LookAsync(CancellationToken stopping)
    {
        // Spread, so that of a fleet in which all see the same one has told the others before they write.
        await Task.Delay(TimeSpan.FromSeconds(0.9 + (0.2 * Random.Shared.NextDouble())), _context.Time, stopping).ConfigureAwait(false);
        var stored = await _store.ReadAsync().ConfigureAwait(false);
        var fleet = ++_looks % LooksBetweenFleets == 0 ? await FleetAsync(stopping).ConfigureAwait(false) : [];
        var now = _context.Clock.Monotonic();
        Say(_breaker.Merge(stored?.Circuits ?? [], now));
        foreach (var churn in _meter.Look(_rules.Active, now).Concat(fleet))
        {
            if (_breaker.Churns(churn, Who, now, _context.Time.GetUtcNow()) is { } trip)
            {
                _untold.Add(trip);
            }
        }

        Say(_breaker.Advance(now));
        Apply(now);
        await TellAsync(stored).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<Churn>> FleetAsync(CancellationToken stopping)
    {
        var rules = _meter.ToAskTheFleet(_context.Clock.Monotonic());
        if (rules.Count == 0 || !_context.HasCounters)
        {
            return [];
        }

        try
        {
            var writes = await _usage.RecentWritesAsync([.. rules.Select(rule => rule.Name)], stopping).ConfigureAwait(false);
            return [.. rules.Select((rule, i) => ChurnMeter.OfFleet(rule, writes[i], UsageReader.RecentSeconds)).OfType<Churn>()];
        }
        catch (NearCacheException)
        {
            _context.Metrics.RemoteFailed("churn");
            return [];
        }
    }

    private void Apply(long now)
    {
        var trials = new Dictionary<ActiveRule, TrialAllowance>();
        foreach (var rule in _rules.Active)
        {
            rule.SetCircuit(_breaker.Find(rule));
            if (rule.Breaker == ChurnBreakerState.HalfOpen)
            {
                var trial = trials[rule] = _trials.GetValueOrDefault(rule) ?? new TrialAllowance(Random.Shared.NextDouble(), now);
                if (trial.IsDue(now, _members()))
                {
                    rule.AllowOne();
                }
            }
        }

        _trials = trials;
    }

    // A trip counts once in the fleet: for the process whose change the item takes, or that cannot reach the item.
    private async Task TellAsync(StoredCircuits? stored)
    {
        _untold.RemoveAll(trip => !ReferenceEquals(_breaker.Find(trip.Rule), trip.Circuit));
        if (stored is not null
            && _breaker.ToStore(stored.Circuits, _context.Time.GetUtcNow()) is { } circuits
            && !await _store.TryWriteAsync(stored, circuits).ConfigureAwait(false))
        {
            return;
        }

        foreach (var trip in _untold)
        {
            _context.Metrics.ChurnBreakerTripped(trip.Rule.Name);
            _context.Logger.ChurnBreakerTripped(trip.Rule.Name, trip.Circuit.Why, TimeSpan.FromMilliseconds(ChurnBreaker.PauseOf(trip.Circuit)));
            if (trip.IsLast || !_context.HasCounters)
            {
                Stop(trip);
            }
        }

        _untold.Clear();
    }

    private void Stop(ChurnTrip trip)
    {
        if (!trip.Rule.IsOn)
        {
            return;
        }

        var why = trip.IsLast ? string.Create(CultureInfo.InvariantCulture, $"{trip.Circuit.Why}; that was trip {ChurnBreaker.MostTrips} within an hour") : trip.Circuit.Why;
        try
        {
            _ = _rules.Put(Rules.Stop.Now(trip.Rule.Name, $"churn breaker of {Who}", why, _context.Time.GetUtcNow()));
        }
        catch (NearCacheException e)
        {
            _context.Logger.StopNotPut(e, trip.Rule.Name);
        }
    }

    private void Say(IReadOnlyList<RuleCircuit> changed)
    {
        foreach (var circuit in changed)
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
    }
}
