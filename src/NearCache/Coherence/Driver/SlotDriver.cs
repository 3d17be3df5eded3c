using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Driver;

/// <summary>Announces through the slots in ZooKeeper, and hears what others announce: two loops around a <see cref="SlotWriter"/> and a <see cref="SlotReader"/>.</summary>
internal sealed class SlotDriver : IAnnouncer, IAsyncDisposable
{
    private readonly Lock _lock = new();   // guards the queue, the writer and the reader
    private readonly Lock _receiving = new();   // held from looking at a slot until its news are void; taken before any other
    private readonly ZooKeeperClient _zooKeeper;
    private readonly NamespacePaths _paths;
    private readonly CoherenceContext _context;
    private readonly AnnouncementQueue _queue;
    private readonly TokenBucket _bucket;
    private readonly SlotWriter _writer;
    private readonly SlotReader _reader;
    private volatile Dictionary<ulong, ServerDriver> _servers;   // replaced, never changed
    private readonly Wake _toRead;
    private readonly Wake _toWrite;
    private readonly OwnedLoop _reading;
    private readonly OwnedLoop _writing;
    private readonly TaskCompletionSource _isEmpty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isReady;
    private bool _isDraining;
    private bool _saidFewer;
    private long _merged;
    private long _dropped;
    private readonly long[] _newest = new long[NamespacePaths.SlotCount];   // transactions
    private readonly int[] _ringBytes = new int[NamespacePaths.SlotCount];
    private readonly double _deliveries;
    private readonly RefusalPause _pause;
    private long _writesFrom;
    private long _attempts;
    private long _reads;

    public SlotDriver(ZooKeeperClient zooKeeper, NamespacePaths paths, CoherenceContext context, IEnumerable<ServerDriver> servers, BudgetOptions budgets, ulong member)
    {
        _zooKeeper = zooKeeper;
        _paths = paths;
        _context = context;
        _deliveries = budgets.Deliveries;
        _queue = new AnnouncementQueue(SlotRing.MostBytes, keepsOverflow: !context.HasCounters);
        _pause = new RefusalPause(context.Quota);
        _servers = servers.ToDictionary(server => server.Ledger.IdentityHash);
        _bucket = new TokenBucket(budgets.AnnouncementsPerProcess, budgets.AnnouncementsPerNamespace);
        _writer = new SlotWriter(_queue, _bucket, member, new Random());
        _reader = new SlotReader(NamespacePaths.SlotCount, (int)budgets.Deliveries, context.MaxStaleness);
        _toRead = new Wake(context.Time);
        _toWrite = new Wake(context.Time);
        _reading = new OwnedLoop(context.Logger, "reading slots");
        _writing = new OwnedLoop(context.Logger, "announcing");
    }

    /// <summary>Writes to slots that were attempted: each is a transaction of the ensemble, also one that was refused.</summary>
    public long Attempts => Interlocked.Read(ref _attempts);

    /// <summary>What may be asked of ZooKeeper now, and what has been.</summary>
    public BudgetSnapshot Budgets
    {
        get
        {
            lock (_lock)
            {
                return new BudgetSnapshot
                {
                    Members = _bucket.Members,
                    AnnouncementsPerSecond = _bucket.Rate,
                    Announcements = Attempts,
                    Waiting = _queue.Count,
                    ReadsPerSecond = _deliveries / _bucket.Members,
                    Reads = Interlocked.Read(ref _reads),
                    Pace = TimeSpan.FromMilliseconds(_reader.Pace(_context.Clock.Monotonic())),
                    Slots = _writer.Slots,
                    QuotaRefusals = _context.Quota.Count,
                    LargestRing = _ringBytes.Max(),
                };
            }
        }
    }

    /// <summary>How many processes share the namespace, as far as is known.</summary>
    public int Members
    {
        get
        {
            lock (_lock)
            {
                return _bucket.Members;
            }
        }
    }

    /// <summary>The pace at which slots are read now, in milliseconds.</summary>
    public long Pace
    {
        get
        {
            lock (_lock)
            {
                return _reader.Pace(_context.Clock.Monotonic());
            }
        }
    }

    /// <summary>So many requests were sent that are reads to the ensemble.</summary>
    public void Asked(int requests) => Interlocked.Add(ref _reads, requests);

    /// <summary>The cache has other servers: news of others is of no use.</summary>
    public void SetServers(IEnumerable<ServerDriver> servers) => _servers = servers.ToDictionary(server => server.Ledger.IdentityHash);

    public void Start()
    {
        _reading.Start(ReadDueAsync);
        _writing.Start(WriteNextAsync);
    }

