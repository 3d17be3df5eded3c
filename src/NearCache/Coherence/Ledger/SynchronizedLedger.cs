using System.Numerics;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Diagnostics;
using NearCache.Loops;

namespace NearCache.Coherence.Ledger;

/// <summary>
/// Owns the ledger and the auditor of one server: each event is told in one piece, from voiding keys until the ledger is settled, and what
/// it flushed is said.
/// </summary>
internal sealed class SynchronizedLedger
{
    // More connections than a process has to one server: what is forgotten is read again.
    private const int MostConnections = 64;

    private const long SayFlushedEvery = 60_000;

    private readonly Lock _lock = new();   // guards the ledger and the auditor, from voiding keys until Settle
    private readonly CoherenceContext _context;
    private readonly ServerLedger<CoherenceProtocol> _ledger;
    private readonly ServerAuditor<CoherenceProtocol> _auditor;
    private readonly Action _countersLost;
    private readonly Seldom _sayFlushed = new(SayFlushedEvery);
    private readonly HashSet<long> _connections = [];   // those on which the counters of the present life were read
    private TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _hasEnded;
    private long _flushed;            // segments since that was last said
    private bool _wasConfirmed;       // when it last reported
    private bool _saidMade;           // that the counters were made
    private long? _first;             // while the counters are not known: the connection of the first answer,
    private bool _mayHaveRestarted;   // and whether the server may have restarted since

    /// <param name="server">The server's name.</param>
    /// <param name="context">What the servers have in common.</param>
    /// <param name="countersLost">Called when the server has lost its items, without the lock.</param>
    public SynchronizedLedger(string server, CoherenceContext context, Action countersLost)
    {
        _context = context;
        _countersLost = countersLost;
        Due = new Wake(context.Time);
        Gate = new ServerGate(server, context.Epochs);
        _ledger = new ServerLedger<CoherenceProtocol>(Gate);
        _auditor = new ServerAuditor<CoherenceProtocol>(_ledger, context.AuditPeriod, new Random());
        Epoch = context.Epochs.NextLife();
    }

    /// <summary>What near entries of the server are served by.</summary>
    public ServerGate Gate { get; }

    /// <summary>The life of the server's contents: changes when the server has lost its items. No two servers ever have the same.</summary>
    public int Epoch { get; private set; }

    /// <summary>Called when <see cref="Next"/> may have another answer.</summary>
    public Wake Due { get; }

    /// <summary>What to ask the server next.</summary>
    public AuditStep Next()
    {
        lock (_lock)
        {
            _auditor.Period = _context.Confirmation?.Period ?? _context.AuditPeriod;
            return _auditor.Next(_context.Clock.Now(), _context.Patience());
        }
    }

    /// <summary>It could not be asked.</summary>
    public void Failed()
    {
        lock (_lock)
        {
            _auditor.Failed(_context.Clock.Now());
            _mayHaveRestarted = true;
            Looked();
        }
    }

    /// <summary>Nothing is asked any more.</summary>
    public void End()
    {
        lock (_lock)
        {
            _hasEnded = true;
            _looked.TrySetResult();
        }
    }

    /// <summary>Whether the counters of this life were read on this connection.</summary>
    public bool WasRead(long connection, int life)
    {
        lock (_lock)
        {
            return Epoch == life && _connections.Contains(connection);
        }
    }

    /// <summary>Has the counters read without delay if it is not known where they stand. Null: it is known.</summary>
    /// <returns>Completes when they were read, or could not be.</returns>
    public Task? ReadSoon()
    {
        Task looked;
        lock (_lock)
        {
            if (_ledger.IsKnown)
            {
                return null;
            }

            _auditor.Hurry();
            looked = _looked.Task;
        }

        Due.Call();
        return looked;
    }

    /// <summary>News from a slot.</summary>
    public void Hear(Announcement announcement)
    {
        AuditEffect effect = default;
        lock (_lock)
        {
            if (_context.HasCounters)
            {
                _ledger.Hear(announcement, _context.Invalidator);
                _ledger.Settle(_context.Clock.Now());
            }
            else
            {
                effect = _ledger.HearUncounted(announcement, _context.Invalidator);
            }
        }

        Report(effect);
    }

    /// <summary>All near entries of the server are gone.</summary>
    public void Void(FlushReason reason)
    {
        AuditEffect effect;
        lock (_lock)
        {
            effect = _ledger.RaiseAll(reason);
        }

        Report(effect);
    }

    /// <summary>
    /// Nothing was confirmed for long, where nothing is counted: all near entries of the server are gone, and nothing is filled for a
    /// lease.
    /// </summary>
    public void ConfirmedLate()
    {
        Void(FlushReason.ConfirmedLate);
        _countersLost();
    }

    /// <summary>A mutation and its bumps were answered: the key is void here when this returns.</summary>
    /// <param name="segment">The segment of the key.</param>
    /// <param name="key">The key's name.</param>
    /// <param name="m">The answer to the bump of the segment; null: it was not counted.</param>
    /// <param name="n">The answer to the bump of the total; null: it was not counted.</param>
    public void Answered(int segment, ReadOnlyMemory<byte> key, long? m, long? n)
    {
        AuditEffect effect;
        lock (_lock)
        {
            _context.Invalidator.Invalidate(key.Span);
            var wasKnown = _ledger.IsKnown;
            effect = _ledger.MutationAnswered(segment, answered: true, m, n);
            Learn(wasKnown);
            _ledger.Settle(_context.Clock.Now());
        }

        Report(effect);
    }

