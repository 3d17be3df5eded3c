using NearCache.Coherence.Core;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Tests.Coherence.ServerRules;

namespace NearCache.Tests.Coherence.Model;

/// <summary>
/// One server whose rules item is replaced, lost and added again, a writer that relies on what it read there, and a reader that fills when
/// it may. Uses the real leases.
/// </summary>
/// <remarks>
/// Sets 1 and 2 lack the rule, set 3 has it. P carries set 2, Q carries set 3. Forbidden: an entry from before a completed but uncounted
/// mutation is served after an audit that was sent later is confirmed.
/// </remarks>
internal sealed class RuleWorld<TProtocol>
    where TProtocol : struct, IRuleLeaseProtocol
{
    private static readonly LeasedRuleSet[] Sets =
    [
        LeasedRuleSet.None, RulesOnServer.Set(1), RulesOnServer.Set(2), RulesOnServer.Set(3, "a@3")
    ];
    private static readonly RuleIdentity Rule = new("a", 3);
    private static readonly Random Unused = new(0);

    private readonly RuleScope _scope;
    private RuleLeases<TProtocol> _writer;   // shared with other states until it changes
    private RuleLeases<TProtocol> _reader;
    private RuleLeases<TProtocol>? _late;
    private int _now;
    private int _evictions;
    private ulong _incarnation = 1;
    private ulong _cas = 1;
    private RulesReading _item;
    private RulesStep? _step;   // what P will write
    private bool _stepDone;
    private Exchange _read;     // the writer's
    private Exchange _audit;    // the reader's
    private Exchange _lateAudit;
    private bool _mutated;
    private int? _near;
    private bool _confirmed;   // an audit that was sent after the mutation was complete

    public RuleWorld(RuleScope scope)
    {
        var times = new RuleLeaseTimes(scope.Lease, 1000, Spread: 0);
        (_scope, _evictions) = (scope, scope.Evictions);
        (_writer, _reader, _late) = (
            new(times, Sets[2], Unused), new(times, Sets[3], Unused), scope.HasLateReader ? new(times, Sets[3], Unused) : null);
        _item = Item(1, 1, 0) with { Cas = _cas };
    }

    private RuleWorld(RuleWorld<TProtocol> other)
    {
        _scope = other._scope;
        (_writer, _reader, _late) = (other._writer, other._reader, other._late);
        (_now, _evictions, _incarnation, _cas, _item, _step, _stepDone) = (
            other._now, other._evictions, other._incarnation, other._cas, other._item, other._step, other._stepDone);
        (_read, _audit, _lateAudit, _mutated, _near, _confirmed) = (
            other._read, other._audit, other._lateAudit, other._mutated, other._near, other._confirmed);
    }

    public static int Actions => 15;

    // The observed process fills and confirms.
    private RuleLeases<TProtocol> Watched => _late ?? _reader;

    public RuleWorld<TProtocol> Copy() => new(this);

    public string? Broken() => _near == 0 && _mutated && _confirmed
        ? "an entry from before an uncounted mutation is served, and the confirmed audit was sent after the mutation was complete" : null;

    /// <summary>
    /// Gets whether nothing forbidden can follow: the mutation is complete without older entries, or it can no longer happen uncounted.
    /// </summary>
    public bool IsOver() => _mutated ? _near != 0 : _read.Stage == 3 && _writer.View.Decide("a:1", At(_now)) != BumpDecision.None;

    /// <summary>Returns a key that is equal for states with the same future.</summary>
    public object Key() => (
        (_now, _evictions, _mutated, _near, _confirmed, _incarnation),
        (Short(_item), _step is null, _stepDone, _step is { } step && Fits(step)),
        (Short(_writer.Reading), _writer.View.Decide("a:1", At(_now)), WriterUntil(), _read.Key),
        (Short(_reader.Reading), _reader.FillableFrom(Rule), _reader.Reading?.Cas == _item.Cas, _audit.Key),
        (Short(_late?.Reading), _late?.FillableFrom(Rule), _lateAudit.Key));

    /// <summary>Executes one event. Returns null if it cannot occur in this state, which may be invalid then.</summary>
    public string? Try(int action) => action switch
    {
        0 => _now < _scope.End ? Say($"tick {++_now}") : null,
        1 => Evict(),
        2 => Add(2),
        3 => Add(3),
        4 => Replace(),
        5 => Look(),
        6 => Put(),
        7 => _read.Stage == 0 ? Say("the writer sends its read", _read = Exchange.Send(_now, false)) : null,
        8 => _read.Stage == 1 ? Say($"the writer's read sees {Short(_item)}", _read = _read.Execute(_item)) : null,
        9 => Receive(),
        10 => Mutate(),
        11 => Audit(ref _reader, ref _audit, "the reader"),
        12 => Settle(),
        13 => _late is null ? null : Audit(ref _late, ref _lateAudit, "the late reader"),
        _ => Fill(),
    };

    private static Timestamps At(long now) => new(now, now);

    private static RulesReading Item(int revision, ulong incarnation, long settled) =>
        new(RulesFound.Set, (uint)((incarnation * 10) + (ulong)revision), 0, incarnation, settled, Sets[revision]);

    private static (long?, ulong, long) Short(RulesReading? item) =>
        (item is null ? -1 : item.Set?.Revision, item?.Incarnation ?? 0, item?.Settled ?? 0);

    private static string Say(string what, object? _ = null) => what;

    // The tick at which the writer's view ends, which determines its later decisions.
    private int WriterUntil()
    {
        var until = _now;
        while (until <= _scope.End && _writer.View.Decide("a:1", At(until)) != BumpDecision.ReadFirst)
        {
            until++;
        }

        return until;
    }

    private void Store(RulesReading item) => _item = item with { Cas = ++_cas };

    private bool Fits(in RulesStep step) =>
        step.Kind == RulesStepKind.Add ? _item.Cas == 0 : _item.Cas != 0 && (step.Cas == 0 || step.Cas == _item.Cas);

    private string? Evict()
    {
        if (_item.Found != RulesFound.Set || _evictions == 0)
        {
            return null;
        }

        (_item, _evictions) = (RulesReading.Absent, _evictions - 1);
        return "the rules are lost";
    }

    private string? Add(int revision)
    {
        if (_item.Found == RulesFound.Set)
        {
            return null;
        }

        Store(Item(revision, ++_incarnation, 0));
        return $"set {revision} is added";
    }

    private string? Replace()
    {
        if (_item.Set is not { Revision: < 3 })
        {
            return null;
        }

        Store(Item(3, _item.Incarnation, _item.Settled));
        return "Q replaces by set 3";
    }

    // P reads twice, as every writer of rules does, and decides.
    private string? Look()
    {
        if (_step is not null || _item.Set?.Revision != 1 || _late is not null)
        {
            return null;
        }

        var carrier = new RuleLeases<TProtocol>(new RuleLeaseTimes(_scope.Lease, 1000, Spread: 0), Sets[2], Unused);
        carrier.Read(_item, At(_now), At(_now));
        carrier.Next(At(_now));
        carrier.Read(_item, At(_now), At(_now));
        _step = carrier.Next(At(_now));
        return $"P looks, and will {_step.Value.Kind} by set 2";
    }

    private string? Put()
    {
        if (_step is not { } step || _stepDone)
        {
            return null;
        }

        _stepDone = true;
        if (Fits(step))
        {
            Store(Item(2, step.Incarnation, step.Settled));
            return "P writes set 2";
        }

        return "P is refused";
    }

    private string? Receive()
    {
        if (_read.Stage != 2)
        {
            return null;
        }

        _writer = _writer.Copy(Unused);
        _writer.Read(_read.Item!, At(_read.Sent), At(_now));
        _read = new Exchange(3, 0, false, null);
        return "the writer has its answer";
    }

    private string? Mutate()
    {
        if (_mutated || _writer.View.Decide("a:1", At(_now)) != BumpDecision.None)
        {
            return null;
        }

        _mutated = true;
        return "the writer's mutation is complete without a bump";
    }

    private string? Audit(ref RuleLeases<TProtocol> leases, ref Exchange exchange, string who)
    {
        switch (exchange.Stage)
        {
            case 0:
                exchange = Exchange.Send(_now, _mutated);
                return $"{who} sends an audit";
            case 1:
                exchange = exchange.Execute(_item);
                return $"the audit of {who} sees {Short(_item)}";
        }

        leases = leases.Copy(Unused);
        var (item, sent) = (exchange.Item!, At(exchange.Sent));
        var effect = leases.AuditAnswered(item.Cas == 0 ? null : item.Flags, sent, At(_now));
        var voids = effect.Voids;
        if (!effect.Confirms && item.Cas != 0)
        {
            // The item is read as the audit saw it; a later reading is a later audit.
            voids |= leases.Read(item, sent, At(_now)).Voids;
        }

        if (leases == Watched)
        {
            _near = voids ? null : _near;
            _confirmed |= effect.Confirms && exchange.AfterMutation;
        }

        exchange = default;
        return $"{who} has its answer{(effect.Confirms ? ", which confirms" : "")}{(voids ? ", and voids" : "")}";
    }

    private string? Settle()
    {
        if (_late is null || _reader.Reading is not { Found: RulesFound.Set } reading || reading.Cas != _item.Cas || _audit.Stage != 0)
        {
            return null;
        }

        _reader = _reader.Copy(Unused);
        for (var i = 0; i < 3; i++)
        {
            var step = _reader.Next(At(_now));
            if (step.Kind == RulesStepKind.Replace && step.Settled == 3)
            {
                Store(_item with { Settled = 3 });
                return "the reader marks the set settled";
            }

            if (step.Kind != RulesStepKind.Read)
            {
                return null;
            }

            _reader.Read(_item, At(_now), At(_now));
        }

        return null;
    }

    private string? Fill()
    {
        if (_near is not null || !Watched.View.MayFill(Rule, At(_now)))
        {
            return null;
        }

        _near = _mutated ? 1 : 0;
        return $"a fill with {(_mutated ? "the new" : "the old")} value";
    }

    // Sent, executed, answered.
    private readonly record struct Exchange(int Stage, int Sent, bool AfterMutation, RulesReading? Item)
    {
        public (int, int, bool, (long?, ulong, long)) Key => (Stage, Sent, AfterMutation, Short(Item));

        public static Exchange Send(int now, bool afterMutation) => new(1, now, afterMutation, null);

        public Exchange Execute(RulesReading item) => this with { Stage = 2, Item = item };
    }
}

/// <summary>The size of the model.</summary>
/// <param name="Lease">The length of the lease, in ticks.</param>
/// <param name="End">The last tick.</param>
/// <param name="Evictions">How often the rules item may be lost.</param>
/// <param name="HasLateReader">Whether the observed reader trusts another reader's settled mark.</param>
internal sealed record RuleScope(int Lease, int End, int Evictions, bool HasLateReader)
{
    public static RuleScope Activation { get; } = new(2, 5, 2, false);

    public static RuleScope LateReader { get; } = new(1, 2, 1, true);

    public static RuleScope ActivationInFull { get; } = new(3, 9, 2, false);

    public static RuleScope LateReaderInFull { get; } = new(2, 4, 1, true);
}
