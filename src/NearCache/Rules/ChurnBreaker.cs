using System.Collections.Immutable;

namespace NearCache.Rules;

/// <summary>
/// The churn breakers of all rules, as this process knows them: merged with those of the fleet, tripped by churn, healed by quiet.
/// </summary>
/// <remarks>
/// <para>
/// All processes share one item. Of two circuits of a rule the one with the later version counts, and of equal ones that of the item, so
/// that of processes which change something at the same time all take the first one's change. An item that was lost is written again by the
/// processes that remember it.
/// </para>
/// <para>
/// No clocks are compared but for the hour in which trips are counted: a process measures for how long a circuit has not changed since it
/// saw the change. While churn goes on, a process that sees it changes the version again and again, so a circuit that does not change is a
/// quiet rule.
/// </para>
/// <para>One caller at a time.</para>
/// </remarks>
internal sealed class ChurnBreaker
{
    /// <summary>
    /// How long a rule must be quiet after its first trip until a few of its writes are announced again, in milliseconds. Each further trip
    /// within the hour doubles it.
    /// </summary>
    public const long FirstPause = 60_000;

    /// <summary>How long a rule stays half-open, in milliseconds.</summary>
    public const long Trial = 60_000;

    /// <summary>While churn goes on, how long a circuit stays unchanged, in milliseconds.</summary>
    public const long Renewal = 10_000;

    /// <summary>So many trips within an hour put a stop.</summary>
    public const int MostTrips = 5;

    /// <summary>
    /// Announcements a second, of the whole fleet, of a rule that is half-open: with each tried twice, 30 transactions in a trial.
    /// </summary>
    public const double TrialRate = 0.25;

    private static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    private readonly Dictionary<(string Rule, long Since), Known> _known = [];

    /// <summary>What is known of a rule's circuit; null: it has not tripped lately.</summary>
    public RuleCircuit? Find(ActiveRule rule) => _known.TryGetValue((rule.Name, rule.Since), out var known) ? known.Circuit : null;

    /// <summary>The item was read.</summary>
    /// <param name="stored">What it holds.</param>
    /// <param name="now">The monotonic millisecond.</param>
    /// <returns>The circuits that are in another state by it, or have tripped again.</returns>
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

    /// <summary>A rule's keys are written too fast.</summary>
    /// <param name="churn">Which, and why that is said.</param>
    /// <param name="who">This process.</param>
    /// <param name="now">The monotonic millisecond.</param>
    /// <param name="wall">The wall clock.</param>
    /// <returns>The trip; null: it is open already.</returns>
    public ChurnTrip? Churns(in ChurnReport churn, string who, long now, DateTimeOffset wall)
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

        // Stored in whole milliseconds: a circuit must equal itself after a journey.
        ImmutableArray<DateTimeOffset> trips =
        [
            .. Recent(known.Circuit, wall), DateTimeOffset.FromUnixTimeMilliseconds(wall.ToUnixTimeMilliseconds())
        ];
        var isLast = trips.Length >= MostTrips;
        var circuit = new RuleCircuit(
            rule.Name,
            rule.Since,
            ChurnBreakerState.Open,
            known.Circuit?.NextVersion ?? 1,
            isLast ? [] : trips,   // a person decides from here on, and is not overruled by what was before
            Stop.Cut(who, Stop.MostWho),
            Stop.Cut(churn.Why, Stop.MostWhy));
        Set(circuit, now);
        return new ChurnTrip(rule, circuit, isLast);
    }

    /// <summary>Time has passed: circuits that were quiet for long enough go on to the next state.</summary>
    /// <returns>Those that did.</returns>
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

    /// <summary>What the item should hold; null: it does.</summary>
    public IReadOnlyList<RuleCircuit>? ToStore(IReadOnlyList<RuleCircuit> stored, DateTimeOffset wall)
    {
        var versions = new Dictionary<(string Rule, long Since), long>();
        foreach (var circuit in stored)
        {
            versions[(circuit.Rule, circuit.Since)] = circuit.Version;
        }

        bool IsNews((string Rule, long Since) key, RuleCircuit circuit) => !versions.TryGetValue(key, out var version)
            || RuleCircuit.IsLater(circuit.Version, version);

        // What is over is forgotten, but not before the others can know that it is.
        foreach (var (key, (circuit, _)) in _known.ToArray())
        {
            if (circuit.State == ChurnBreakerState.Closed && !IsNews(key, circuit) && !Recent(circuit, wall).Any())
            {
                _known.Remove(key);
            }
        }

        return _known.Any(one => IsNews(one.Key, one.Value.Circuit))
            ? [.. _known.Values.Select(known => known.Circuit).OrderBy(circuit => circuit.Rule, StringComparer.Ordinal).ThenBy(circuit => circuit.Since)]
            : null;
    }

    /// <summary>How long the rule must be quiet, in milliseconds.</summary>
    public static long PauseOf(RuleCircuit circuit) => FirstPause << Math.Clamp(circuit.Trips.Length - 1, 0, MostTrips - 1);

    private static IEnumerable<DateTimeOffset> Recent(RuleCircuit? circuit, DateTimeOffset wall) =>
        circuit is null ? [] : circuit.Trips.Where(trip => (wall - trip).Duration() < Memory);

    private static bool IsSame(RuleCircuit one, RuleCircuit other) =>
        one.State == other.State && one.Who == other.Who && one.Why == other.Why && one.Trips.SequenceEqual(other.Trips);

    private void Set(RuleCircuit circuit, long now) => _known[(circuit.Rule, circuit.Since)] = new Known(circuit, now);

    private readonly record struct Known(RuleCircuit Circuit, long ChangedAt);
}

/// <summary>The churn breaker of a rule tripped in this process.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Circuit">Its circuit, which the fleet does not know yet.</param>
/// <param name="IsLast">Whether a stop is due: it tripped too often within an hour.</param>
internal sealed record ChurnTrip(ActiveRule Rule, RuleCircuit Circuit, bool IsLast);
