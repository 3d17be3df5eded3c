using System.Numerics;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Diagnostics;
using NearCache.Loops;

namespace NearCache.Coherence.Ledger;

/// <summary>
/// Guards the ledger and the auditor of one server by a lock: each event is one critical section, from voiding keys until the ledger is
/// settled. Logs and counts what was flushed.
/// </summary>
internal sealed class SynchronizedLedger
{
    // More connections than a process has to one server. Forgotten ones are read again.
    private const int MaxConnections = 64;

    private const long FlushLogInterval = 60_000;

    private readonly Lock _lock = new();   // guards the ledger and the auditor, from voiding keys until Settle
    private readonly CoherenceContext _context;
    private readonly IConfirmation? _confirmation;
    private readonly ServerLedger<CoherenceProtocol> _ledger;
    private readonly ServerAuditor<CoherenceProtocol> _auditor;
    private readonly Action _countersLost;
    private readonly LogThrottle _flushLog = new(FlushLogInterval);
    private readonly LedgerHistory _history = new();
    private readonly HashSet<long> _connections = [];   // the connections on which the counters of the present life were read
    private readonly HeardWrites _heard = new();
    private TaskCompletionSource _lifeRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _identity;   // the identity that a reply showed last
    private bool _hasEnded;
    private long _flushed;   // segments since the last log line
    private bool _wasConfirmed;   // at the last report
    private bool _loggedCreation;   // whether the creation of the counters was logged
    private long? _first;   // while the counters are unknown: the connection of the first reply,
    private bool _mayHaveRestarted;   // and whether the server may have restarted since

    /// <param name="server">The name of the server.</param>
    /// <param name="context">The state that the servers share.</param>
    /// <param name="confirmation">Confirms a remote without counters; null if the server has counters.</param>
    /// <param name="countersLost">Called without the lock when the server has lost its items.</param>
    public SynchronizedLedger(string server, CoherenceContext context, IConfirmation? confirmation, Action countersLost)
    {
        (_context, _confirmation) = (context, confirmation);
        _countersLost = countersLost;
        Due = new LoopSignal(context.Time);
        Gate = new ServerGate(server, context.Epochs);
        _ledger = new ServerLedger<CoherenceProtocol>(Gate);
        _auditor = new ServerAuditor<CoherenceProtocol>(_ledger, context.AuditPeriod, new Random());
        Epoch = context.Epochs.NextLife();
    }

    /// <summary>Gets the gate of the near entries of the server.</summary>
    public ServerGate Gate { get; }

    /// <summary>
    /// Gets the number of the server's present life. It changes when the server has lost its items. No two servers share a number.
    /// </summary>
    public int Epoch { get; private set; }

    /// <summary>Gets the signal that is set when <see cref="Next"/> may return another step.</summary>
    public LoopSignal Due { get; }

    /// <summary>Returns the next step.</summary>
    public AuditStep Next()
    {
        lock (_lock)
        {
            _auditor.Period = _confirmation?.Period ?? _context.AuditPeriod;
            return _auditor.Next(_context.Clock.Now(), _context.ExplanationWait());
        }
    }

    /// <summary>Records that the server did not reply.</summary>
    public void Failed()
    {
        lock (_lock)
        {
            _auditor.Failed(_context.Clock.Now());
            _mayHaveRestarted = true;
            SignalLifeRead();
        }
    }

    /// <summary>Records that the server is no longer audited.</summary>
    public void End()
    {
        lock (_lock)
        {
            _hasEnded = true;
            _lifeRead.TrySetResult();
        }
    }

    /// <summary>Returns whether the counters of this life were read on a connection.</summary>
    public bool WasRead(long connection, int life)
    {
        lock (_lock)
        {
            return Epoch == life && _connections.Contains(connection);
        }
    }

    /// <summary>Gets which mutations are explained now; null while the counters are unknown.</summary>
    public LedgerPosition? Position
    {
        get
        {
            lock (_lock)
            {
                return _ledger.IsKnown ? new LedgerPosition(_ledger.Life, _ledger.Counters.Total.HighestExplained) : null;
            }
        }
    }

    /// <summary>Returns the last events as text, for the report of a violation.</summary>
    public string DescribeHistory()
    {
        lock (_lock)
        {
            return _history.Describe(_context.Clock.Monotonic());
        }
    }

