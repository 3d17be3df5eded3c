using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Loops;

namespace NearCache.Coherence.Driver;

/// <summary>Owns the ledger and the auditor of one server: each event is told in one piece, from voiding keys until the ledger is settled, and what it flushed is said.</summary>
internal sealed class LedgerOwner
{
    private readonly Lock _lock = new();   // guards the ledger and the auditor, from voiding keys until Settle
    private readonly CoherenceContext _context;
    private readonly ServerLedger<AsDesigned> _ledger;
    private readonly ServerAuditor<AsDesigned> _auditor;
    private readonly Action _countersLost;

    /// <param name="server">The server's name.</param>
    /// <param name="context">What the servers have in common.</param>
    /// <param name="countersLost">Called when the server has lost its items, without the lock.</param>
    public LedgerOwner(string server, CoherenceContext context, Action countersLost)
    {
        _context = context;
        _countersLost = countersLost;
        Due = new Wake(context.Time);
        Gate = new ServerCoherence(server, context.Epochs);
        _ledger = new ServerLedger<AsDesigned>(Gate);
        _auditor = new ServerAuditor<AsDesigned>(_ledger, context.AuditPeriod, new Random());
        Epoch = context.Epochs.NextLife();
    }

    /// <summary>What near entries of the server are served by.</summary>
    public ServerCoherence Gate { get; }

    /// <summary>Changes when the server has lost its items. No two servers ever have the same.</summary>
    public int Epoch { get; private set; }

    /// <summary>Called when <see cref="Next"/> may have another answer.</summary>
    public Wake Due { get; }

    /// <summary>What to ask the server next.</summary>
    public Step Next()
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
        }
    }

    /// <summary>News from a slot.</summary>
    public void Hear(Announcement announcement)
    {
        AuditEffect effect = default;
        lock (_lock)
        {
            if (_context.HasCounters)
            {
                _ledger.Hear(announcement, _context.Forget);
                _ledger.Settle(_context.Clock.Now());
            }
            else
            {
                effect = _ledger.HearUncounted(announcement, _context.Forget);
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
            _context.Forget.Forget(key.Span);
            effect = _ledger.MutationAnswered(segment, answered: true, m, n);
            _ledger.Settle(_context.Clock.Now());
        }

        Report(effect);
    }

    /// <summary>A mutation was not answered, or not its bumps: they are owed, and the key is void here when this returns.</summary>
    public void Unanswered(int segment, ReadOnlyMemory<byte> key)
    {
        lock (_lock)
        {
            _context.Forget.Forget(key.Span);
            _ledger.MutationAnswered(segment, answered: false, m: null, n: null);
        }
    }

    /// <summary>An audit is about to be sent; see <see cref="ServerLedger{TDesign}.SendingAudit"/>.</summary>
    public SentRead SendingAudit(int segment)
    {
        lock (_lock)
        {
            return _ledger.SendingAudit(_context.Clock.Now(), segment);
        }
    }

    /// <summary>An audit was answered; see <see cref="ServerLedger{TDesign}.AuditAnswered"/>.</summary>
    public void AuditAnswered(in SentRead sent, long? total, long? segment, bool rulesMatch, in Moment now)
    {
        AuditEffect effect;
        lock (_lock)
        {
            effect = _ledger.AuditAnswered(sent, total, segment, rulesMatch, now);
        }

        _context.Metrics.AuditEnded(effect.Confirmed ? "confirmed" : "waiting");
        Report(effect);
    }

    /// <summary>A flush is about to be sent; see <see cref="ServerLedger{TDesign}.SendingFlush"/>.</summary>
    public SentRead SendingFlush()
    {
        lock (_lock)
        {
            return _ledger.SendingFlush(_context.Clock.Now());
        }
    }

    /// <summary>A flush was answered; see <see cref="ServerLedger{TDesign}.Flushed"/>.</summary>
    public void Flushed(in SentRead sent, long? total, ReadOnlySpan<long?> segments, bool rulesMatch, FlushReason reason, in Moment now)
    {
        AuditEffect effect;
        lock (_lock)
        {
            effect = _ledger.Flushed(sent, total, segments, rulesMatch, reason, now);
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
                _ledger.Hear(n, record, _context.Forget);
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

    /// <summary>How often a segment fell into debt; see <see cref="Debts.Owed"/>.</summary>
    public int Owed(int segment)
    {
        lock (_lock)
        {
            return _ledger.Debts.Owed(segment);
        }
    }

    /// <summary>A debt was paid; see <see cref="ServerLedger{TDesign}.DebtPaid"/>.</summary>
    public void DebtPaid(int segment, int owed, long? m, long? n)
    {
        AuditEffect effect;
        lock (_lock)
        {
            effect = _ledger.DebtPaid(segment, owed, m, n);
            _ledger.Settle(_context.Clock.Now());
        }

        Report(effect);
    }

    private void Report(AuditEffect effect)
    {
        if (effect.Raised == 0)
        {
            return;
        }

        var reason = effect.Reason.ToString();
        _context.Metrics.SegmentsFlushed(effect.RaisedCount, reason);
        if (effect.CountersLost)
        {
            Epoch = _context.Epochs.NextLife();
            _countersLost();
            Due.Call();
        }

        if (effect.Raised == ulong.MaxValue)
        {
            // A server that was never confirmed had no near entries to lose.
            if (effect.Reason != FlushReason.FirstAudit && Gate.Confirmed != Moment.Never)
            {
                _context.Logger.ServerFlushed(Gate.Identity, reason);
            }

            return;
        }

        for (var segment = 0; segment < KeyHash.Segments; segment++)
        {
            if ((effect.Raised >> segment & 1) != 0)
            {
                _context.Logger.SegmentFlushed(segment, Gate.Identity, reason);
            }
        }
    }
}
