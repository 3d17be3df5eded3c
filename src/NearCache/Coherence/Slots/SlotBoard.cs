using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ensemble.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Slots.Core;
using NearCache.Loops;

namespace NearCache.Coherence.Slots;

/// <summary>
/// The state of the slots and of the announcements of this process: a <see cref="SlotReader"/> and a <see cref="SlotWriter"/> that take the
/// same events.
/// </summary>
/// <remarks>
/// Thread-safe. One loop executes the reads and another the writes; each has a signal that is set when its answer may have changed.
/// </remarks>
internal sealed class SlotBoard : IAnnouncer, IUnreadableSlots
{
    private readonly Lock _lock = new();   // guards all below; no other lock is taken inside it
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

    /// <param name="budgets">The budgets of requests to ZooKeeper.</param>
    /// <param name="member">A hash of the process.</param>
    /// <param name="keepsOverflow">
    /// Whether the segments of dropped announcements must still be announced; see <see cref="AnnouncementQueue"/>.
    /// </param>
    /// <param name="maxStaleness">The promised bound, in milliseconds.</param>
    /// <param name="time">The time provider of the loops.</param>
    public SlotBoard(BudgetOptions budgets, ulong member, bool keepsOverflow, long maxStaleness, TimeProvider time)
    {
        _deliveries = budgets.Deliveries;
        _queue = new AnnouncementQueue(SlotRing.MaxBytes, keepsOverflow);
        _bucket = new WriteBudget(budgets.AnnouncementsPerProcess, budgets.AnnouncementsPerNamespace);
        _writer = new SlotWriter(_queue, _bucket, member, new Random());
        _reader = new SlotReader(NamespacePaths.SlotCount, (int)budgets.Deliveries, maxStaleness);
        ToRead = new LoopSignal(time);
        ToWrite = new LoopSignal(time);
    }

    /// <summary>Gets the signal of the loop that reads.</summary>
    public LoopSignal ToRead { get; }

    /// <summary>Gets the signal of the loop that writes.</summary>
    public LoopSignal ToWrite { get; }

    /// <summary>Gets the counts of the waiting announcements.</summary>
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

    /// <summary>Returns the current limits of requests to ZooKeeper, and the requests made so far.</summary>
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

    /// <inheritdoc/>
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

    /// <summary>
    /// Gets the monotonic milliseconds of the last read of a slot, and of the last write by this process; null for never.
    /// </summary>
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

    /// <summary>Counts reads of the ensemble besides those of <see cref="NextReads"/> and <see cref="NextWrite"/>.</summary>
    public void CountRequests(int requests)
    {
        lock (_lock)
        {
            _reads += requests;
        }
    }