    /// <summary>Requests the counters at once if their values are unknown. Returns null if they are known.</summary>
    /// <returns>A task that completes when the counters were read, or could not be read.</returns>
    public Task? ReadSoon()
    {
        Task lifeRead;
        lock (_lock)
        {
            if (_ledger.IsKnown)
            {
                return null;
            }

            _auditor.AuditNow();
            lifeRead = _lifeRead.Task;
        }

        Due.Set();
        return lifeRead;
    }

    /// <summary>Applies an announcement.</summary>
    public void Receive(Announcement announcement)
    {
        AuditEffect effect = default;
        lock (_lock)
        {
            if (_context.HasCounters)
            {
                var now = _context.Clock.Now();
                if (_ledger.Receive(announcement, _context.Invalidator) && announcement.Versions is [var newest, ..])
                {
                    _history.Add(now.Monotonic, LedgerEvent.Announced, newest.N, KeyHash.Of(announcement.Key.Span).Value);
                    foreach (var version in announcement.Versions)
                    {
                        _heard.Heard(version.N, now.Monotonic, HeardBy.Announcement);
                    }
                }

                _ledger.Settle(now);
            }
            else
            {
                effect = _ledger.ReceiveUncounted(announcement, _context.Invalidator);
                _context.Fills?.Heard(announcement, _context.Clock.Monotonic());
            }
        }

        Report(effect);
    }

    /// <summary>Voids all near entries of the server.</summary>
    public void Void(FlushReason reason)
    {
        AuditEffect effect;
        lock (_lock)
        {
            effect = _ledger.RaiseAll(reason);
        }

        if (reason is FlushReason.AnnouncementsMissed or FlushReason.ConfirmedLate)
        {
            _context.Fills?.Heard(ulong.MaxValue, _context.Clock.Monotonic());
        }

        Report(effect);
    }

    /// <summary>
    /// Voids all near entries of the server, and closes its gate. It stays closed while the name is in conflict; see
    /// <see cref="CoherenceContext.Identities"/>, which already says so when this is called.
    /// </summary>
    public void Close()
    {
        AuditEffect effect;
        lock (_lock)
        {
            effect = _ledger.Close(FlushReason.IdentityConflict);
        }

        Report(effect);
    }

    /// <summary>
    /// Voids all near entries of the server, and blocks fills for a lease: nothing was confirmed for long. Only if the remote has no
    /// counters.
    /// </summary>
    public void ConfirmedLate()
    {
        Void(FlushReason.ConfirmedLate);
        _countersLost();
    }

    /// <summary>Applies the replies to a mutation and its increments. The key is void here when this returns.</summary>
    /// <param name="segment">The segment of the key.</param>
    /// <param name="key">The name of the key.</param>
    /// <param name="m">The reply to the increment of the segment; null if it was not counted.</param>
    /// <param name="n">The reply to the increment of the total; null if it was not counted.</param>
    public void Answered(int segment, ReadOnlyMemory<byte> key, long? m, long? n)
    {
        AuditEffect effect;
        lock (_lock)
        {
            _context.Invalidator.Invalidate(key.Span, new(InvalidationCause.Written, _context.Writer));
            var wasKnown = _ledger.IsKnown;
            effect = _ledger.MutationAnswered(segment, answered: true, m, n);
            UpdateLife(wasKnown);
            var now = _context.Clock.Now();
            _history.Add(now.Monotonic, LedgerEvent.Written, n ?? 0, KeyHash.Of(key.Span).Value);
            if (n is { } number && _context.IsShared)
            {
                _heard.Heard(number, now.Monotonic, HeardBy.Own);
            }

            _ledger.Settle(now);
        }

        Report(effect);
    }

    /// <summary>Records an owed bump for a mutation or increments without a reply. The key is void here when this returns.</summary>
    public void Unanswered(int segment, ReadOnlyMemory<byte> key)
    {
        lock (_lock)
        {
            _context.Invalidator.Invalidate(key.Span, new(InvalidationCause.Written, _context.Writer));
            _ledger.MutationAnswered(segment, answered: false, m: null, n: null);
        }
    }

    /// <summary>Notes the state before an audit; see <see cref="ServerLedger{TProtocol}.SendingAudit"/>.</summary>
    public PendingRead SendingAudit(int segment)
    {
        lock (_lock)
        {
            return _ledger.SendingAudit(_context.Clock.Now(), segment);
        }
    }

