using NearCache.Coherence.Core;

namespace NearCache.Coherence.ServerRules.Core;

/// <summary>
/// The leases of the rules on one memcached server: by which rules this process may fill, which writes must be counted, and what must be
/// written to the server.
/// </summary>
/// <remarks>
/// Every process reads the set that a server carries. A writer relies on its view for one lease, counted from the sending of the read. A
/// reader waits one lease from the receipt of the reply that first showed it the rule. So when a reader starts to fill, every writer relies
/// on a set with the rule, or on none. Requires a lock of its owner; <see cref="View"/> is thread-safe. Entries that an event voids must be
/// void before a later audit confirms.
/// </remarks>
/// <typeparam name="TProtocol">The decisions of the proof. <see cref="RuleLeaseProtocol"/> outside of tests.</typeparam>
internal class RuleLeases<TProtocol>
    where TProtocol : struct, IRuleLeaseProtocol
{
    private readonly RuleLeaseTimes _times;
    private readonly DrainingRules _draining;
    private readonly RulesItemPlanner<TProtocol> _planner;
    private LeasedRuleSet _applied;
    private RulesReading? _reading;
    private Dictionary<RuleIdentity, long> _fillableFrom = [];   // never changed in place: views share it
    private Timestamps _viewFrom = Timestamps.Never;
    private long _lastSent = long.MinValue;
    private ulong? _distrusted;
    private bool _bumpsEverything;
    private volatile RulesView _view;

    /// <summary>Creates the leases of a server of which nothing is known.</summary>
    /// <param name="times">The times of the leases.</param>
    /// <param name="applied">The set that is in force in this process.</param>
    /// <param name="random">Chooses incarnations, and spreads the writes of a fleet.</param>
    public RuleLeases(RuleLeaseTimes times, LeasedRuleSet applied, Random random)
    {
        (_times, _applied, _draining) = (times, applied, new DrainingRules());
        _planner = new RulesItemPlanner<TProtocol>(times, random);
        _view = CreateView();
    }

    private RuleLeases(RuleLeases<TProtocol> other, Random random)
    {
        (_times, _applied, _reading, _viewFrom, _lastSent) = (
            other._times, other._applied, other._reading, other._viewFrom, other._lastSent);
        (_distrusted, _bumpsEverything, _draining) = (other._distrusted, other._bumpsEverything, other._draining.Copy());
        _fillableFrom = other._fillableFrom;
        _planner = other._planner.Copy(random);
        _view = CreateView();
    }

    /// <summary>Gets the present view. Thread-safe.</summary>
    public RulesView View => _view;

    /// <summary>Gets what was last read from the server; null if nothing was.</summary>
    public RulesReading? Reading => _reading;

    /// <summary>
    /// Gets whether the server carries something that this process cannot read. Then near caching is off in the whole process.
    /// </summary>
    public bool IsUnreadable => _reading is { Found: RulesFound.Unreadable };

    /// <summary>
    /// Gets or sets whether every write is counted, whatever the server carries, because something elsewhere cannot be read.
    /// </summary>
    public bool BumpsEverything
    {
        get => _bumpsEverything;
        set
        {
            _bumpsEverything = value;
            _view = CreateView();
        }
    }

    /// <summary>Puts a set in force in this process.</summary>
    public void Apply(LeasedRuleSet set, in Timestamps now)
    {
        foreach (var rule in _applied.Rules)
        {
            if (!set.Has(rule.Identity))
            {
                Timestamps? seenWithout = _reading is { Found: RulesFound.Set } reading && !reading.Set!.Has(rule.Identity) ? now : null;
                _draining.Add(rule, seenWithout);
            }
        }

        _applied = set;
        _draining.Returned(set);
        _planner.Plan(_applied, _reading, now, SettledFrom());
        _view = CreateView();
    }

    /// <summary>Records that the stops have changed, so that the item may have to be written.</summary>
    /// <param name="now">The time.</param>
    /// <param name="isUrgent">Whether this process put the stop. No other process is about to write it, so it is written at once.</param>
    public void StopsChanged(in Timestamps now, bool isUrgent = false) => _planner.RequireRead(now, isUrgent);

    /// <summary>Applies the reply to an audit.</summary>
    /// <param name="flags">The client flags of the item; null if there is no item.</param>
    /// <param name="sent">The time at which the audit was sent.</param>
    /// <param name="received">The time of the reply.</param>
    public RulesAuditEffect AuditAnswered(uint? flags, in Timestamps sent, in Timestamps received)
    {
        if (flags is null)
        {
            return new RulesAuditEffect(false, Read(RulesReading.Absent, sent, received).Voids);
        }

        var isSame = _reading is { Cas: not 0 } reading && reading.Flags == flags;
        if (sent.Monotonic >= _lastSent)
        {
            _lastSent = sent.Monotonic;
            if (isSame)
            {
                _viewFrom = TProtocol.ViewStarts(sent, received);
            }
            else
            {
                _viewFrom = Timestamps.Never;
                _planner.Changed();
            }

            _planner.Plan(_applied, _reading, received, SettledFrom());
            _view = CreateView();
        }

        return new RulesAuditEffect(isSame && _reading is { Found: RulesFound.Set } found && found.Set!.IsSame(_applied), false);
    }

    /// <summary>Applies a read of the item, made for a step or for a writer whose view was too old.</summary>
    /// <param name="reading">The content.</param>
    /// <param name="sent">The time at which the read was sent.</param>
    /// <param name="received">The time of the reply.</param>
    public RulesReadEffect Read(RulesReading reading, in Timestamps sent, in Timestamps received)
    {
        if (sent.Monotonic < _lastSent)
        {
            return default;   // A later read is known.
        }

        var before = _reading;
        _reading = reading;
        _lastSent = sent.Monotonic;
        _viewFrom = TProtocol.ViewStarts(sent, received);
        var voids = Lease(reading, before, sent, received);
        Drain(reading, before, received);
        _planner.WasRead(received);
        _planner.Plan(_applied, reading, received, SettledFrom());
        _view = CreateView();
        var set = reading.Set;
        return new RulesReadEffect(
            voids && TProtocol.VoidsWithLeases,
            set?.Revision > _applied.Revision ? set : null,
            set?.Revision == _applied.Revision && !set.IsSame(_applied));
    }

    /// <summary>Restarts the leases, because the server has lost its counters and former counts prove nothing.</summary>
    public void CountersLost(in Timestamps now)
    {
        var from = now.Monotonic + _times.FillAfter;
        _fillableFrom = _fillableFrom.ToDictionary(lease => lease.Key, _ => from);
        _distrusted = _reading?.Incarnation;
        _view = CreateView();
    }

    /// <summary>
    /// Returns the next step. The owner executes one step at a time, and reports to <see cref="Read"/>, <see cref="Written"/> or <see
    /// cref="Failed"/>.
    /// </summary>
    public RulesStep Next(in Timestamps now)
    {
        if (_draining.Prune(now.Monotonic, _times.Drain))
        {
            _view = CreateView();
        }

        _planner.Plan(_applied, _reading, now, SettledFrom());
        var step = _planner.Next(_applied, _reading, now);
        return step.Kind == RulesStepKind.Wait
            ? step with { Until = Math.Min(step.Until, Math.Min(_draining.NextPrune(_times.Drain), SettledAfter(now))) }
            : step;
    }

    /// <summary>Records that the item was written, here or by another process. It is read again.</summary>
    public void Written() => _planner.Changed();

    /// <summary>Records that the step failed. It is tried again after a second.</summary>
    public void Failed(in Timestamps now) => _planner.Failed(now);

    /// <summary>Returns when a rule may fill. For model tests.</summary>
    internal long? FillableFrom(RuleIdentity rule) => _fillableFrom.TryGetValue(rule, out var from) ? from : null;

    /// <summary>Copies the object. For model tests.</summary>
    internal RuleLeases<TProtocol> Copy(Random random) => new(this, random);

    // Returns whether leases ended by which entries may have been filled.
    private bool Lease(RulesReading reading, RulesReading? before, in Timestamps sent, in Timestamps received)
    {
        var had = before is { Found: RulesFound.Set };
        if (reading.Set is not { } set)
        {
            _fillableFrom = [];
            return had;
        }

        var isOlder = had && set.Revision < before!.Set!.Revision;
        var goesOn = had && TProtocol.KeepsLeases(reading.Incarnation, before!.Incarnation) && !isOlder;
        if (isOlder && reading.Incarnation == before!.Incarnation)
        {
            _distrusted = reading.Incarnation;
        }

        var leases = new Dictionary<RuleIdentity, long>();
        foreach (var (rule, _) in set.Rules)
        {
            // Settled: a process has seen the rule here, in this incarnation, for a whole lease.
            leases[rule] = rule.Since <= reading.Settled && _distrusted != reading.Incarnation ? long.MinValue
                : goesOn && _fillableFrom.TryGetValue(rule, out var from) ? from
                : TProtocol.LeaseStarts(sent, received).Monotonic + _times.FillAfter;
        }

        _fillableFrom = leases;
        return had && !goesOn;
    }

    private void Drain(RulesReading reading, RulesReading? before, in Timestamps received)
    {
        if (reading.Set is not { } set)
        {
            return;
        }

        foreach (var rule in before?.Set?.Rules ?? [])
        {
            if (!set.Has(rule.Identity) && !_applied.Has(rule.Identity))
            {
                _draining.Add(rule, received);
            }
        }

        _draining.Seen(set, received);
    }

    // Returns when the whole set on the server has been there for a lease.
    private long? SettledFrom() => _reading is { Found: RulesFound.Set, Set.Rules.Count: > 0 } ? _fillableFrom.Values.Max() : null;

    private long SettledAfter(in Timestamps now) => SettledFrom() is { } from && from > now.Monotonic ? from : long.MaxValue;

    private RulesView CreateView()
    {
        var covers = new List<KeyPredicate> { _applied.Covers };
        if (_reading?.Set is { } set && !set.IsSame(_applied))
        {
            covers.Add(set.Covers);
        }

        covers.AddRange(_draining.Covers);
        var isKnown = _reading is { Found: RulesFound.Set } && _viewFrom != Timestamps.Never;
        var until = !isKnown ? Timestamps.Never
            : _times.Lease == 0 ? new Timestamps(long.MaxValue, long.MaxValue)
            : _viewFrom.Plus(_times.Lease);
        return new RulesView(
            _fillableFrom, [.. covers], until, _bumpsEverything || !isKnown);
    }
}

