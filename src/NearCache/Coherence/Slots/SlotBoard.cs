using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ensemble.Core;
using NearCache.Coherence.Slots.Core;
using NearCache.Loops;

namespace NearCache.Coherence.Slots;

/// <summary>
/// What this process knows of the slots, and what it has to announce: a <see cref="SlotReader"/> and a <see cref="SlotWriter"/> that are
/// told of the same events.
/// </summary>
/// <remarks>
/// Any thread tells it of events. One loop asks what to read, another what to write, and each is called when its answer may have become
/// another one.
/// </remarks>
internal sealed class SlotBoard
{
    private readonly Lock _lock = new();   // guards all below; nothing that takes another lock is called inside
    private readonly double _deliveries;
    private readonly AnnouncementQueue _queue;
    private readonly WriteBudget _bucket;
    private readonly SlotWriter _writer;
    private readonly SlotReader _reader;
    private readonly int[] _ringBytes = new int[NamespacePaths.SlotCount];
    private readonly bool[] _unreadable = new bool[NamespacePaths.SlotCount];
    private bool _isReady;
    private long _writesFrom;
    private long _attempts;
    private long? _readAt;
    private long? _announcedAt;
    private long _reads;

    /// <param name="budgets">What may be asked of ZooKeeper.</param>
    /// <param name="member">A hash of the process.</param>
    /// <param name="keepsOverflow">
    /// Whether what cannot be announced must still be said of its segment; see <see cref="AnnouncementQueue"/>.
    /// </param>
    /// <param name="maxStaleness">In milliseconds.</param>
    /// <param name="time">What the loops wait by.</param>
    public SlotBoard(BudgetOptions budgets, ulong member, bool keepsOverflow, long maxStaleness, TimeProvider time)
    {
        _deliveries = budgets.Deliveries;
        _queue = new AnnouncementQueue(SlotRing.MostBytes, keepsOverflow);
        _bucket = new WriteBudget(budgets.AnnouncementsPerProcess, budgets.AnnouncementsPerNamespace);
        _writer = new SlotWriter(_queue, _bucket, member, new Random());
        _reader = new SlotReader(NamespacePaths.SlotCount, (int)budgets.Deliveries, maxStaleness);
        ToRead = new LoopSignal(time);
        ToWrite = new LoopSignal(time);
    }

    /// <summary>Called when there may be something to read.</summary>
    public LoopSignal ToRead { get; }

    /// <summary>Called when there may be something to write.</summary>
    public LoopSignal ToWrite { get; }

    /// <summary>The announcements that wait.</summary>
    public QueueCounts Queue
    {
        get
        {
            lock (_lock)
            {
                return new QueueCounts(_writer.IsIdle, _queue.Count, _queue.Merged, _queue.Dropped);
            }
        }
    }

    /// <summary>What may be asked of ZooKeeper now, and what has been.</summary>
    public BudgetSnapshot Budgets(long now, long quotaRefusals)
    {
        lock (_lock)
        {
            return new BudgetSnapshot
            {
                Members = _bucket.Members,
                AnnouncementsPerSecond = _bucket.Rate,
                Announcements = _attempts,
                Waiting = _queue.Count,
                ReadsPerSecond = _deliveries / _bucket.Members,
                Reads = _reads,
                Pace = TimeSpan.FromMilliseconds(_reader.Pace(now)),
                Slots = _writer.Slots,
                QuotaRefusals = quotaRefusals,
                LargestRing = _ringBytes.Max(),
            };
        }
    }

    /// <summary>The slots whose content could not be read last.</summary>
    public IReadOnlyList<int> Unreadable
    {
        get
        {
            lock (_lock)
            {
                return [.. Enumerable.Range(0, _unreadable.Length).Where(slot => _unreadable[slot])];
            }
        }
    }

    /// <summary>The monotonic milliseconds at which a slot was last read, and written by this process; null: never.</summary>
    public (long? ReadAt, long? AnnouncedAt) Last
    {
        get
        {
            lock (_lock)
            {
                return (_readAt, _announcedAt);
            }
        }
    }

