using System.Collections.Immutable;

namespace NearCache.Rules;

/// <summary>
/// The circuits of all rules, as this process knows them: merged with those of the fleet, opened by churn, closed after quiet.
/// </summary>
/// <remarks>
/// <para>All processes share one item. Of two circuits of a rule the later version counts, and of equal versions that of the item, so that
/// all processes accept the first of simultaneous changes. A lost item is written again by the processes that remember it.</para>
/// <para>Clocks of machines are compared only for the hour in which trips count: a process measures how long a circuit has been unchanged
/// since it saw the change. While churn continues, the processes that see it raise the version again and again, so an unchanged circuit
/// means a quiet rule.</para> <para>Not thread-safe.</para>
/// </remarks>
internal sealed class ChurnBreaker
{
    /// <summary>
    /// How long a rule must be quiet after its first trip until some of its writes are announced again, in milliseconds. Each further trip
    /// within the hour doubles it.
    /// </summary>
    public const long FirstPause = 60_000;

    /// <summary>How long a rule stays half-open, in milliseconds.</summary>
    public const long Trial = 60_000;

    /// <summary>How long a circuit stays unchanged while churn continues, in milliseconds.</summary>
    public const long Renewal = 10_000;

    /// <summary>The trips within an hour that put a stop.</summary>
    public const int MaxTrips = 5;

    /// <summary>
    /// The announcements a second of the whole fleet for a half-open rule. With two tries each, a trial makes 30 transactions.
    /// </summary>
    public const double TrialRate = 0.25;

    /// <summary>How long a trip counts.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    private readonly Dictionary<(string Rule, long Since), Known> _known = [];

    /// <summary>Returns the circuit of a rule; null if it has not tripped recently.</summary>
    public RuleCircuit? Find(ActiveRule rule) => _known.TryGetValue((rule.Name, rule.Since), out var known) ? known.Circuit : null;

    /// <summary>Merges the circuits of the item.</summary>
    /// <param name="stored">The circuits of the item.</param>
    /// <param name="now">The monotonic millisecond.</param>
    /// <returns>The circuits whose state has changed, or that have tripped again.</returns>
    public IReadOnlyList<RuleCircuit> Merge(IEnumerable<RuleCircuit> stored, long now)
    {
        List<RuleCircuit> changed = [];
        foreach (var circuit in stored)
        {
            var before = _known.GetValueOrDefault((circuit.Rule, circuit.Since)).Circuit;
            if (before is null
                || RuleCircuit.IsLater(circuit.Version, before.Version)
                || (circuit.Version == before.Version && !IsSame(circuit, before)))
            {
                Set(circuit, now);
                if (circuit.State != (before?.State ?? ChurnBreakerState.Closed)
                    || (before is not null && circuit.Trips.Length > before.Trips.Length))
                {
                    changed.Add(circuit);
                }
            }
        }

        return changed;
    }

    /// <summary>Records that the keys of a rule are written too fast.</summary>
    /// <param name="churn">The rule and the reason.</param>
    /// <param name="who">The name of this process.</param>
    /// <param name="now">The monotonic millisecond.</param>
    /// <param name="wall">The wall clock.</param>
    /// <returns>The trip; null if the circuit is open already.</returns>
    public ChurnTrip? RecordChurn(in ChurnReport churn, string who, long now, DateTimeOffset wall)
    {
        var rule = churn.Rule;
        var known = _known.GetValueOrDefault((rule.Name, rule.Since));
        if (known.Circuit is { State: ChurnBreakerState.Open } open)
        {
            if (now - known.ChangedAt >= Renewal)
            {
                Set(open with { Version = open.NextVersion }, now);
            }

            return null;
        }

        // Truncated to milliseconds, so that a circuit equals itself after it was stored and read.
        ImmutableArray<DateTimeOffset> trips =
        [
            .. Recent(known.Circuit, wall), DateTimeOffset.FromUnixTimeMilliseconds(wall.ToUnixTimeMilliseconds())
        ];
        var isLast = trips.Length >= MaxTrips;
        var circuit = new RuleCircuit(
            rule.Name,
            rule.Since,
            ChurnBreakerState.Open,
            known.Circuit?.NextVersion ?? 1,
            isLast ? [] : trips,   // from here on a person decides, and former trips do not count
            Stop.Cut(who, Stop.MaxWho),
            Stop.Cut(churn.Why, Stop.MaxWhy));
        Set(circuit, now);
        return new ChurnTrip(rule, circuit, isLast);
    }

