using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Model;

/// <summary>One memcached server, writers that write once each, and one reader whose state is that of the real ledger.</summary>
/// <remarks>
/// A state is loaded, one event occurs, and the state is saved. Announcements may be lost, delayed or reordered; every command interleaves
/// with every other.
/// </remarks>
internal sealed class AuditWorld<TProtocol> : IWorld, IInvalidationTarget
    where TProtocol : struct, ICoherenceProtocol
{
    private static readonly byte[][] Names = [.. "ab".Select(letter => Encoding.UTF8.GetBytes([letter]))];
    private static readonly KeyHash[] Hashes = [.. Names.Select(name => KeyHash.Of(name))];

    private readonly ProcessEpochs _epochs;
    private readonly ServerLedger<TProtocol> _ledger;
    private readonly long?[] _shown = new long?[KeyHash.Segments];
    private readonly long[] _generations = new long[KeyHash.Segments];
    private readonly AuditScope _scope;
    private readonly Writer[] _writers;
    private readonly int[] _values = new int[AuditScope.Keys];
    private readonly int[] _segments = new int[AuditScope.Keys];
    private readonly Entry?[] _near = new Entry?[AuditScope.Keys];
    private readonly int[] _readSegments = new int[AuditScope.Keys];
    private int _total;
    private Fill? _fill;
    private Reading _reading;
    private Timestamps _sent;
    private int _readTotal;
    private int _fills;
    private int _audits;

    private enum Reading
    {
        None,
        Audit,
        FlushTotal,
        FlushSegments,
        FlushTotalLast,
        FlushAnswer,
    }

    public AuditWorld(AuditScope scope)
    {
        _epochs = new ProcessEpochs();
        _ledger = new ServerLedger<TProtocol>(new ServerGate<TProtocol>("", _epochs));
        _scope = scope;
        _writers = new Writer[scope.Writers.Length];
    }

    public int Actions => _scope.HasMessages ? 19 : 16;

    /// <summary>Executes one event. Returns false if it cannot occur in this state.</summary>
    public bool Try(int action) => action switch
    {
        < 3 => action < _writers.Length && Write(action),
        < 6 => action - 3 < _writers.Length && Announce(action - 3),
        < 9 => action - 6 < _writers.Length && Lose(action - 6),
        < 11 => BeginFill(action - 9),
        11 => ContinueFill(),
        12 => SendAudit(),
        13 => SendFlush(),
        14 => ContinueRead(),
        15 => Settle(),
        _ => action - 16 < _writers.Length && AnnounceUnsigned(action - 16),
    };

    /// <summary>Describes what an action did from this state.</summary>
    public string Name(int action) => action switch
    {
        < 3 => $"writer {action} (key {_scope.Writers[action]}): {TProtocol.MutationOrder[_writers[action].Stage]}",
        < 6 => $"announce total {_writers[action - 3].N} segment {_writers[action - 3].M} of key {_scope.Writers[action - 3]}",
        < 9 => $"lose the announcement of total {_writers[action - 6].N}",
        < 11 => $"fill of key {action - 9}: token",
        11 => _fill!.Value.IsRead
            ? $"fill of key {_fill.Value.Key}: insert"
            : $"fill of key {_fill.Value.Key}: read {_values[_fill.Value.Key]}",
        12 => "audit: send",
        13 => "flush: send",
        14 => _reading switch
        {
            Reading.Audit => $"audit: total {_total}",
            Reading.FlushTotal or Reading.FlushTotalLast => $"flush: total {_total}",
            Reading.FlushSegments => $"flush: segments {string.Join(", ", _segments)}",
            _ => "flush: apply, confirm",
        },
        15 => "confirm what is explained",
        _ => $"unsigned: key {_scope.Writers[action - 16]} is void",
    };

    /// <summary>Returns whether something is served that the last confirmed audit forbids.</summary>
    public string? Broken()
    {
        for (var key = 0; key < AuditScope.Keys; key++)
        {
            var complete = Snapshot(_ledger.Gate.Confirmed, key);
            if (_near[key] is { } entry && entry.Value < complete
                && _ledger.Gate.IsCurrent(Hashes[key].Segment, entry.Generation, _ledger.Gate.Confirmed, 0))
            {
                return $"key {key} is served as {entry.Value}, the confirmed audit was sent after write {complete} was complete";
            }
        }

        return null;
    }

    void IInvalidationTarget.Invalidate(ReadOnlySpan<byte> name, InvalidationOrigin origin)
    {
        var key = name[0] - 'a';
        _epochs.Stripes.Advance(Hashes[key].Stripe(Stripes.Count));
        _near[key] = null;
    }

    public void Load(UInt128 state)
    {
        var bits = new BitBuffer(state);
        _ledger.Queue.Clear();
        _total = bits.Take(2);
        for (var writer = 0; writer < _writers.Length; writer++)
        {
            _writers[writer] = new Writer(bits.Take(2), bits.Take(2), bits.Take(2), bits.Take(2), bits.Take(1) != 0);
        }

        LoadPrefix(_ledger.Counters.Total, ref bits);
        for (var key = 0; key < AuditScope.Keys; key++)
        {
            (_values[key], _segments[key]) = (bits.Take(2), bits.Take(2));
            LoadPrefix(_ledger.Counters.Segments[Hashes[key].Segment], ref bits);
            _generations[Hashes[key].Segment] = bits.Take(2);
            _epochs.Stripes.Restore(Hashes[key].Stripe(Stripes.Count), bits.Take(2));
            _near[key] = bits.Take(1) != 0 ? new Entry(bits.Take(2), bits.Take(2)) : null;
        }

        _fill = null;
        if (bits.Take(1) != 0)
        {
            var (key, isRead, value, generation, epoch) = (bits.Take(1), bits.Take(1) != 0, bits.Take(2), bits.Take(2), bits.Take(2));
            var hash = Hashes[key];
            _fill = new Fill(key, isRead, value, new FillToken(default, hash.Segment, generation, 0, 0, hash.Stripe(Stripes.Count), epoch));
        }

        _reading = (Reading)bits.Take(3);
        (_sent, _readTotal, _readSegments[0], _readSegments[1]) = (TakeTimestamps(ref bits), bits.Take(2), bits.Take(2), bits.Take(2));
        for (var waiting = bits.Take(2); waiting > 0; waiting--)
        {
            _ledger.Queue.Add(TakeTimestamps(ref bits), bits.Take(2));
        }

        _ledger.Restore(TakeTimestamps(ref bits), _generations);
        (_fills, _audits) = (bits.Take(2), bits.Take(2));
    }

    public UInt128 Save()
    {
        var bits = new BitBuffer(0);
        bits.Put(_total, 2);
        foreach (var writer in _writers)
        {
            bits.Put(writer.Stage, 2);
            bits.Put(writer.Value, 2);
            bits.Put(writer.M, 2);
            bits.Put(writer.N, 2);
            bits.Put(writer.IsNews ? 1 : 0, 1);
        }

        SavePrefix(_ledger.Counters.Total, ref bits);
        for (var key = 0; key < AuditScope.Keys; key++)
        {
            bits.Put(_values[key], 2);
            bits.Put(_segments[key], 2);
            SavePrefix(_ledger.Counters.Segments[Hashes[key].Segment], ref bits);
            bits.Put((int)_ledger.Gate.Generation(Hashes[key].Segment), 2);
            bits.Put((int)_epochs.Stripes.Read(Hashes[key].Stripe(Stripes.Count)), 2);
            bits.Put(_near[key] is null ? 0 : 1, 1);
            if (_near[key] is { } entry)
            {
                bits.Put(entry.Value, 2);
                bits.Put((int)entry.Generation, 2);
            }
        }

        bits.Put(_fill is null ? 0 : 1, 1);
        if (_fill is { } fill)
        {
            bits.Put(fill.Key, 1);
            bits.Put(fill.IsRead ? 1 : 0, 1);
            bits.Put(fill.Value, 2);
            bits.Put((int)fill.Token.Generation, 2);
            bits.Put((int)fill.Token.Epoch, 2);
        }

        bits.Put((int)_reading, 3);
        PutTimestamps(_sent, ref bits);
        bits.Put(_readTotal, 2);
        bits.Put(_readSegments[0], 2);
        bits.Put(_readSegments[1], 2);
        bits.Put(_ledger.Queue.Count, 2);
        for (var audit = 0; audit < _ledger.Queue.Count; audit++)
        {
            PutTimestamps(_ledger.Queue[audit].Sent, ref bits);
            bits.Put((int)_ledger.Queue[audit].Total, 2);
        }

        PutTimestamps(_ledger.Gate.Confirmed, ref bits);
        bits.Put(_fills, 2);
        bits.Put(_audits, 2);
        return bits.Value;
    }

    /// <summary>Returns the initial state.</summary>
    public UInt128 Begin()
    {
        Load(0);
        (_fills, _audits) = (AuditScope.Fills, _scope.Audits);
        return Save();
    }

    // The time of the model is what was complete: for each key, the newest write whose commands were all executed.
    private Timestamps Now()
    {
        Span<int> complete = stackalloc int[AuditScope.Keys];
        for (var writer = 0; writer < _writers.Length; writer++)
        {
            if (_writers[writer].Stage == 3)
            {
                ref var newest = ref complete[_scope.Writers[writer]];
                newest = Math.Max(newest, _writers[writer].Value);
            }
        }

        return new Timestamps(complete[0] + complete[1], complete[0] + (4 * complete[1]));
    }

    private static int Snapshot(Timestamps moment, int key) => (int)(moment.Wall >> (2 * key)) & 3;

    private static void PutTimestamps(Timestamps moment, ref BitBuffer bits) => bits.Put((int)moment.Wall, 4);

    private static Timestamps TakeTimestamps(ref BitBuffer bits)
    {
        var wall = bits.Take(4);
        return new Timestamps((wall & 3) + (wall >> 2), wall);
    }

    private static void LoadPrefix(GaplessPrefix prefix, ref BitBuffer bits)
    {
        prefix.Restart(bits.Take(2));
        var beyond = bits.Take(4);
        for (var version = 0; beyond >> version != 0; version++)
        {
            if ((beyond >> version & 1) != 0)
            {
                prefix.Explain(version);
            }
        }
    }

    private static void SavePrefix(GaplessPrefix prefix, ref BitBuffer bits)
    {
        bits.Put((int)prefix.Known, 2);
        bits.Put(prefix.BeyondGap.Sum(version => 1 << (int)version), 4);
    }

    private bool Write(int index)
    {
        var writer = _writers[index];
        if (writer.Stage == 3)
        {
            return false;
        }

        var key = _scope.Writers[index];
        writer = TProtocol.MutationOrder[writer.Stage] switch
        {
            MutationCommand.Mutate => writer with { Value = ++_values[key] },
            MutationCommand.BumpSegment => writer with { M = ++_segments[key] },
            _ => writer with { N = ++_total },
        };
        _writers[index] = writer with { Stage = writer.Stage + 1, IsNews = writer.Stage == 2 };
        return true;
    }

    private bool Announce(int index)
    {
        var writer = _writers[index];
        if (!writer.IsNews)
        {
            return false;
        }

        var key = _scope.Writers[index];
        _writers[index] = writer with { IsNews = _scope.HasMessages };
        _ledger.Receive(
            new Announcement
            {
                Server = 0,
                Segment = Hashes[key].Segment,
                Key = Names[key],
                Versions = [new MutationVersion(writer.N, writer.M)],
            }, this);
        return true;
    }

    // Voids the key, and explains nothing. It is the last that is heard of the write, so that epochs stay small.
    private bool AnnounceUnsigned(int index)
    {
        var isNews = Lose(index);
        if (isNews)
        {
            ((IInvalidationTarget)this).Invalidate(
                Names[_scope.Writers[index]], new(InvalidationCause.Announced));
        }

        return isNews;
    }

    private bool Lose(int index)
    {
        var was = _writers[index].IsNews;
        _writers[index] = _writers[index] with { IsNews = false };
        return was;
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

        var token = TProtocol.TokenBeforeRead ? fill.Token : _ledger.Gate.BeginFill(Hashes[fill.Key], _epochs.Ring, 0, default);
        _fill = null;
        if (_ledger.Gate.MayServe(token))
        {
            _near[fill.Key] = new Entry(fill.Value, _ledger.Gate.Stamp(token));
        }

        return true;
    }

    private bool SendAudit()
    {
        if (_reading != Reading.None || _audits == 0)
        {
            return false;
        }

        (_reading, _sent) = (Reading.Audit, Now());
        _audits--;
        return true;
    }

    private bool SendFlush()
    {
        if (_reading != Reading.None || _audits == 0 || _ledger.Queue.Count == 0)
        {
            return false;
        }

        var isTotalFirst = FlushPlan<TProtocol>.Order[0] == FlushPlan<TProtocol>.Total;
        (_reading, _sent) = (isTotalFirst ? Reading.FlushTotal : Reading.FlushSegments, Now());
        _audits--;
        return true;
    }

    private bool ContinueRead()
    {
        switch (_reading)
        {
            case Reading.None:
                return false;
            case Reading.Audit:
                _ledger.AuditAnswered(Sent(), _total, _segments[0], true, Now());
                EndRead();
                return true;
            case Reading.FlushTotal or Reading.FlushTotalLast:
                _readTotal = _total;
                _reading = _reading == Reading.FlushTotal ? Reading.FlushSegments : Reading.FlushAnswer;
                return true;
            case Reading.FlushSegments:
                _segments.CopyTo(_readSegments, 0);
                _reading = FlushPlan<TProtocol>.Order[0] == FlushPlan<TProtocol>.Total ? Reading.FlushAnswer : Reading.FlushTotalLast;
                return true;
            default:
                Array.Fill(_shown, 0);
                _shown[Hashes[0].Segment] = _readSegments[0];
                _shown[Hashes[1].Segment] = _readSegments[1];
                _ledger.Flushed(Sent(), _readTotal, _shown, true, FlushReason.LogMissing, Now());
                EndRead();
                return true;
        }
    }

    private void EndRead()
    {
        (_reading, _sent, _readTotal) = (Reading.None, default, 0);
        Array.Clear(_readSegments);
    }

    private bool Settle()
    {
        var waiting = _ledger.Queue.Count;
        _ledger.Settle(Now());
        return _ledger.Queue.Count != waiting;
    }

    // The bounds at sending are below what memcached shows: bounds of zero suffice if counters are never lost.
    private PendingRead Sent() => new(_sent, 0, Hashes[0].Segment, new long[KeyHash.Segments], 0);

    private readonly record struct Writer(int Stage, int Value, int M, int N, bool IsNews);

    private readonly record struct Entry(int Value, long Generation);

    private readonly record struct Fill(int Key, bool IsRead, int Value, FillToken Token);
}

/// <summary>The size of the model.</summary>
/// <param name="Writers">For each writer, the key of its single write. Key k has a segment of its own.</param>
/// <param name="Audits">The number of audits and flushes that the reader sends.</param>
internal sealed record AuditScope(int[] Writers, int Audits)
{
    public const int Keys = 2;
    public const int Fills = 2;

    public static AuditScope TwoWriters { get; } = new([0, 1], 3);

    public static AuditScope ThreeWriters { get; } = new([0, 1, 0], 2);

    /// <summary>As <see cref="TwoWriters"/>, with a message broker: announcements come again, or without a signature.</summary>
    public static AuditScope Messages { get; } = new([0, 1], 3) { HasMessages = true };

    public bool HasMessages { get; init; }
}
