using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Model;

/// <summary>
/// As <see cref="AuditWorld{TProtocol}"/>, but connections break inside a write, missing increments are made up for, and counters are lost
/// and created anew.
/// </summary>
/// <remarks>
/// The observed process writes key 0 and keeps both keys near; another process writes key 1. Each writes once, and one of them may be cut
/// off after any command. Announcements of the other process may be lost. One counter, or all, may be evicted at any time.
/// </remarks>
internal sealed class OwedBumpWorld<TProtocol> : IWorld, IInvalidationTarget
    where TProtocol : struct, ICoherenceProtocol
{
    private const int Keys = 2;
    private const int Total = 2;
    private const long Life = 1L << 32;

    private static readonly byte[][] Names = [.. "ab".Select(letter => Encoding.UTF8.GetBytes([letter]))];
    private static readonly KeyHash[] Hashes = [.. Names.Select(name => KeyHash.Of(name))];

    private readonly OwedBumpScope _scope;
    private readonly ProcessEpochs _epochs;
    private readonly ServerLedger<TProtocol> _ledger;
    private readonly long?[] _shown = new long?[KeyHash.Segments];
    private readonly long[] _generations = new long[KeyHash.Segments];
    private readonly int[] _values = new int[Keys];
    private readonly long[] _counters = new long[3];
    private readonly long[] _read = new long[3];
    private readonly Writer[] _writers = new Writer[Keys];
    private readonly Entry?[] _near = new Entry?[Keys];
    private Fill? _fill;
    private Reading _reading;
    private Timestamps _sent;
    private bool _isStale;
    private bool _mayLose;
    private bool _mayCut;
    private int _fills;
    private int _audits;

    private enum Stage
    {
        Mutate,
        BumpSegment,
        BumpTotal,
        Answered,
        Cut,
        Owing,
        PaySegment,
        PayTotal,
        Paid,
        Done,
    }

    private enum Reading
    {
        None,
        Audit,
        FlushTotal,
        FlushSegments,
        FlushAnswer,
    }

    public OwedBumpWorld(OwedBumpScope scope)
    {
        _scope = scope;
        _epochs = new ProcessEpochs();
        _ledger = new ServerLedger<TProtocol>(new ServerGate<TProtocol>("", _epochs));
    }

    public int Actions => 18;

    /// <summary>Executes one event. Returns false if it cannot occur in this state.</summary>
    public bool Try(int action) => action switch
    {
        < 2 => Advance(action),
        < 4 => Cut(action - 2),
        4 => Announce(),
        < 7 => BeginFill(action - 5),
        7 => ContinueFill(),
        8 => Send(Reading.Audit),
        9 => Send(Reading.FlushTotal),
        10 => ContinueRead(),
        11 => Settle(),
        < 15 => Evict(action - 12),
        15 => EvictAll(),
        16 => Create(),
        17 => CreatedHere(),
        _ => false,
    };

    public string Name(int action) => action switch
    {
        < 2 => $"writer {action}: {_writers[action].Stage}",
        < 4 => $"the connection of writer {action - 2} breaks",
        4 => "announce key 1",
        < 7 => $"fill of key {action - 5}: token",
        7 => "fill: read or insert",
        8 => "audit: send",
        9 => "flush: send",
        10 => $"{_reading}",
        11 => "confirm what is explained",
        < 15 => $"evict {(action == 14 ? "the total" : $"segment {action - 12}")}",
        15 => "flush_all",
        16 => "counters created",
        _ => "counters found created",
    };

    public string? Broken()
    {
        for (var key = 0; key < Keys; key++)
        {
            var complete = (int)(_ledger.Gate.Confirmed.Wall >> key) & 1;
            if (_near[key] is { } entry && entry.Value < complete
                && _ledger.Gate.IsCurrent(Hashes[key].Segment, entry.Generation, _ledger.Gate.Confirmed, 0))
            {
                return $"key {key} is served as of before its write, which was complete when the confirmed audit was sent";
            }
        }

        return null;
    }

    void IInvalidationTarget.Invalidate(ReadOnlySpan<byte> name, InvalidationOrigin origin) => Void(name[0] - 'a');

    public UInt128 Begin()
    {
        Load(0);
        (_fills, _audits, _mayLose, _mayCut) = (1, _scope.Audits, _scope.MayLose, _scope.MayCut);
        for (var writer = 0; writer < Keys; writer++)
        {
            _writers[writer].Stage = _scope.Writes[writer] ? Stage.Mutate : Stage.Done;
        }

        Array.Fill(_counters, 2 * Life);
        _ledger.Restore(default, _generations);
        _ledger.Counters.Total.Restart(2 * Life);
        foreach (var hash in Hashes)
        {
            _ledger.Counters.Segments[hash.Segment].Restart(2 * Life);
        }

        return Save();
    }

    public void Load(UInt128 state)
    {
        var bits = new BitBuffer(state);
        _ledger.Queue.Clear();
        _ledger.OwedBumps.Paid(Hashes[0].Segment, _ledger.OwedBumps.Owed(Hashes[0].Segment));
        for (var counter = 0; counter < 3; counter++)
        {
            (_counters[counter], _read[counter]) = (TakeCounter(ref bits, counter), 0);
        }

        LoadPrefix(_ledger.Counters.Total, ref bits);
        for (var key = 0; key < Keys; key++)
        {
            _values[key] = bits.Take(1);
            var writer = new Writer((Stage)bits.Take(4), bits.Take(1), 0, 0, bits.Take(1) != 0, bits.Take(1) != 0);
            writer.M = writer.HasM ? TakeCounter(ref bits, key) : 0;
            writer.N = writer.HasN ? TakeCounter(ref bits) : 0;
            _writers[key] = writer;
            LoadPrefix(_ledger.Counters.Segments[Hashes[key].Segment], ref bits, key);
            _generations[Hashes[key].Segment] = bits.Take(3);
            _epochs.Stripes.Restore(Hashes[key].Stripe(Stripes.Count), bits.Take(2));
            _near[key] = bits.Take(1) != 0 ? new Entry(bits.Take(1), bits.Take(3)) : null;
        }

        _fill = null;
        if (bits.Take(1) != 0)
        {
            var (key, isRead, value, generation, epoch) = (bits.Take(1), bits.Take(1) != 0, bits.Take(1), bits.Take(3), bits.Take(2));
            _fill = new Fill(
                key,
                isRead,
                value,
                new FillToken(default, Hashes[key].Segment, generation, 0, 0, Hashes[key].Stripe(Stripes.Count), epoch));
        }

        (_reading, _sent, _isStale) = ((Reading)bits.Take(3), TakeTimestamps(ref bits), bits.Take(1) != 0);
        for (var counter = Total; counter >= 0 && _reading >= (counter == Total ? Reading.FlushSegments : Reading.FlushAnswer); counter--)
        {
            _read[counter] = TakeCounter(ref bits, counter);
        }

        (_mayLose, _mayCut) = (bits.Take(1) != 0, bits.Take(1) != 0);
        for (var waiting = bits.Take(2); waiting > 0; waiting--)
        {
            _ledger.Queue.Add(TakeTimestamps(ref bits), TakeCounter(ref bits));
        }

        _ledger.Restore(TakeTimestamps(ref bits), _generations, bits.Take(1) != 0, bits.Take(1) != 0);
        if (bits.Take(1) != 0)
        {
            _ledger.OwedBumps.Owe(Hashes[0].Segment);
        }

        (_fills, _audits) = (bits.Take(1), bits.Take(2));
    }

    public UInt128 Save()
    {
        var bits = new BitBuffer(0);
        for (var counter = 0; counter < 3; counter++)
        {
            PutCounter(_counters[counter], ref bits, counter);
        }

        SavePrefix(_ledger.Counters.Total, ref bits);
        for (var key = 0; key < Keys; key++)
        {
            bits.Put(_values[key], 1);
            var writer = _writers[key];
            bits.Put((int)writer.Stage, 4);
            bits.Put(writer.Executed, 1);
            bits.Put(writer.IsNews ? 1 : 0, 1);
            bits.Put(writer.IsComplete ? 1 : 0, 1);
            if (writer.HasM)
            {
                PutCounter(writer.M, ref bits, key);
            }

            if (writer.HasN)
            {
                PutCounter(writer.N, ref bits);
            }

            SavePrefix(_ledger.Counters.Segments[Hashes[key].Segment], ref bits, key);
            bits.Put((int)_ledger.Gate.Generation(Hashes[key].Segment), 3);
            bits.Put((int)_epochs.Stripes.Read(Hashes[key].Stripe(Stripes.Count)), 2);
            bits.Put(_near[key] is null ? 0 : 1, 1);
            if (_near[key] is { } entry)
            {
                bits.Put(entry.Value, 1);
                bits.Put((int)entry.Generation, 3);
            }
        }

        bits.Put(_fill is null ? 0 : 1, 1);
        if (_fill is { } fill)
        {
            bits.Put(fill.Key, 1);
            bits.Put(fill.IsRead ? 1 : 0, 1);
            bits.Put(fill.Value, 1);
            bits.Put((int)fill.Token.Generation, 3);
            bits.Put((int)fill.Token.Epoch, 2);
        }

        bits.Put((int)_reading, 3);
        bits.Put((int)_sent.Wall, 2);
        bits.Put(_isStale ? 1 : 0, 1);
        for (var counter = Total; counter >= 0 && _reading >= (counter == Total ? Reading.FlushSegments : Reading.FlushAnswer); counter--)
        {
            PutCounter(_read[counter], ref bits, counter);
        }

        bits.Put(_mayLose ? 1 : 0, 1);
        bits.Put(_mayCut ? 1 : 0, 1);
        bits.Put(_ledger.Queue.Count, 2);
        for (var audit = 0; audit < _ledger.Queue.Count; audit++)
        {
            bits.Put((int)_ledger.Queue[audit].Sent.Wall, 2);
            PutCounter(_ledger.Queue[audit].Total, ref bits);
        }

        bits.Put((int)_ledger.Gate.Confirmed.Wall, 2);
        bits.Put(_ledger.IsKnown ? 1 : 0, 1);
        bits.Put(_ledger.NeedsCounters ? 1 : 0, 1);
        bits.Put(_ledger.OwedBumps.Segments == 0 ? 0 : 1, 1);
        bits.Put(_fills, 1);
        bits.Put(_audits, 2);
        return bits.Value;
    }

    private static Timestamps TakeTimestamps(ref BitBuffer bits)
    {
        var wall = bits.Take(2);
        return new Timestamps((wall & 1) + (wall >> 1), wall);
    }

    // A counter is missing (0), in its first life (2) or in its second (1), with so many increments: created anew, it is lower than before.
    private static long TakeCounter(ref BitBuffer bits, int counter = Total) => (bits.Take(2) * Life) + bits.Take(counter == Total ? 3 : 2);

    private static void PutCounter(long value, ref BitBuffer bits, int counter = Total)
    {
        bits.Put((int)(value / Life), 2);
        bits.Put((int)(value % Life), counter == Total ? 3 : 2);
    }

    private static void LoadPrefix(GaplessPrefix prefix, ref BitBuffer bits, int counter = Total)
    {
        prefix.Restart(TakeCounter(ref bits, counter));
        var beyond = bits.Take(3);
        for (var ahead = 0; beyond >> ahead != 0; ahead++)
        {
            if ((beyond >> ahead & 1) != 0)
            {
                prefix.Explain(prefix.Known + 2 + ahead);
            }
        }
    }

    private static void SavePrefix(GaplessPrefix prefix, ref BitBuffer bits, int counter = Total)
    {
        PutCounter(prefix.Known, ref bits, counter);
        bits.Put(prefix.BeyondGap.Sum(version => 1 << (int)(version - prefix.Known - 2)), 3);
    }

    private static long? Shown(long counter) => counter < Life ? null : counter;

    private static void Bump(ref long counter) => counter += counter < Life ? 0 : 1;

    private Timestamps Now()
    {
        var (zero, one) = (_writers[0].IsComplete ? 1 : 0, _writers[1].IsComplete ? 1 : 0);
        return new Timestamps(zero + one, zero + (2 * one));
    }

    private void Void(int key)
    {
        _epochs.Stripes.Advance(Hashes[key].Stripe(Stripes.Count));
        _near[key] = null;
    }

    private bool Advance(int index)
    {
        var writer = _writers[index];
        ref var segment = ref _counters[index];
        ref var total = ref _counters[2];
        switch (writer.Stage)
        {
            case Stage.Mutate:
                _values[index] = 1;
                writer = writer with { Executed = 1, Stage = Stage.BumpSegment };
                break;
            case Stage.BumpSegment or Stage.PaySegment:
                Bump(ref segment);
                writer = writer with { M = segment, Stage = writer.Stage + 1 };
                break;
            case Stage.BumpTotal or Stage.PayTotal:
                Bump(ref total);
                writer = writer with
                {
                    N = total,
                    Stage = writer.Stage + 1,
                    IsComplete = writer.IsComplete || writer.Stage == Stage.BumpTotal,
                };
                break;
            case Stage.Answered:
                Answered(index, ref writer, answered: true);
                break;
            case Stage.Cut:
                Answered(index, ref writer, answered: false);
                break;
            case Stage.Owing when _scope.LossEndsOwedBumps && _counters.Any(counter => counter < 2 * Life):
                writer = writer with { Stage = Stage.Done };
                MakeUp(ref writer);
                break;
            case Stage.Owing when Owes(index) && (index == 0 ? _ledger.NeedsCounters : _counters.Any(counter => counter < Life)):
                return false;
            case Stage.Owing:
                writer = writer with { Stage = Owes(index) ? Stage.PaySegment : Stage.Done };
                MakeUp(ref writer);
                break;
            case Stage.Paid:
                Paid(index, ref writer);
                break;
            default:
                return false;
        }

        _writers[index] = writer;
        return true;
    }

    // Only the ledger of the process that writes key 0 is observed. The other one behaves alike.
    private bool Owes(int index) => index == 0 ? _ledger.OwedBumps.Segments != 0 : TProtocol.OwesAfterSilence;

    private void Answered(int index, ref Writer writer, bool answered)
    {
        var wasKnown = _ledger.IsKnown;
        if (index == 0)
        {
            Void(0);
            _ledger.MutationAnswered(Hashes[0].Segment, answered, Shown(writer.M), Shown(writer.N));
        }

        var isNews = index == 1 && answered && writer.M >= Life && writer.N >= Life;
        writer = writer with
        {
            Stage = answered ? Stage.Done : Stage.Owing,
            IsNews = isNews,
            M = isNews ? writer.M : 0,
            N = isNews ? writer.N : 0,
        };
        NoteLoss(wasKnown);
    }

    private void Paid(int index, ref Writer writer)
    {
        if (writer.M < Life || writer.N < Life)
        {
            // The counters are missing: they are created, and the debt is paid again.
            writer = writer with { Stage = Stage.Owing };
        }

        var wasKnown = _ledger.IsKnown;
        if (index == 0)
        {
            _ledger.OwedBumpSent(Hashes[0].Segment, _ledger.OwedBumps.Owed(Hashes[0].Segment), Shown(writer.M), Shown(writer.N));
        }

        if (writer.Stage == Stage.Paid)
        {
            writer = writer with { Stage = Stage.Done };
            MakeUp(ref writer);
        }

        (writer.M, writer.N) = (0, 0);
        NoteLoss(wasKnown);
    }

    private static void MakeUp(ref Writer writer)
    {
        if (writer is { Stage: Stage.Done, Executed: 1 })
        {
            writer = writer with { IsComplete = true };
        }
    }

    private void NoteLoss(bool wasKnown)
    {
        _isStale |= wasKnown && !_ledger.IsKnown && _reading != Reading.None;
    }

    private bool Cut(int index)
    {
        // Later commands are not executed.
        if (!_mayCut || _writers[index].Stage is not (Stage.Mutate or Stage.BumpSegment or Stage.BumpTotal or Stage.Answered))
        {
            return false;
        }

        _mayCut = false;
        _writers[index] = _writers[index] with { Stage = Stage.Cut, M = 0, N = 0 };
        return true;
    }

    private bool Announce()
    {
        if (!_writers[1].IsNews)
        {
            return false;
        }

        var version = new MutationVersion(_writers[1].N, _writers[1].M);
        _writers[1] = _writers[1] with { IsNews = false, M = 0, N = 0 };
        _ledger.Receive(new Announcement { Server = 0, Segment = Hashes[1].Segment, Key = Names[1], Versions = [version] }, this);
        return true;
    }

    private bool BeginFill(int key)
    {
        if (_fill is not null || _fills == 0)
        {
            return false;
        }

        _fill = new Fill(key, false, 0, _ledger.Gate.BeginFill(Hashes[key], _epochs.Ring, 0, default));
        _fills--;
        return true;
    }

    private bool ContinueFill()
    {
        if (_fill is not { } fill)
        {
            return false;
        }

        if (!fill.IsRead)
        {
            _fill = fill with { IsRead = true, Value = _values[fill.Key] };
            return true;
        }

        _fill = null;
        if (_ledger.Gate.MayServe(fill.Token))
        {
            _near[fill.Key] = new Entry(fill.Value, _ledger.Gate.Stamp(fill.Token));
        }

        return true;
    }

    private bool Send(Reading what)
    {
        if (_reading != Reading.None || _audits == 0 || _ledger.NeedsCounters || (what == Reading.Audit && !_ledger.IsKnown)
            || (what == Reading.FlushTotal && _ledger.IsKnown && _ledger.Queue.Count == 0))
        {
            return false;
        }

        (_reading, _sent, _isStale) = (what, Now(), false);
        _audits--;
        return true;
    }

    private bool ContinueRead()
    {
        // Known at sending: at least the life of each counter.
        var atLeast = new long[KeyHash.Segments];
        atLeast[0] = _ledger.Counters.Segments[Hashes[0].Segment].Known / Life * Life;
        if (_reading == Reading.FlushAnswer)
        {
            (atLeast[0], atLeast[Hashes[0].Segment], atLeast[Hashes[1].Segment]) = (
                0, atLeast[0], _ledger.Counters.Segments[Hashes[1].Segment].Known / Life * Life);
        }

        var sent = new PendingRead(
            _sent,
            _ledger.Counters.Total.Known / Life * Life,
            Hashes[0].Segment,
            atLeast,
            _ledger.SendingAudit(default, 0).Life - (_isStale ? 1 : 0));
        switch (_reading)
        {
            case Reading.None:
                return false;
            case Reading.Audit:
                _ledger.AuditAnswered(sent, Shown(_counters[2]), Shown(_counters[0]), true, Now());
                EndRead();
                return true;
            case Reading.FlushTotal:
                _read[2] = _counters[2];
                _reading = Reading.FlushSegments;
                return true;
            case Reading.FlushSegments:
                (_read[0], _read[1]) = (_counters[0], _counters[1]);
                _reading = Reading.FlushAnswer;
                return true;
            default:
                Array.Fill(_shown, 0);
                (_shown[Hashes[0].Segment], _shown[Hashes[1].Segment]) = (Shown(_read[0]), Shown(_read[1]));
                _ledger.Flushed(sent, Shown(_read[2]), _shown, true, FlushReason.LogMissing, Now());
                EndRead();
                return true;
        }
    }

    private void EndRead()
    {
        (_reading, _sent, _isStale) = (Reading.None, default, false);
        Array.Clear(_read);
    }

    private bool Settle()
    {
        var waiting = _ledger.Queue.Count;
        _ledger.Settle(Now());
        return _ledger.Queue.Count != waiting;
    }

    private bool Evict(int counter)
    {
        if (!_mayLose || _counters[counter] < Life)
        {
            return false;
        }

        (_mayLose, _counters[counter]) = (false, 0);
        return true;
    }

    private bool EvictAll()
    {
        if (!_mayLose)
        {
            return false;
        }

        _mayLose = false;
        Array.Clear(_counters);
        return true;
    }

    private bool Create()
    {
        var any = false;
        for (var counter = 0; counter < 3; counter++)
        {
            if (_counters[counter] < Life)
            {
                (_counters[counter], any) = (Life, true);
            }
        }

        return any;
    }

    private bool CreatedHere()
    {
        if (!_ledger.NeedsCounters || _counters.Any(counter => counter < Life))
        {
            return false;
        }

        _ledger.CountersCreated();
        return true;
    }

    private record struct Writer(Stage Stage, int Executed, long M, long N, bool IsNews, bool IsComplete)
    {
        public readonly bool HasM => IsNews || Stage is Stage.BumpTotal or Stage.Answered or Stage.PayTotal or Stage.Paid;

        public readonly bool HasN => IsNews || Stage is Stage.Answered or Stage.Paid;
    }

    private readonly record struct Entry(int Value, long Generation);

    private readonly record struct Fill(int Key, bool IsRead, int Value, FillToken Token);
}

/// <summary>The size of the model.</summary>
/// <param name="Writes">Which of the two keys is written.</param>
/// <param name="MayCut">Whether one write may be cut off.</param>
/// <param name="MayLose">Whether counters may be lost once.</param>
/// <param name="Audits">The number of audits and flushes.</param>
/// <param name="LossEndsOwedBumps">A tempting shortcut: a debt to a server that lost any counter is not paid.</param>
internal sealed record OwedBumpScope(bool[] Writes, bool MayCut, bool MayLose, int Audits, bool LossEndsOwedBumps = false)
{
    public static OwedBumpScope Debts { get; } = new([true, true], true, false, 2);

    public static OwedBumpScope Losses { get; } = new([true, true], false, true, 2);

    public static OwedBumpScope Both { get; } = new([false, true], true, true, 3);

    public static OwedBumpScope BothHere { get; } = new([true, false], true, true, 3);
}