    /// <summary>Applies the reply to an audit on a connection; see <see cref="ServerLedger{TProtocol}.AuditAnswered"/>.</summary>
    /// <remarks>An identity that is null is unknown, and means nothing.</remarks>
    public void AuditAnswered(
        in PendingRead sent,
        long? total,
        long? segment,
        bool rulesMatch,
        in Timestamps now,
        long connection,
        string? identity = null)
    {
        var effect = Read(sent, total, segment, rulesMatch, now, connection, identity);
        _context.Metrics.AuditEnded(effect.Confirmed ? "confirmed" : "waiting");
        Report(effect);
    }

    /// <summary>
    /// Applies counters that were read only to learn to which life of the server a connection leads. Confirms nothing.
    /// </summary>
    public void LifeRead(in PendingRead sent, long? total, long? segment, in Timestamps now, long connection, string? identity = null) =>
        Report(Read(sent, total, segment, rulesMatch: false, now, connection, identity));

    /// <summary>Notes the state before a flush; see <see cref="ServerLedger{TProtocol}.SendingFlush"/>.</summary>
    public PendingRead SendingFlush()
    {
        lock (_lock)
        {
            return _ledger.SendingFlush(_context.Clock.Now());
        }
    }

    /// <summary>Applies the reply to a flush; see <see cref="ServerLedger{TProtocol}.Flushed"/>.</summary>
    public void Flushed(
        in PendingRead sent,
        long? total,
        ReadOnlySpan<long?> segments,
        bool rulesMatch,
        FlushReason reason,
        in Timestamps now,
        long connection,
        string? identity = null)
    {
        AuditEffect effect;
        lock (_lock)
        {
            var wasKnown = _ledger.IsKnown;
            effect = IsChanged(sent, identity)
                ? _ledger.Lose(FlushReason.IdentityChanged)
                : _ledger.Flushed(sent, total, segments, rulesMatch && MayConfirm(), reason, now);
            _history.Add(now.Monotonic, _ledger.IsKnown ? LedgerEvent.Flushed : LedgerEvent.Lost, total ?? 0, effect.Raised);
            UpdateLife(wasKnown, connection);
            ReadOn(connection, sent);
        }

        _context.Metrics.AuditEnded("flushed");
        Report(effect);
    }

    /// <summary>Applies log records.</summary>
    /// <param name="records">The records that were found, with the numbers of their mutations.</param>
    /// <param name="allFound">Whether all requested records were found.</param>
    public void LogsRead(IEnumerable<(long N, LogRecord Record)> records, bool allFound)
    {
        lock (_lock)
        {
            var now = _context.Clock.Now();
            foreach (var (n, record) in records)
            {
                _heard.Heard(n, now.Monotonic, HeardBy.LogRecord);
                _ledger.Receive(n, record, _context.Invalidator);
                _history.Add(now.Monotonic, LedgerEvent.LogRead, n, KeyHash.Of(record.Key.Span).Value);
            }

            if (_ledger.Settle(now))
            {
                _history.Add(now.Monotonic, LedgerEvent.Confirmed, _ledger.Counters.Total.Known);
            }

            _auditor.LogsRead(now, allFound);
        }
    }

    /// <summary>Returns when the process heard of a write; null if it has not, or has forgotten.</summary>
    public HeardWrite? Heard(long n)
    {
        lock (_lock)
        {
            return _heard.Find(n);
        }
    }

    /// <summary>Records that the counters exist.</summary>
    public void CountersCreated()
    {
        lock (_lock)
        {
            _ledger.CountersCreated();
        }
    }

    /// <summary>Returns how often an owed bump of a segment was recorded; see <see cref="OwedBumps.Owed"/>.</summary>
    public int Owed(int segment)
    {
        lock (_lock)
        {
            return _ledger.OwedBumps.Owed(segment);
        }
    }

    /// <summary>Records that an owed bump was sent; see <see cref="ServerLedger{TProtocol}.OwedBumpSent"/>.</summary>
    public void OwedBumpSent(int segment, int owed, long? m, long? n)
    {
        AuditEffect effect;
        lock (_lock)
        {
            var wasKnown = _ledger.IsKnown;
            effect = _ledger.OwedBumpSent(segment, owed, m, n);
            UpdateLife(wasKnown);
            _ledger.Settle(_context.Clock.Now());
        }

        Report(effect);
    }

