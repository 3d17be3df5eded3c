using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;

namespace NearCache.Coherence.Ledger;

/// <summary>Audits one server: executes the steps of the auditor one after another, and passes the replies to the ledger.</summary>
/// <param name="observe">
/// Called with the flags of the server's rules, the time of the request and the time of the reply. Returns whether the server carries
/// exactly the rules that this process applies.
/// </param>
internal sealed class AuditLoop(
    IRemoteServer server,
    CoherenceContext context,
    AuditCommands commands,
    SynchronizedLedger ledger,
    IdentityItem identity,
    IConfirmation? confirmation,
    Func<MetaResponse, Timestamps, Timestamps, bool> observe) : IAsyncDisposable
{
    private readonly BackgroundLoop _loop = new(context.Logger, $"audits of {server.Name}");
    private readonly GateMonitor _gate = new(server.Name, context.MaxStaleness, context.Metrics, context.Logger);

    private Timestamps _late = Timestamps.Never;

    /// <summary>Gets the round trips of the audits.</summary>
    public RoundTrips RoundTrips { get; } = new();

    /// <summary>Starts auditing. The audit of an embedded server is answered before this method returns.</summary>
    public void Start()
    {
        _gate.Begin(context.Clock.Monotonic());
        _loop.Start(NextAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync().ConfigureAwait(false);
        ledger.End();
    }

    private async Task NextAsync(CancellationToken stopping)
    {
        await DoAsync(ledger.Next(), stopping).ConfigureAwait(false);
        var now = context.Clock.Now();
        _gate.Observe(ledger.Gate.IsOpen(now, context.MaxStaleness), now.Monotonic);
    }

    private async Task DoAsync(AuditStep step, CancellationToken stopping)
    {
        if (step.Kind == AuditStepKind.Wait)
        {
            await ledger.Due.WaitAsync(step.Until - context.Clock.Monotonic(), stopping).ConfigureAwait(false);
            return;
        }

        try
        {
            await (step.Kind switch
            {
                AuditStepKind.Audit => AuditAsync(step.Segment, stopping),
                AuditStepKind.Flush => FlushAsync(step.Reason, stopping),
                AuditStepKind.ReadLogs => ReadLogsAsync(step.Logs!),
                AuditStepKind.CreateCounters => CreateAsync(stopping),
                AuditStepKind.SendOwedBumps => PayAsync(step.Segments),
                _ => throw new InvalidOperationException($"No such step: {step.Kind}."),
            }).ConfigureAwait(false);
        }
        catch (MemcachedException e)
        {
            context.Logger.AuditFailed(e, server.Name);
            Failed();
        }
    }

    private async Task AuditAsync(int segment, CancellationToken stopping)
    {
        var sent = ledger.SendingAudit(segment);
        if (!await IsConfirmedAsync(stopping).ConfigureAwait(false))
        {
            Failed();
            return;
        }

        var look = identity.Sending();
        var started = context.Time.GetTimestamp();
        var reply = await server.ExecuteAsync(commands.Audit(segment)).ConfigureAwait(false);
        var now = context.Clock.Now();
        RoundTrips.Record(now.Monotonic, context.Time.GetElapsedTime(started));
        var rulesMatch = observe(reply.Responses[AuditCommands.RulesAt], sent.Sent, now) & await PrefixMatchesAsync(reply)
            .ConfigureAwait(false);
        var shown = identity.Observe(look, reply, now);
        ledger.AuditAnswered(sent, AuditCommands.Total(reply), AuditCommands.Segment(reply), rulesMatch, now, reply.ConnectionId, shown);
        await identity.StoreAsync(reply).ConfigureAwait(false);
    }

    private async Task FlushAsync(FlushReason reason, CancellationToken stopping)
    {
        var sent = ledger.SendingFlush();
        if (!await IsConfirmedAsync(stopping).ConfigureAwait(false))
        {
            Failed();
            return;
        }

        var look = identity.Sending();
        var reply = await server.ExecuteAsync(commands.Flush()).ConfigureAwait(false);
        var now = context.Clock.Now();
        var rulesMatch = observe(reply.Responses[AuditCommands.RulesAt], sent.Sent, now) & await PrefixMatchesAsync(reply)
            .ConfigureAwait(false);
        var shown = identity.Observe(look, reply, now);
        ledger.Flushed(
            sent, AuditCommands.Total(reply), AuditCommands.Segments(reply), rulesMatch, reason, now, reply.ConnectionId, shown);
        await identity.StoreAsync(reply).ConfigureAwait(false);
    }

    // If this returns true, everything that was announced before the call is void here.
    private async ValueTask<bool> IsConfirmedAsync(CancellationToken stopping)
    {
        if (confirmation is null)
        {
            return true;
        }

        if (!await confirmation.ConfirmAsync(stopping).ConfigureAwait(false))
        {
            return false;
        }

        // A stop may have been put and cleared unseen, and writes between were not announced.
        var (now, last) = (context.Clock.Now(), ledger.Gate.Confirmed);
        if (last != Timestamps.Never
            && last != _late
            && (now.Monotonic - last.Monotonic >= 2 * context.MaxStaleness || now.Wall - last.Wall >= 2 * context.MaxStaleness))
        {
            _late = last;
            ledger.ConfirmedLate();
        }

        return true;
    }

    private async Task ReadLogsAsync(IReadOnlyList<long> totals)
    {
        var reply = await server.ExecuteAsync(commands.Logs(totals)).ConfigureAwait(false);
        List<(long, LogRecord)> found = [];
        for (var i = 0; i < totals.Count; i++)
        {
            if (reply.Responses[i].Status == MetaStatus.Ok && LogRecord.TryDecode(reply.Responses[i].Value.Span, out var record))
            {
                found.Add((totals[i], record with { Writer = new WriterId(reply.Responses[i].ClientFlags) }));
            }
        }

        ledger.LogsRead(found, allFound: found.Count == totals.Count);
    }

    private async Task CreateAsync(CancellationToken stopping)
    {
        if (await context.Prefix.MayCreateAsync(stopping).ConfigureAwait(false))
        {
            var life = ledger.Epoch;
            var reply = await server.ExecuteAsync(commands.Create(context.Prefix.Value!, identity.IsTotalMissing)).ConfigureAwait(false);
            if (reply.Responses[0].Status == MetaStatus.Ok)
            {
                context.Prefix.Stored(server.Name, life);
            }
        }
        else
        {
            // Processes that agree create the counters at their next audit. The whole period is waited for, whatever else is due here.
            await Task.Delay(TimeSpan.FromMilliseconds(context.AuditPeriod), context.Time, stopping).ConfigureAwait(false);
        }

        ledger.CountersCreated();
    }

    // False: the namespace has another prefix than this process, here or on another server.
    private async ValueTask<bool> PrefixMatchesAsync(RemoteReply reply)
    {
        if (context.HasCounters && AuditCommands.Prefix(reply) is { } item
            && context.Prefix.Record(server.Name, ledger.Epoch, AuditCommands.Total(reply) is not null, item))
        {
            await server.ExecuteAsync(commands.StorePrefix(context.Prefix.Value!), CancellationToken.None).ConfigureAwait(false);
        }

        return context.Prefix.Agrees;
    }

    private async Task PayAsync(ulong segments)
    {
        for (var segment = 0; segment < KeyHash.Segments; segment++)
        {
            if ((segments >> segment & 1) == 0)
            {
                continue;
            }

            var owed = ledger.Owed(segment);
            var reply = await server.ExecuteAsync(commands.Bumps(segment)).ConfigureAwait(false);
            ledger.OwedBumpSent(segment, owed, AuditCommands.Counter(reply.Responses[0]), AuditCommands.Counter(reply.Responses[1]));
        }
    }

    private void Failed()
    {
        context.Metrics.AuditEnded("failed");
        context.Prefix.Failed(server.Name);
        ledger.Failed();
    }
}
