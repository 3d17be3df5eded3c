using NearCache.Coherence.Core;

namespace NearCache.Coherence.ServerRules.Core;

/// <summary>
/// The rules on one memcached server: who may fill by them, whose writes must be counted, and what must be written there.
/// </summary>
/// <remarks>
/// Every process reads the set that a server carries. Who writes relies on what it read for one lease, counted from the sending; who keeps
/// near waits one lease from the receipt of what first showed it the rule. So when a reader begins to fill, every writer that relies on
/// anything relies on a set with the rule. One caller at a time changes this; any thread may ask <see cref="View"/>. What an event says is
/// to be voided must be voided before a later audit confirms.
/// </remarks>
/// <typeparam name="TProtocol">The decisions of the proof; <see cref="RuleLeaseProtocol"/> outside of tests.</typeparam>
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

    /// <summary>Makes the leases of a server of which nothing is known.</summary>
    /// <param name="times">The times that they go by.</param>
    /// <param name="applied">The set that is in force in this process.</param>
    /// <param name="random">Chooses incarnations, and spreads what a fleet would do at once.</param>
    public RuleLeases(RuleLeaseTimes times, LeasedRuleSet applied, Random random)
    {
        (_times, _applied, _draining) = (times, applied, new DrainingRules());
        _planner = new RulesItemPlanner<TProtocol>(times, random);
        _view = Look();
    }

    private RuleLeases(RuleLeases<TProtocol> other, Random random)
    {
        (_times, _applied, _reading, _viewFrom, _lastSent) = (
            other._times, other._applied, other._reading, other._viewFrom, other._lastSent);
        (_distrusted, _bumpsEverything, _draining) = (other._distrusted, other._bumpsEverything, other._draining.Copy());
        _fillableFrom = other._fillableFrom;
        _planner = other._planner.Copy(random);
        _view = Look();
    }

    /// <summary>What is known now, for any thread.</summary>
    public RulesView View => _view;

    /// <summary>What was found on the server last; null: nothing yet.</summary>
    public RulesReading? Reading => _reading;

    /// <summary>There is something on the server that this process cannot read: near caching is off in the whole process.</summary>
    public bool IsUnreadable => _reading is { Found: RulesFound.Unreadable };

    /// <summary>True: bump every key whatever the server carries, since something elsewhere cannot be read.</summary>
    public bool BumpsEverything
    {
        get => _bumpsEverything;
        set
        {
            _bumpsEverything = value;
            _view = Look();
        }
    }

    /// <summary>A set is in force in this process from now on.</summary>
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
        _view = Look();
    }

    /// <summary>This process knows another stop, or one less: the item may have to be written.</summary>
    /// <param name="now">The time.</param>
    /// <param name="isUrgent">This process put the stop: no other one is about to write it, so it is written at once.</param>
    public void StopsChanged(in Timestamps now, bool isUrgent = false) => _planner.LookAgain(now, isUrgent);

    /// <summary>An audit was answered.</summary>
    /// <param name="flags">The item's client flags; null when there is no item.</param>
    /// <param name="sent">When the audit was sent.</param>
    /// <param name="received">When its answer came.</param>
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
            _view = Look();
        }

        return new RulesAuditEffect(isSame && _reading is { Found: RulesFound.Set } found && found.Set!.IsSame(_applied), false);
    }

    /// <summary>The item was read: for a step, or by a writer whose view was too old.</summary>
    /// <param name="reading">What was there.</param>
    /// <param name="sent">When the read was sent.</param>
    /// <param name="received">When its answer came.</param>
    public RulesReadEffect Read(RulesReading reading, in Timestamps sent, in Timestamps received)
    {
        if (sent.Monotonic < _lastSent)
        {
            return default;   // Something later is known.
        }

        var before = _reading;
        _reading = reading;
        _lastSent = sent.Monotonic;
        _viewFrom = TProtocol.ViewStarts(sent, received);
        var voids = Lease(reading, before, sent, received);
        Drain(reading, before, received);
        _planner.WasRead(received);
        _planner.Plan(_applied, reading, received, SettledFrom());
        _view = Look();
        var set = reading.Set;
        return new RulesReadEffect(
            voids && TProtocol.VoidsWithLeases,
            set?.Revision > _applied.Revision ? set : null,
            set?.Revision == _applied.Revision && !set.IsSame(_applied));
    }

    /// <summary>The server has lost its counters: whatever was counted before is no proof of anything.</summary>
    public void CountersLost(in Timestamps now)
    {
        var from = now.Monotonic + _times.FillAfter;
        _fillableFrom = _fillableFrom.ToDictionary(lease => lease.Key, _ => from);
        _distrusted = _reading?.Incarnation;
        _view = Look();
    }

    /// <summary>
    /// What to do now. The owner does one step at a time, and reports to <see cref="Read"/>, <see cref="Written"/> or <see cref="Failed"/>.
    /// </summary>
    public RulesStep Next(in Timestamps now)
    {
        if (_draining.Prune(now.Monotonic, _times.Drain))
        {
            _view = Look();
        }

        _planner.Plan(_applied, _reading, now, SettledFrom());
        var step = _planner.Next(_applied, _reading, now);
        return step.Kind == RulesStepKind.Wait
            ? step with { Until = Math.Min(step.Until, Math.Min(_draining.NextPrune(_times.Drain), SettledAfter(now))) }
            : step;
    }

    /// <summary>The item was written, or someone else was first. Either way it is read again.</summary>
    public void Written() => _planner.Changed();

    /// <summary>The step could not be done: it is tried again after a second.</summary>
    public void Failed(in Timestamps now) => _planner.Failed(now);

    /// <summary>For tests that explore states: from when a rule may fill.</summary>
    internal long? FillableFrom(RuleIdentity rule) => _fillableFrom.TryGetValue(rule, out var from) ? from : null;

    /// <summary>For tests that explore states: a second object in the same state.</summary>
    internal RuleLeases<TProtocol> Copy(Random random) => new(this, random);

    // True: leases ended by which entries may have been filled.
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
            // Settled: someone has seen it here, in this life of the item, for a whole lease.
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

    // From when the whole set on the server has been there for a lease.
    private long? SettledFrom() => _reading is { Found: RulesFound.Set, Set.Rules.Count: > 0 } ? _fillableFrom.Values.Max() : null;

    private long SettledAfter(in Timestamps now) => SettledFrom() is { } from && from > now.Monotonic ? from : long.MaxValue;

    private RulesView Look()
    {
        var covers = new List<KeyPredicate> { _applied.Covers };
        if (_reading?.Set is { } set && !set.IsSame(_applied))
        {
            covers.Add(set.Covers);
        }

        covers.AddRange(_draining.Covers);
        var isKnown = _reading is { Found: RulesFound.Set } && _viewFrom != Timestamps.Never;
        var until = !isKnown ? Timestamps.Never : _times.Lease == 0 ? new Timestamps(long.MaxValue, long.MaxValue) : _viewFrom.Plus(_times.Lease);
        return new RulesView(
            _fillableFrom, [.. covers], until, _bumpsEverything || !isKnown);
    }
}