    /// <summary>A mutation was not answered, or not its bumps: they are owed, and the key is void here when this returns.</summary>
    public void Unanswered(int segment, ReadOnlyMemory<byte> key)
    {
        lock (_lock)
        {
            _context.Invalidator.Invalidate(key.Span);
            _ledger.MutationAnswered(segment, answered: false, m: null, n: null);
        }
    }

    /// <summary>An audit is about to be sent; see <see cref="ServerLedger{TProtocol}.SendingAudit"/>.</summary>
    public PendingRead SendingAudit(int segment)
    {
        lock (_lock)
        {
            return _ledger.SendingAudit(_context.Clock.Now(), segment);
        }
    }

    /// <summary>An audit was answered on a connection; see <see cref="ServerLedger{TProtocol}.AuditAnswered"/>.</summary>
    public void AuditAnswered(in PendingRead sent, long? total, long? segment, bool rulesMatch, in Timestamps now, long connection)
    {
        var effect = Read(sent, total, segment, rulesMatch, now, connection);
        _context.Metrics.AuditEnded(effect.Confirmed ? "confirmed" : "waiting");
        Report(effect);
    }

    /// <summary>The counters were read on a connection, only to learn which life of the server it leads to: nothing is confirmed.</summary>
    public void LifeRead(in PendingRead sent, long? total, long? segment, in Timestamps now, long connection) =>
        Report(Read(sent, total, segment, rulesMatch: false, now, connection));

    /// <summary>A flush is about to be sent; see <see cref="ServerLedger{TProtocol}.SendingFlush"/>.</summary>
    public PendingRead SendingFlush()
    {
        lock (_lock)
        {
            return _ledger.SendingFlush(_context.Clock.Now());
        }
    }

    /// <summary>A flush was answered; see <see cref="ServerLedger{TProtocol}.Flushed"/>.</summary>
    public void Flushed(
        in PendingRead sent, long? total, ReadOnlySpan<long?> segments, bool rulesMatch, FlushReason reason, in Timestamps now, long connection)
    {
        AuditEffect effect;
        lock (_lock)
        {
            var wasKnown = _ledger.IsKnown;
            effect = _ledger.Flushed(sent, total, segments, rulesMatch, reason, now);
            Learn(wasKnown, connection);
            ReadOn(connection, sent);
        }

        _context.Metrics.AuditEnded("flushed");
        Report(effect);
    }

    /// <summary>The log was read.</summary>
    /// <param name="records">Each record that was there, and which mutation it is of.</param>
    /// <param name="allFound">Was each there that was asked for?</param>
    public void LogsRead(IEnumerable<(long N, LogRecord Record)> records, bool allFound)
    {
        lock (_lock)
        {
            foreach (var (n, record) in records)
            {
                _ledger.Hear(n, record, _context.Invalidator);
            }

            var now = _context.Clock.Now();
            _ledger.Settle(now);
            _auditor.LogsRead(now, allFound);
        }
    }

    /// <summary>The counters were created, or are there.</summary>
    public void CountersCreated()
    {
        lock (_lock)
        {
            _ledger.CountersCreated();
        }
    }

    /// <summary>How often a segment fell into debt; see <see cref="OwedBumps.Owed"/>.</summary>
    public int Owed(int segment)
    {
        lock (_lock)
        {
            return _ledger.OwedBumps.Owed(segment);
        }
    }

    /// <summary>A debt was paid; see <see cref="ServerLedger{TProtocol}.DebtPaid"/>.</summary>
    public void DebtPaid(int segment, int owed, long? m, long? n)
    {
        AuditEffect effect;
        lock (_lock)
        {
            var wasKnown = _ledger.IsKnown;
            effect = _ledger.DebtPaid(segment, owed, m, n);
            Learn(wasKnown);
            _ledger.Settle(_context.Clock.Now());
        }

        Report(effect);
    }

    private AuditEffect Read(in PendingRead sent, long? total, long? segment, bool rulesMatch, in Timestamps now, long connection)
    {
        lock (_lock)
        {
            var wasKnown = _ledger.IsKnown;
            var effect = _ledger.AuditAnswered(sent, total, segment, rulesMatch, now);
            Learn(wasKnown, connection);
            ReadOn(connection, sent);
            return effect;
        }
    }

    // Requires _lock. While the counters are not known, a CAS that is read is of the life that follows, unless the server may restart once
    // more before they are.
    private void Learn(bool wasKnown, long? connection = null)
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
            if (_connections.Count >= MostConnections)
            {
                _connections.Clear();
            }

            _connections.Add(connection);
            Looked();
        }
    }

    // Requires _lock.
    private void BeginLife()
    {
        Epoch = _context.Epochs.NextLife();
        _connections.Clear();
    }

    // Requires _lock.
    private void Looked()
    {
        if (!_hasEnded)
        {
            _looked.TrySetResult();
            _looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
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
        if (effect.CountersLost)
        {
            _countersLost();
            Due.Call();
        }

        if (effect.Raised == ulong.MaxValue)
        {
            // A server that was never confirmed before had no near entries to lose.
            if (wasConfirmed && effect.Reason != FlushReason.FirstAudit)
            {
                _context.Logger.ServerFlushed(Gate.Identity, reason);
            }
            else if (effect.Reason == FlushReason.CountersAbsent && !_saidMade)
            {
                _saidMade = true;
                _context.Logger.CountersMade(Gate.Identity);
            }

            return;
        }

        // Where announcements do not get through, every audit flushes some.
        var flushed = Interlocked.Add(ref _flushed, effect.RaisedCount);
        if (_sayFlushed.IsDue(_context.Clock.Monotonic()))
        {
            Interlocked.Add(ref _flushed, -flushed);
            _context.Logger.SegmentFlushed(BitOperations.TrailingZeroCount(effect.Raised), Gate.Identity, reason, flushed);
        }
    }
}