    /// <summary>
    /// So many requests were sent that are reads to the ensemble, besides those of <see cref="NextReads"/> and <see cref="NextWrite"/>.
    /// </summary>
    public void Asked(int requests)
    {
        lock (_lock)
        {
            _reads += requests;
        }
    }

    /// <summary>A key is to be announced.</summary>
    public void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version)
    {
        lock (_lock)
        {
            _queue.Add(server, segment, key, version);
        }

        ToWrite.Set();
    }

    /// <summary>How many processes share the namespace. Gives the number of slots that so many can read.</summary>
    public int MembersCounted(int members)
    {
        int readable;
        lock (_lock)
        {
            _bucket.Members = _reader.Members = Math.Max(members, 1);
            readable = _writer.Slots = _reader.Readable;
        }

        CallBoth();
        return readable;
    }

    /// <summary>
    /// Slots can be read and written. In a new session all are read again, with watches; the same one on another connection keeps its
    /// watches.
    /// </summary>
    public void Connected(bool isNewSession)
    {
        lock (_lock)
        {
            _isReady = true;
            if (isNewSession)
            {
                _writer.Slots = _reader.Readable;
                _reader.Connected();
            }
        }

        CallBoth();
    }

    /// <summary>
    /// A slot holds something else than what was read of it, though no watch has said so: it is read again, from its start.
    /// </summary>
    public void Reread(int slot)
    {
        lock (_lock)
        {
            _reader.Forget(slot);
            _writer.Changed(slot);
        }

        ToRead.Set();
    }

    /// <summary>The ensemble was wiped, restored or replaced: what was read of the slots means nothing any more.</summary>
    public void HistoryLost()
    {
        lock (_lock)
        {
            _reader.HistoryLost();
            _writer.HistoryLost();
        }
    }

    /// <summary>Nothing can be read or written until <see cref="Connected"/>.</summary>
    public void Disconnected()
    {
        lock (_lock)
        {
            _isReady = false;
        }
    }

    /// <summary>The reads to send now. If none: ask again at <paramref name="until"/>.</summary>
    public IReadOnlyList<SlotRead> NextReads(long now, out long until)
    {
        lock (_lock)
        {
            until = long.MaxValue;
            IReadOnlyList<int> due = _isReady ? _reader.Next(now, out until) : [];
            _reads += due.Count;
            return [.. due.Select(slot => new SlotRead(slot, now, hasWatch: true))];
        }
    }

    /// <summary>The watch of a read fired.</summary>
    public void Fired(SlotRead read, long now)
    {
        lock (_lock)
        {
            read.HasFired = true;
            Changed(read.Slot, now);
        }

        ToRead.Set();
    }

    /// <summary>A read was answered. Gives the announcements that were not seen before, and whether some went by unseen.</summary>
    public Announcement[] Look(SlotRead read, in SlotContent content, long now, out bool gap)
    {
        Announcement[] news = [];
        gap = false;
        lock (_lock)
        {
            _readAt = now;
            if (_reader.IsNewest(read.Slot, content.Transaction, read.SentAt))
            {
                news = [.. read.HasWatch ? _reader.Read(read.Slot, content.Ring, content.Created, read.SentAt, out gap) : _reader.Unseen(read.Slot, content.Ring, content.Created, out gap)];
                _writer.RingRead(read.Slot, content.Ring, content.Version);
                _ringBytes[read.Slot] = content.Bytes;
                _unreadable[read.Slot] = !content.IsReadable;
            }
            else if (read.HasWatch)
            {
                // What it shows is old; the watch is set nevertheless.
                _reader.Armed(read.Slot, read.SentAt);
            }

            if (read.HasFired)
            {
                Changed(read.Slot, now);
            }
        }

        ToWrite.Set();
        return news;
    }

    /// <summary>
    /// A read failed: it is sent again, no sooner than the monotonic millisecond <paramref name="retryFrom"/>, and announcements use
    /// another slot until then.
    /// </summary>
    public void Failed(SlotRead read, long retryFrom)
    {
        lock (_lock)
        {
            // Also after a read without a watch: else what cannot be read would be found readable again only by the next write to it.
            _reader.Failed(read.Slot, retryFrom);
            _writer.Avoid(read.Slot, retryFrom);
        }
    }

    /// <summary>What to do next for the announcements that wait.</summary>
    public SlotStep NextWrite(long now)
    {
        lock (_lock)
        {
            var step = !_isReady ? new SlotStep(SlotStepKind.Wait, Until: long.MaxValue)
                : now < _writesFrom ? new SlotStep(SlotStepKind.Wait, Until: _writesFrom)
                : _writer.Next(now);
            _attempts += step.Kind == SlotStepKind.Write ? 1 : 0;
            _reads += step.Kind == SlotStepKind.Read ? 1 : 0;
            return step;
        }
    }

    /// <summary>The write was done.</summary>
    public void Written(long now)
    {
        lock (_lock)
        {
            _announcedAt = now;
            _writer.Written();
        }
    }

    /// <summary>The write was refused: somebody else wrote first.</summary>
    public void Refused(int slot, long now)
    {
        lock (_lock)
        {
            _writer.Refused(now);
            _reader.WasNotOwn(slot);
        }

        ToRead.Set();
    }

    /// <summary>
    /// The write failed; whether it was done is unknown. The slot is used again from the monotonic millisecond
    /// <paramref name="retryFrom"/>.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="retryFrom">When it may be tried again.</param>
    /// <param name="isOfAll">The others would refuse as well: none is tried before.</param>
    public void WriteFailed(int slot, long retryFrom, bool isOfAll)
    {
        lock (_lock)
        {
            _writer.Failed();
            _writer.Avoid(slot, retryFrom);
            _writesFrom = isOfAll ? Math.Max(_writesFrom, retryFrom) : _writesFrom;
        }
    }

    // With the lock held.
    private void Changed(int slot, long now)
    {
        _reader.Changed(slot, now, byOwnWrite: _writer.Writing == slot);
        _writer.Changed(slot);
    }

    private void CallBoth()
    {
        ToRead.Set();
        ToWrite.Set();
    }

    /// <summary>The announcements that wait, and those that never will be made.</summary>
    /// <param name="IsEmpty">Nothing waits, also nothing that was refused and is tried once more.</param>
    /// <param name="Waiting">How many keys wait.</param>
    /// <param name="Merged">How many went into one that was waiting already.</param>
    /// <param name="Dropped">How many were dropped.</param>
    internal readonly record struct QueueCounts(bool IsEmpty, int Waiting, long Merged, long Dropped);
}

/// <summary>
/// One read of a slot, from its sending until its answer has been looked at. Its watch may fire before that; then the answer must not arm
/// the slot.
/// </summary>
/// <param name="slot">The slot.</param>
/// <param name="sentAt">The monotonic millisecond.</param>
/// <param name="hasWatch">Whether it sets a watch. Without one it was read for another reason, and tells only what is new.</param>
internal sealed class SlotRead(int slot, long sentAt, bool hasWatch)
{
    public int Slot => slot;

    public long SentAt => sentAt;

    public bool HasWatch => hasWatch;

    /// <summary>Guarded by the lock of the <see cref="SlotBoard"/>.</summary>
    public bool HasFired { get; set; }
}

/// <summary>What a slot held when it was read.</summary>
/// <param name="Ring">The announcements; empty if they could not be read.</param>
/// <param name="Transaction">The transaction that wrote it.</param>
/// <param name="Created">The transaction that created the node.</param>
/// <param name="Version">What a write to it names.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="IsReadable">Whether it is a ring in a format that is known here.</param>
internal readonly record struct SlotContent(SlotRing Ring, long Transaction, long Created, int Version, int Bytes, bool IsReadable = true);