/// <summary>The leases of a server, as designed.</summary>
internal sealed class RuleLeases(
    RuleLeaseTimes times, LeasedRuleSet applied, Random random) : RuleLeases<RuleLeaseProtocol>(times, applied, random);

/// <summary>The times that leases go by, in milliseconds.</summary>
/// <param name="Lease">How long a writer may rely on a view of the rules. 0: nobody waits, since all share one process.</param>
/// <param name="MaxStaleness">The bound that is promised.</param>
/// <param name="Spread">What a whole fleet would do at once waits a random part of this.</param>
internal readonly record struct RuleLeaseTimes(long Lease, long MaxStaleness, long Spread = 1000)
{
    /// <summary>How long a reader waits: a hundredth longer, since two machines' clocks do not run alike.</summary>
    public long FillAfter => Lease + (Lease / 100);

    /// <summary>How long a rule that a server no longer carries is bumped there.</summary>
    public long Drain => 2 * MaxStaleness;
}

/// <summary>What an audit's look at the flags of a server's rules means.</summary>
/// <param name="Confirms">The server carried exactly the applied set: the audit may confirm.</param>
/// <param name="Voids">Writes may have gone by uncounted: everything near of this server is to be dropped now.</param>
internal readonly record struct RulesAuditEffect(bool Confirms, bool Voids);

/// <summary>What reading a server's rules means for the rest of the process.</summary>
/// <param name="Voids">Writes may have gone by uncounted: everything near of this server is to be dropped now.</param>
/// <param name="Newer">A set that is newer than the applied one: apply it.</param>
/// <param name="Conflicts">A set with the applied one's revision and other content: someone has edited past the registry.</param>
internal readonly record struct RulesReadEffect(bool Voids = false, LeasedRuleSet? Newer = null, bool Conflicts = false);