    /// <summary>Moves circuits that were quiet for long enough to their next state.</summary>
    /// <returns>The circuits whose state has changed.</returns>
    public IReadOnlyList<RuleCircuit> Advance(long now)
    {
        List<RuleCircuit> changed = [];
        foreach (var (circuit, changedAt) in _known.Values.ToArray())
        {
            var (lasts, next) = circuit.State switch
            {
                ChurnBreakerState.Open => (PauseOf(circuit), ChurnBreakerState.HalfOpen),
                ChurnBreakerState.HalfOpen => (Trial, ChurnBreakerState.Closed),
                _ => (long.MaxValue, ChurnBreakerState.Closed),
            };
            if (now - changedAt >= lasts)
            {
                var after = circuit with { State = next, Version = circuit.NextVersion };
                Set(after, now);
                changed.Add(after);
            }
        }

        return changed;
    }

    /// <summary>Returns the circuits to store; null if the item has them all.</summary>
    public IReadOnlyList<RuleCircuit>? ToStore(IReadOnlyList<RuleCircuit> stored, DateTimeOffset wall)
    {
        var versions = new Dictionary<(string Rule, long Since), long>();
        foreach (var circuit in stored)
        {
            versions[(circuit.Rule, circuit.Since)] = circuit.Version;
        }

        bool IsNews((string Rule, long Since) key, RuleCircuit circuit) => !versions.TryGetValue(key, out var version)
            || RuleCircuit.IsLater(circuit.Version, version);

        // A circuit that is over is forgotten after the other processes can know that.
        foreach (var (key, (circuit, _)) in _known.ToArray())
        {
            if (circuit.State == ChurnBreakerState.Closed && !IsNews(key, circuit) && !Recent(circuit, wall).Any())
            {
                _known.Remove(key);
            }
        }

        return _known.Any(one => IsNews(one.Key, one.Value.Circuit))
            ? [.. _known.Values.Select(known => known.Circuit)
                .OrderBy(circuit => circuit.Rule, StringComparer.Ordinal)
                .ThenBy(circuit => circuit.Since)]
            : null;
    }

    /// <summary>Returns how long the rule must be quiet, in milliseconds.</summary>
    public static long PauseOf(RuleCircuit circuit) => FirstPause << Math.Clamp(circuit.Trips.Length - 1, 0, MaxTrips - 1);

    private static IEnumerable<DateTimeOffset> Recent(RuleCircuit? circuit, DateTimeOffset wall) =>
        circuit is null ? [] : circuit.Trips.Where(trip => (wall - trip).Duration() < Memory);

    private static bool IsSame(RuleCircuit one, RuleCircuit other) =>
        one.State == other.State && one.Who == other.Who && one.Why == other.Why && one.Trips.SequenceEqual(other.Trips);

    private void Set(RuleCircuit circuit, long now) => _known[(circuit.Rule, circuit.Since)] = new Known(circuit, now);

    private readonly record struct Known(RuleCircuit Circuit, long ChangedAt);
}

/// <summary>A trip of the churn breaker in this process.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Circuit">The circuit, which the fleet does not know yet.</param>
/// <param name="IsLast">Whether the rule tripped too often within an hour, so that it is stopped.</param>
internal sealed record ChurnTrip(ActiveRule Rule, RuleCircuit Circuit, bool IsLast);