/// <summary>The leases of a server in the protocol itself.</summary>
internal sealed class RuleLeases(
    RuleLeaseTimes times, LeasedRuleSet applied, Random random) : RuleLeases<RuleLeaseProtocol>(times, applied, random);

/// <summary>The times of the leases, in milliseconds.</summary>
/// <param name="Lease">How long a writer may rely on a view of the rules. 0 if all readers and writers share one process.</param>
/// <param name="MaxStaleness">The promised bound.</param>
/// <param name="Spread">The time over which the writes of a fleet are spread.</param>
internal readonly record struct RuleLeaseTimes(long Lease, long MaxStaleness, long Spread = 1000)
{
    /// <summary>Gets how long a reader waits: one percent longer than a lease, since the clocks of two machines differ in rate.</summary>
    public long FillAfter => Lease + (Lease / 100);

    /// <summary>Gets how long the writes of a rule are counted on a server that no longer carries it.</summary>
    public long Drain => 2 * MaxStaleness;
}

/// <summary>The effect of the flags of the rules item that an audit has read.</summary>
/// <param name="Confirms">Whether the audit may confirm: the server carried exactly the applied set.</param>
/// <param name="Voids">Whether all near entries of the server must be voided now, because writes may have gone uncounted.</param>
internal readonly record struct RulesAuditEffect(bool Confirms, bool Voids);

/// <summary>The effect of a read of the rules item.</summary>
/// <param name="Voids">Whether all near entries of the server must be voided now, because writes may have gone uncounted.</param>
/// <param name="Newer">A set newer than the applied one, to be applied.</param>
/// <param name="Conflicts">
/// Whether the server has other content under the applied revision: the item was edited without the registry.
/// </param>
internal readonly record struct RulesReadEffect(bool Voids = false, LeasedRuleSet? Newer = null, bool Conflicts = false);
