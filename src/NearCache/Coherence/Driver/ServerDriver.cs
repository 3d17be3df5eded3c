using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Rules;

namespace NearCache.Coherence.Driver;

/// <summary>Keeps one server's ledger: does what its auditor decides, and tells it what mutations, slots and logs say.</summary>
internal sealed class ServerDriver : IAsyncDisposable
{
    private readonly Lock _lock = new();   // guards the ledger and the auditor, from voiding keys until Settle
    private readonly CoherenceContext _context;
    private readonly ServerAuditor<AsDesigned> _auditor;
    private readonly AuditCommands _commands;
    private readonly OwnedLoop _loop;
    private readonly Wake _wake;
    private readonly LogWriter _log;
    private bool _wasOpen;
    private long _gateWatchedAt;

    public ServerDriver(IRemoteServer server, CoherenceContext context)
    {
        Server = server;
        _context = context;
        _commands = new AuditCommands(context.Names);
        _wake = new Wake(context.Time);
        _loop = new OwnedLoop(context.Logger, $"audits of {server.Name}");
        _log = new LogWriter(server, context.Names, context.Time, context.Metrics);
        Ledger = new ServerCoherence(server.Name, context.Epochs);
        _auditor = new ServerAuditor<AsDesigned>(Ledger, context.AuditPeriod, new Random());
        Epoch = context.Epochs.NextLife();
    }

    public IRemoteServer Server { get; }

    /// <summary>What near hits compare.</summary>
    public ServerCoherence Ledger { get; }

    /// <summary>The rules on it. Set before it is started.</summary>
    public ServerRules Rules { get; set; } = null!;

    /// <summary>Changes when the server has lost its items, so that a CAS of before means nothing any more. No two servers ever have the same.</summary>
    public int Epoch { get; private set; }

    /// <summary>Begins to audit. An embedded server answers before this returns.</summary>
    public void Start()
    {
        _gateWatchedAt = _context.Clock.Monotonic();
        _loop.Start(NextAsync);
    }

    /// <summary>Sends a mutation and its bumps in one write, and completes when all have answered and the key is void here.</summary>
    /// <param name="mutation">The mutation.</param>
    /// <param name="hash">The key's hash.</param>
    /// <param name="key">The key's name.</param>
    /// <param name="rule">The rule that covers it here; null: none does. Only with one that is on is the write announced.</param>
    /// <returns>The answer to the mutation.</returns>
    /// <exception cref="MemcachedException">It failed; if it may have been done, its bumps are owed now and will be made up for.</exception>
    public async Task<MetaResponse> MutateAsync(MetaCommand mutation, KeyHash hash, ReadOnlyMemory<byte> key, ActiveRule? rule)
    {
        RemoteReply reply;
        try
        {
            reply = await Server.ExecuteAsync(_commands.Mutation(mutation, hash.Segment)).ConfigureAwait(false);
        }
        catch (MemcachedException e) when (e.OutcomeUnknown)
        {
            Silence(hash.Segment, key);
            throw;
        }

        Answered(hash.Segment, key, rule, AuditCommands.Counter(reply.Responses[1]), AuditCommands.Counter(reply.Responses[2]));
        return reply.Responses[0];
    }

    /// <summary>Counts a mutation that was sent without its bumps, because its key matched a rule only afterwards.</summary>
    /// <exception cref="MemcachedException">It failed; the bumps are owed now and will be made up for.</exception>
    public async Task BumpAsync(KeyHash hash, ReadOnlyMemory<byte> key, ActiveRule? rule)
    {
        RemoteReply reply;
        try
        {
            reply = await Server.ExecuteAsync(_commands.Bumps(hash.Segment)).ConfigureAwait(false);
        }
        catch (MemcachedException)
        {
            Silence(hash.Segment, key);
            throw;
        }

        Answered(hash.Segment, key, rule, AuditCommands.Counter(reply.Responses[0]), AuditCommands.Counter(reply.Responses[1]));
    }

    /// <summary>A mutation was sent without its bumps and not answered: they are owed.</summary>
    public void Owe(KeyHash hash, ReadOnlyMemory<byte> key) => Silence(hash.Segment, key);