    /// <inheritdoc/>
    public void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version)
    {
        lock (_lock)
        {
            _queue.Add(server, segment, key, version);
        }

        ToWrite.Set();
    }

    /// <summary>Sets how many processes share the namespace. Returns how many slots so many processes can read.</summary>
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
    /// Allows reads and writes. In a new session all slots are read again, with watches. The same session on another connection keeps its
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

    /// <inheritdoc/>
    public void Reread(int slot)
    {
        lock (_lock)
        {
            _reader.Forget(slot);
            _writer.Changed(slot);
        }

        ToRead.Set();
    }

    /// <summary>Forgets what was read of the slots, because the ensemble was wiped, restored or replaced.</summary>
    public void HistoryLost()
    {
        lock (_lock)
        {
            _reader.HistoryLost();
            _writer.HistoryLost();
        }
    }

    /// <summary>Blocks reads and writes until <see cref="Connected"/>.</summary>
    public void Disconnected()
    {
        lock (_lock)
        {
            _isReady = false;
        }
    }

    /// <summary>Returns the reads to send now. If there are none, the caller calls again at <paramref name="until"/>.</summary>
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

    /// <summary>Records that the watch of a read fired.</summary>
    public void Fired(SlotRead read, long now)
    {
        lock (_lock)
        {
            read.HasFired = true;
            Changed(read.Slot, now);
        }

        ToRead.Set();
    }

    /// <summary>
    /// Applies the reply to a read. Returns the announcements that are new to this process, and whether some were overwritten unread.
    /// </summary>
    public Announcement[] Receive(SlotRead read, in SlotContent content, long now, out bool gap)
    {
        Announcement[] received = [];
        gap = false;
        lock (_lock)
        {
            _readAt = now;
            if (_reader.IsNewest(read.Slot, content.Transaction, read.SentAt))
            {
                received =
                [
                    .. read.HasWatch
                        ? _reader.Read(read.Slot, content.Ring, content.Created, read.SentAt, out gap)
                        : _reader.Unseen(read.Slot, content.Ring, content.Created, out gap),
                ];
                _writer.RingRead(read.Slot, content.Ring, content.Version);
                _ringBytes[read.Slot] = content.Bytes;
                _unreadable[read.Slot] = !content.IsReadable;
            }
            else if (read.HasWatch)
            {
                // The content is old, but the watch is set.
                _reader.Armed(read.Slot, read.SentAt);
            }

            if (read.HasFired)
            {
                Changed(read.Slot, now);
            }
        }

        ToWrite.Set();
        return received;
    }

    /// <summary>
    /// Records that a read failed. It is sent again no sooner than the monotonic millisecond <paramref name="retryFrom"/>, and
    /// announcements use other slots until then.
    /// </summary>
    public void Failed(SlotRead read, long retryFrom)
    {
        lock (_lock)
        {
            // Also after a read without a watch: otherwise only the next write would find that the slot is readable again.
            _reader.Failed(read.Slot, retryFrom);
            _writer.Avoid(read.Slot, retryFrom);
        }
    }

    /// <summary>Returns the next step for the waiting announcements.</summary>
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

    /// <summary>Records that the write succeeded.</summary>
    public void Written(long now)
    {
        lock (_lock)
        {
            _announcedAt = now;
            _writer.Written();
        }
    }

    /// <summary>Records that the write was refused, because another process wrote first.</summary>
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
    /// Records that the write failed, with an unknown outcome. The slot is used again from the monotonic millisecond <paramref
    /// name="retryFrom"/>.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="retryFrom">The monotonic millisecond of the next try.</param>
    /// <param name="isOfAll">Whether all slots would refuse, so that none is tried before.</param>
    public void WriteFailed(int slot, long retryFrom, bool isOfAll)
    {
        lock (_lock)
        {
            _writer.Failed();
            _writer.Avoid(slot, retryFrom);
            _writesFrom = isOfAll ? Math.Max(_writesFrom, retryFrom) : _writesFrom;
        }
    }

    // Requires _lock.
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

    /// <summary>The counts of waiting and dropped announcements.</summary>
    /// <param name="IsEmpty">Whether nothing waits, and nothing refused waits for its second try.</param>
    /// <param name="Waiting">The number of waiting keys.</param>
    /// <param name="Merged">The number of announcements that were merged into a waiting one.</param>
    /// <param name="Dropped">The number of dropped announcements.</param>
    internal readonly record struct QueueCounts(bool IsEmpty, int Waiting, long Merged, long Dropped);
}

/// <summary>
/// One read of a slot, from its sending until its reply is handled. If its watch fires before that, the reply must not arm the slot.
/// </summary>
/// <param name="slot">The slot.</param>
/// <param name="sentAt">The monotonic millisecond of sending.</param>
/// <param name="hasWatch">Whether the read sets a watch.</param>
internal sealed class SlotRead(int slot, long sentAt, bool hasWatch)
{
    public int Slot => slot;

    public long SentAt => sentAt;

    public bool HasWatch => hasWatch;

    /// <summary>Gets or sets whether the watch has fired. Guarded by the lock of the <see cref="SlotBoard"/>.</summary>
    public bool HasFired { get; set; }
}

/// <summary>The content of a slot when it was read.</summary>
/// <param name="Ring">The announcements; empty if they could not be read.</param>
/// <param name="Transaction">The transaction that wrote the content.</param>
/// <param name="Created">The transaction that created the node.</param>
/// <param name="Version">The version that a write must name.</param>
/// <param name="Bytes">The size, in bytes.</param>
/// <param name="IsReadable">Whether the content is a ring in a known format.</param>
internal readonly record struct SlotContent(SlotRing Ring, long Transaction, long Created, int Version, int Bytes, bool IsReadable = true);