    /// <inheritdoc/>
    public void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version)
    {
        lock (_lock)
        {
            _queue.Add(server, segment, key, version);
        }

        _toWrite.Call();
    }

    /// <summary>How many processes share the namespace.</summary>
    public void MembersCounted(int members)
    {
        bool sayFewer;
        int readable;
        lock (_lock)
        {
            _bucket.Members = _reader.Members = Math.Max(members, 1);
            readable = _writer.Slots = _reader.Readable;
            sayFewer = readable < NamespacePaths.SlotCount && !_saidFewer;
            _saidFewer |= sayFewer;
        }

        if (sayFewer)
        {
            _context.Logger.FewerSlotsRead(members, readable, NamespacePaths.SlotCount);
        }

        _toRead.Call();
        _toWrite.Call();
    }

    /// <summary>A session is there, and the slots exist: all are read again, with watches.</summary>
    public void Connected()
    {
        lock (_lock)
        {
            _isReady = true;
            _writer.Slots = _reader.Readable;
            _reader.Connected();

            // The server of a new session may know less than the last one's; then all is void, and heard again.
            Array.Clear(_newest);
        }

        _toRead.Call();
        _toWrite.Call();
    }

    /// <summary>The same session has a connection again.</summary>
    public void Reconnected()
    {
        lock (_lock)
        {
            _isReady = true;
        }

        _toRead.Call();
        _toWrite.Call();
    }

    /// <summary>Nothing can be read or written until <see cref="Connected"/> or <see cref="Reconnected"/>.</summary>
    public void Disconnected()
    {
        lock (_lock)
        {
            _isReady = false;
        }
    }

    /// <summary>Waits until everything that is to be announced has left, at most so long.</summary>
    /// <returns>How many announcements did not leave.</returns>
    public async Task<int> DrainAsync(TimeSpan limit)
    {
        lock (_lock)
        {
            _isDraining = true;
        }

        _toWrite.Call();
        await _isEmpty.Task.WaitAsync(limit, _context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            return _queue.Count;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _reading.DisposeAsync().ConfigureAwait(false);
        await _writing.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ReadDueAsync(CancellationToken stopping)
    {
        IReadOnlyList<int> due = [];
        var until = long.MaxValue;
        lock (_lock)
        {
            if (_isReady)
            {
                due = _reader.Next(_context.Clock.Monotonic(), out until);
            }
        }

        if (due.Count == 0)
        {
            await _toRead.WaitAsync(until == long.MaxValue ? until : until - _context.Clock.Monotonic(), stopping).ConfigureAwait(false);
            return;
        }

        await Task.WhenAll(due.Select(slot => ReadAsync(slot, withWatch: true, stopping))).ConfigureAwait(false);
    }

    private async Task ReadAsync(int slot, bool withWatch, CancellationToken stopping)
    {
        var watch = withWatch ? new SlotWatch(this, slot) : null;
        var sentAt = _context.Clock.Monotonic();
        Interlocked.Increment(ref _reads);
        try
        {
            var data = await _zooKeeper.GetDataAsync(_paths.Slot(slot), watch is null ? null : watch.Fired, stopping).ConfigureAwait(false);
            Receive(slot, data, watch, sentAt);
        }
        catch (ZooKeeperException e)
        {
            _context.Logger.ZooKeeperFailed(e, "getData of a slot");
            lock (_lock)
            {
                // Asked again after the pace; a session that is gone says so by itself.
                _reader.Failed(slot, sentAt);
            }
        }
    }

    /// <summary>A slot was read by somebody else, without a watch. What is new in it is void when this returns.</summary>
    public void Heard(int slot, ZNodeData data) => Receive(slot, data, watch: null, sentAt: 0);

    private void Receive(int slot, ZNodeData data, SlotWatch? watch, long sentAt)
    {
        var isReadable = SlotRing.TryDecode(data.Data.Span, out var ring);
        if (!isReadable)
        {
            ring = SlotRing.Empty;
        }
        else if (ring.IsNewer)
        {
            _context.Logger.NewerFormat(_paths.Slot(slot), data.Data.Span[0]);
        }

        lock (_receiving)
        {
            var news = Look(slot, ring, data, watch, sentAt, out var gap);
            if (!_context.HasCounters && (gap || !isReadable || ring.IsNewer))
            {
                foreach (var (_, server) in _servers)
                {
                    server.Void(FlushReason.AnnouncementsMissed);
                }
            }

            foreach (var announcement in news)
            {
                if (_servers.TryGetValue(announcement.Server, out var server))
                {
                    server.Hear(announcement);
                }
            }

            if (news.Length > 0)
            {
                _context.Metrics.Announced(news.Length, "received");
            }
        }

        _toWrite.Call();
    }

    private Announcement[] Look(int slot, SlotRing ring, in ZNodeData data, SlotWatch? watch, long sentAt, out bool gap)
    {
        lock (_lock)
        {
            Announcement[] news = [];
            gap = false;
            if (data.Stat.ModifiedZxid >= _newest[slot])
            {
                _newest[slot] = data.Stat.ModifiedZxid;
                news = [.. watch is null ? _reader.Unseen(slot, ring, out gap) : _reader.Read(slot, ring, sentAt, out gap)];
                _writer.RingRead(slot, ring, data.Stat.Version);
                _ringBytes[slot] = data.Data.Length;
            }
            else if (watch is not null)
            {
                // Another read that was sent later was looked at first.
                _reader.Armed(slot, sentAt);
            }

            if (watch is { HasFired: true })
            {
                Changed(slot);
            }

            return news;
        }
    }

    private async Task WriteNextAsync(CancellationToken stopping)
    {
        SlotStep step;
        lock (_lock)
        {
            var now = _context.Clock.Monotonic();
            step = !_isReady ? new SlotStep(SlotStepKind.Wait, Until: long.MaxValue)
                : now < _writesFrom ? new SlotStep(SlotStepKind.Wait, Until: _writesFrom)
                : _writer.Next(now);
            if (_isDraining && step.Kind == SlotStepKind.Wait && _queue.IsEmpty)
            {
                _isEmpty.TrySetResult();
            }
        }

        switch (step.Kind)
        {
            case SlotStepKind.Wait:
                await _toWrite.WaitAsync(step.Until == long.MaxValue ? step.Until : step.Until - _context.Clock.Monotonic(), stopping).ConfigureAwait(false);
                break;
            case SlotStepKind.Read:
                await ReadAsync(step.Slot, withWatch: false, stopping).ConfigureAwait(false);
                break;
            case SlotStepKind.Write:
                await WriteAsync(step, stopping).ConfigureAwait(false);
                break;
        }
    }

    private async Task WriteAsync(SlotStep step, CancellationToken stopping)
    {
        Interlocked.Increment(ref _attempts);
        try
        {
            await _zooKeeper.SetDataAsync(_paths.Slot(step.Slot), step.Data, step.Version, stopping).ConfigureAwait(false);
            lock (_lock)
            {
                _writer.Written();
                _pause.Passed();
            }

            _context.Metrics.Announced(1, "sent");
        }
        catch (BadVersionException)
        {
            lock (_lock)
            {
                _writer.Refused(_context.Clock.Monotonic());
                _reader.WasNotOwn(step.Slot);
            }

            _context.Metrics.Announced(1, "refused");
            _toRead.Call();
        }
        catch (ZooKeeperException e) when (RefusalPause.IsFor(e))
        {
            // What was to be announced is left to the audits, and so is what comes during the pause beyond the queue's room.
            var wait = _pause.Refused(e, "announce", _paths.Slot(step.Slot), _context.Logger);
            lock (_lock)
            {
                _writer.Failed();
                _writesFrom = _context.Clock.Monotonic() + (long)wait.TotalMilliseconds;
            }
        }
        catch (ZooKeeperException e)
        {
            lock (_lock)
            {
                _writer.Failed();
            }

            _context.Logger.ZooKeeperFailed(e, "setData of a slot");
        }

        CountQueue();
    }

    private void CountQueue()
    {
        long merged, dropped;
        lock (_lock)
        {
            (merged, dropped) = (_queue.Merged - _merged, _queue.Dropped - _dropped);
            (_merged, _dropped) = (_queue.Merged, _queue.Dropped);
        }

        if (merged > 0)
        {
            _context.Metrics.Announced((int)merged, "merged");
        }

        if (dropped > 0)
        {
            _context.Metrics.Announced((int)dropped, "dropped");
        }
    }

    // With the lock held.
    private void Changed(int slot)
    {
        _reader.Changed(slot, _context.Clock.Monotonic(), byOwnWrite: _writer.Writing == slot);
        _writer.Changed(slot);
    }

    /// <summary>The watch of one read. It may fire before the read's answer has been looked at; then the answer must not arm the slot.</summary>
    private sealed class SlotWatch(SlotDriver driver, int slot)
    {
        /// <summary>Guarded by the driver's lock.</summary>
        public bool HasFired { get; private set; }

        public void Fired(WatchEvent change)
        {
            lock (driver._lock)
            {
                HasFired = true;
                driver.Changed(slot);
            }

            driver._toRead.Call();
        }
    }
}