    /// <summary>News from a slot.</summary>
    public void Hear(Announcement announcement)
    {
        AuditEffect effect = default;
        lock (_lock)
        {
            if (_context.HasCounters)
            {
                Ledger.Hear(announcement, _context.Forget);
                Ledger.Settle(_context.Clock.Now());
            }
            else
            {
                effect = Ledger.HearUncounted(announcement, _context.Forget);
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
            effect = Ledger.RaiseAll(reason);
        }

        Report(effect);
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task NextAsync(CancellationToken stopping)
    {
        Step step;
        lock (_lock)
        {
            _auditor.Period = _context.Confirmation?.Period ?? _context.AuditPeriod;
            step = _auditor.Next(_context.Clock.Now(), _context.Patience());
        }

        await DoAsync(step, stopping).ConfigureAwait(false);
        WatchGate();
    }

    private async Task DoAsync(Step step, CancellationToken stopping)
    {
        if (step.Kind == StepKind.Wait)
        {
            await _wake.WaitAsync(step.Until - _context.Clock.Monotonic(), stopping).ConfigureAwait(false);
            return;
        }

        try
        {
            await (step.Kind switch
            {
                StepKind.Audit => AuditAsync(step.Segment),
                StepKind.Flush => FlushAsync(step.Reason),
                StepKind.ReadLogs => ReadLogsAsync(step.Logs!),
                StepKind.CreateCounters => CreateAsync(),
                StepKind.PayDebts => PayAsync(step.Segments),
                _ => throw new InvalidOperationException($"No such step: {step.Kind}."),
            }).ConfigureAwait(false);
        }
        catch (MemcachedException e)
        {
            _context.Logger.AuditFailed(e, Server.Name);
            _context.Metrics.AuditEnded("failed");
            lock (_lock)
            {
                _auditor.Failed(_context.Clock.Now());
            }
        }
    }

    private async Task AuditAsync(int segment)
    {
        SentRead sent;
        lock (_lock)
        {
            sent = Ledger.SendingAudit(_context.Clock.Now(), segment);
        }

        if (!await IsConfirmedAsync().ConfigureAwait(false))
        {
            return;
        }

        var reply = await Server.ExecuteAsync(_commands.Audit(segment)).ConfigureAwait(false);
        var now = _context.Clock.Now();
        var rules = _context.Rules.Observe(this, reply.Responses[AuditCommands.RulesAt], sent.Sent, now);
        AuditEffect effect;
        lock (_lock)
        {
            effect = Ledger.AuditAnswered(sent, AuditCommands.Total(reply), AuditCommands.Segment(reply), rules, now);
        }

        _context.Metrics.AuditEnded(effect.Confirmed ? "confirmed" : "waiting");
        Report(effect);
    }

    private async Task FlushAsync(FlushReason reason)
    {
        SentRead sent;
        lock (_lock)
        {
            sent = Ledger.SendingFlush(_context.Clock.Now());
        }

        if (!await IsConfirmedAsync().ConfigureAwait(false))
        {
            return;
        }

        var reply = await Server.ExecuteAsync(_commands.Flush()).ConfigureAwait(false);
        var now = _context.Clock.Now();
        var rules = _context.Rules.Observe(this, reply.Responses[AuditCommands.RulesAt], sent.Sent, now);
        AuditEffect effect;
        lock (_lock)
        {
            effect = Ledger.Flushed(sent, AuditCommands.Total(reply), AuditCommands.Segments(reply), rules, reason, now);
        }

        _context.Metrics.AuditEnded("flushed");
        Report(effect);
    }

    // Everything that was announced before this was called is void here when it returns true.
    private async ValueTask<bool> IsConfirmedAsync()
    {
        if (_context.Confirmation is not { } confirmation || await confirmation.ConfirmAsync(_loop.Stopping).ConfigureAwait(false))
        {
            return true;
        }

        _context.Metrics.AuditEnded("failed");
        lock (_lock)
        {
            _auditor.Failed(_context.Clock.Now());
        }

        return false;
    }

    private async Task ReadLogsAsync(IReadOnlyList<long> totals)
    {
        var reply = await Server.ExecuteAsync(_commands.Logs(totals)).ConfigureAwait(false);
        lock (_lock)
        {
            var found = 0;
            for (var i = 0; i < totals.Count; i++)
            {
                if (reply.Responses[i].Status == MetaStatus.Ok && LogRecord.TryDecode(reply.Responses[i].Value.Span, out var record))
                {
                    found++;
                    Ledger.Hear(totals[i], record, _context.Forget);
                }
            }

            var now = _context.Clock.Now();
            Ledger.Settle(now);
            _auditor.LogsRead(now, allFound: found == totals.Count);
        }
    }

    private async Task CreateAsync()
    {
        await Server.ExecuteAsync(_commands.Create()).ConfigureAwait(false);
        lock (_lock)
        {
            Ledger.CountersCreated();
        }
    }

    private async Task PayAsync(ulong segments)
    {
        for (var segment = 0; segment < KeyHash.Segments; segment++)
        {
            if ((segments >> segment & 1) == 0)
            {
                continue;
            }

            int owed;
            lock (_lock)
            {
                owed = Ledger.Debts.Owed(segment);
            }

            var reply = await Server.ExecuteAsync(_commands.Bumps(segment)).ConfigureAwait(false);
            AuditEffect effect;
            lock (_lock)
            {
                effect = Ledger.DebtPaid(segment, owed, AuditCommands.Counter(reply.Responses[0]), AuditCommands.Counter(reply.Responses[1]));
                Ledger.Settle(_context.Clock.Now());
            }

            Report(effect);
        }
    }

    private void Silence(int segment, ReadOnlyMemory<byte> key)
    {
        lock (_lock)
        {
            _context.Forget.Forget(key.Span);
            Ledger.MutationAnswered(segment, answered: false, m: null, n: null);
        }

        if (!_context.HasCounters)
        {
            _context.Announcer.Announce(Ledger.IdentityHash, segment, key, version: null);
        }

        _context.Logger.DebtLeft(Server.Name, segment);
        _wake.Call();
    }

    private void Answered(int segment, ReadOnlyMemory<byte> key, ActiveRule? rule, long? m, long? n)
    {
        AuditEffect effect;
        lock (_lock)
        {
            _context.Forget.Forget(key.Span);
            effect = Ledger.MutationAnswered(segment, answered: true, m, n);
            Ledger.Settle(_context.Clock.Now());
        }

        Report(effect);
        if (m is { } ofSegment && n is { } ofServer)
        {
            if (!_context.IsShared)
            {
                return;
            }

            if (!_context.HasCounters)
            {
                // Nobody else can find out: also what is counted only because the rules are not known for certain.
                rule?.Counters.Announced();
                _context.Announcer.Announce(Ledger.IdentityHash, segment, key, version: null);
                return;
            }

            _log.Leave(ofServer, new LogRecord(segment, ofSegment, key));

            // A key that is counted only because the rules are not known, or not known to be gone everywhere, costs ZooKeeper nothing.
            if (rule is { Announces: true })
            {
                rule.Counters.Announced();
                _context.Announcer.Announce(Ledger.IdentityHash, segment, key, new MutationVersion(ofServer, ofSegment));
            }
        }
        else
        {
            _wake.Call();
        }
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
            _context.Rules.CountersLost(this);
            _wake.Call();
        }

        if (effect.Raised == ulong.MaxValue)
        {
            // A server that was never confirmed had no near entries to lose.
            if (effect.Reason != FlushReason.FirstAudit && Ledger.Confirmed != Moment.Never)
            {
                _context.Logger.ServerFlushed(Server.Name, reason);
            }

            return;
        }

        for (var segment = 0; segment < KeyHash.Segments; segment++)
        {
            if ((effect.Raised >> segment & 1) != 0)
            {
                _context.Logger.SegmentFlushed(segment, Server.Name, reason);
            }
        }
    }

    private void WatchGate()
    {
        var now = _context.Clock.Now();
        var isOpen = Ledger.IsOpen(now, _context.MaxStaleness);
        if (!_wasOpen)
        {
            _context.Metrics.GateWasClosed(TimeSpan.FromMilliseconds(now.Monotonic - _gateWatchedAt));
        }

        _gateWatchedAt = now.Monotonic;
        if (isOpen != _wasOpen)
        {
            _wasOpen = isOpen;
            if (isOpen)
            {
                _context.Logger.GateOpened(Server.Name);
            }
            else
            {
                _context.Logger.GateClosed(Server.Name, TimeSpan.FromMilliseconds(_context.MaxStaleness));
            }
        }
    }
}