    private AuditEffect Read(
        in PendingRead sent,
        long? total,
        long? segment,
        bool rulesMatch,
        in Timestamps now,
        long connection,
        string? identity)
    {
        lock (_lock)
        {
            var wasKnown = _ledger.IsKnown;
            var effect = IsChanged(sent, identity)
                ? _ledger.Lose(FlushReason.IdentityChanged)
                : _ledger.AuditAnswered(sent, total, segment, rulesMatch && MayConfirm(), now);
            _history.Add(
                now.Monotonic,
                !_ledger.IsKnown ? LedgerEvent.Lost : effect.Confirmed ? LedgerEvent.Confirmed : LedgerEvent.Audited,
                total ?? 0);
            if (total is { } shown)
            {
                _heard.Shown(shown, sent.Sent.Monotonic);
            }

            UpdateLife(wasKnown, connection);
            ReadOn(connection, sent);
            return effect;
        }
    }

    // Requires _lock.
    private bool MayConfirm() => _context.Identities.MayConfirm(Gate.Identity);

    // Requires _lock. Counters that continue by accident belong to another server, if the identity is another.
    private bool IsChanged(in PendingRead sent, string? identity)
    {
        if (identity is null || sent.Life != _ledger.Life)
        {
            return false;
        }

        var isChanged = _ledger.IsKnown && _identity is not null && _identity != identity;
        _identity = identity;
        return isChanged;
    }

    // Requires _lock. While the counters are unknown, a CAS value belongs to the life that follows, unless the server may restart again
    // before they are known.
    private void UpdateLife(bool wasKnown, long? connection = null)
    {
        if (wasKnown && !_ledger.IsKnown)
        {
            BeginLife();
            (_first, _mayHaveRestarted) = (connection, connection is null);
        }
        else if (!wasKnown && connection is not null)
        {
            _first ??= connection;
            _mayHaveRestarted |= _first != connection;
            if (_ledger.IsKnown && _mayHaveRestarted)
            {
                BeginLife();
            }
        }
    }

    // Requires _lock.
    private void ReadOn(long connection, in PendingRead sent)
    {
        if (_ledger.IsKnown && sent.Life == _ledger.Life)
        {
            if (_connections.Count >= MaxConnections)
            {
                _connections.Clear();
            }

            _connections.Add(connection);
            SignalLifeRead();
        }
    }

    // Requires _lock.
    private void BeginLife()
    {
        Epoch = _context.Epochs.NextLife();
        _connections.Clear();
    }

    // Requires _lock.
    private void SignalLifeRead()
    {
        if (!_hasEnded)
        {
            _lifeRead.TrySetResult();
            _lifeRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private void Report(AuditEffect effect)
    {
        var wasConfirmed = _wasConfirmed;
        _wasConfirmed = Gate.Confirmed != Timestamps.Never;
        if (effect.Raised == 0)
        {
            return;
        }

        var reason = effect.Reason.ToString();
        _context.Metrics.SegmentsFlushed(effect.RaisedCount, reason);
        if (wasConfirmed)
        {
            _context.Invalidator.Flushed(Gate.Identity);
        }

        if (effect.CountersLost)
        {
            _countersLost();
            Due.Set();
        }

        if (effect.Raised == ulong.MaxValue)
        {
            // A server that was never confirmed had no near entries to lose.
            if (wasConfirmed && effect.Reason != FlushReason.FirstAudit)
            {
                _context.Logger.ServerFlushed(Gate.Identity, reason);
            }
            else if (effect.Reason == FlushReason.CountersAbsent && !_loggedCreation)
            {
                _loggedCreation = true;
                _context.Logger.CountersMade(Gate.Identity);
            }

            return;
        }

        // If announcements do not arrive, every audit flushes some segments.
        var flushed = Interlocked.Add(ref _flushed, effect.RaisedCount);
        if (_flushLog.ShouldLog(_context.Clock.Monotonic()))
        {
            Interlocked.Add(ref _flushed, -flushed);
            _context.Logger.SegmentFlushed(BitOperations.TrailingZeroCount(effect.Raised), Gate.Identity, reason, flushed);
        }
    }
}

/// <summary>Which mutations of a server are explained at one instant.</summary>
/// <param name="Life">The life of the counters.</param>
/// <param name="Explained">The highest explained mutation: none above it is explained.</param>
internal readonly record struct LedgerPosition(long Life, long Explained);
