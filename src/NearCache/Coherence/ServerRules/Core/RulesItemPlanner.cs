using NearCache.Coherence.Core;

namespace NearCache.Coherence.ServerRules.Core;

/// <summary>Decides when to read and when to write the rules item of a server, so that every server carries the newest set.</summary>
/// <remarks>
/// A whole fleet notices at once that a server lacks the newest set. Each process waits a random time, reads again, and only then writes,
/// by compare-and-set.
/// </remarks>
internal sealed class RulesItemPlanner<TProtocol>(RuleLeaseTimes times, Random random)
    where TProtocol : struct, IRuleLeaseProtocol
{
    private const long Retry = 1000;

    private bool _isOutdated = true;   // the item must be read
    private bool _wasReadAfterWait;              // the wait is over, and the item was read after it
    private long _notBefore = long.MinValue;
    private long? _writeAt;
    private bool _settles;

    /// <summary>Records that the item has changed, as its flags show, or was just written.</summary>
    public void Changed() => _isOutdated = true;

    /// <summary>Records that this process knows something that the item may lack.</summary>
    public void RequireRead(in Timestamps now, bool isUrgent)
    {
        _isOutdated = true;
        if (isUrgent)
        {
            (_writeAt, _wasReadAfterWait) = (now.Monotonic, false);
        }
    }

    /// <summary>Records that the item was read.</summary>
    public void WasRead(in Timestamps received)
    {
        _isOutdated = false;
        _wasReadAfterWait = _writeAt <= received.Monotonic;
    }

    /// <summary>Records that a step failed.</summary>
    public void Failed(in Timestamps now) => _notBefore = now.Monotonic + Retry;

    /// <summary>Decides whether the item must be written.</summary>
    /// <param name="applied">The set in force in this process.</param>
    /// <param name="reading">The content of the item.</param>
    /// <param name="now">The time.</param>
    /// <param name="settledFrom">The time from which all its rules have been there for a lease; null if there are none.</param>
    public void Plan(LeasedRuleSet applied, RulesReading? reading, in Timestamps now, long? settledFrom)
    {
        _settles = settledFrom is { } from
            && TProtocol.HasSettled(from, now.Monotonic)
            && reading!.Set!.Rules.Any(rule => rule.Identity.Since > reading.Settled);
        if (!Lacks(applied, reading))
        {
            _writeAt = _isOutdated ? _writeAt : null;
        }
        else
        {
            _writeAt ??= now.Monotonic + (long)(times.Spread * random.NextDouble());
        }
    }

    /// <summary>Returns the next step.</summary>
    public RulesStep Next(LeasedRuleSet applied, RulesReading? reading, in Timestamps now)
    {
        if (now.Monotonic < _notBefore)
        {
            return new RulesStep(RulesStepKind.Wait, _notBefore);
        }

        if (_isOutdated)
        {
            return new RulesStep(RulesStepKind.Read);
        }

        if (_writeAt is not { } at || !Lacks(applied, reading))
        {
            return new RulesStep(RulesStepKind.Wait);
        }

        if (now.Monotonic < at)
        {
            return new RulesStep(RulesStepKind.Wait, at);
        }

        return _wasReadAfterWait ? Write(applied, reading!) : new RulesStep(RulesStepKind.Read);
    }

    public RulesItemPlanner<TProtocol> Copy(Random other)
    {
        var copy = new RulesItemPlanner<TProtocol>(times, other);
        (
            copy._isOutdated,
            copy._wasReadAfterWait,
            copy._notBefore,
            copy._writeAt,
            copy._settles) = (_isOutdated, _wasReadAfterWait, _notBefore, _writeAt, _settles);
        return copy;
    }

    // Never overwrites a newer or unreadable set. A process without a set writes nothing.
    private bool Lacks(LeasedRuleSet applied, RulesReading? reading) => applied.Revision > 0 && reading?.Found switch
    {
        RulesFound.Nothing => true,
        RulesFound.Set => reading.Set!.Revision < applied.Revision || (reading.Set.IsSame(applied) && (reading.StopsDiffer || _settles)),
        _ => false,
    };

    private RulesStep Write(LeasedRuleSet applied, RulesReading reading)
    {
        if (reading.Found == RulesFound.Nothing)
        {
            var settled = times.Lease == 0 ? applied.Revision : 0;
            return new RulesStep(
                reading.Cas == 0 ? RulesStepKind.Add : RulesStepKind.Replace,
                Cas: reading.Cas,
                Incarnation: (ulong)random.NextInt64(),
                Settled: settled,
                Origin: reading.Origin);
        }

        // A settled rule stays settled: it is unchanged in both sets, or its since is later.
        var cas = TProtocol.ComparesBeforeReplacing ? reading.Cas : 0;
        return new RulesStep(
            RulesStepKind.Replace,
            Cas: cas,
            Incarnation: reading.Incarnation,
            Settled: _settles ? reading.Set!.Revision : reading.Settled,
            Origin: reading.Origin);
    }
}

/// <summary>One step for the rules item of a server. The owner executes it, reports the reply, and requests the next step.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Until">For Wait: the monotonic millisecond by which to ask again.</param>
/// <param name="Cas">For Replace: the CAS value to compare.</param>
/// <param name="Incarnation">For Add and Replace: the incarnation to write.</param>
/// <param name="Settled">For Add and Replace: the settled revision to write.</param>
/// <param name="Origin">For Replace: the origin of the CAS value.</param>
internal readonly record struct RulesStep(
    RulesStepKind Kind, long Until = long.MaxValue, ulong Cas = 0, ulong Incarnation = 0, long Settled = 0, CasOrigin Origin = default);

/// <summary>Specifies the next step for the rules item of a server.</summary>
internal enum RulesStepKind
{
    /// <summary>Nothing before <see cref="RulesStep.Until"/>, unless an event occurs.</summary>
    Wait,

    /// <summary>Read the item, with flags and CAS value.</summary>
    Read,

    /// <summary>Write the applied set and all known stops, if there is no item.</summary>
    Add,

    /// <summary>Write the applied set and all known stops, over the item with <see cref="RulesStep.Cas"/>.</summary>
    Replace,
}
