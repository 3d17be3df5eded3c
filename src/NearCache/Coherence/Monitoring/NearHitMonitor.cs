using System.Globalization;
using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.Monitoring.Core;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;

namespace NearCache.Coherence.Monitoring;

/// <summary>Checks a sample of near hits against memcached, in the background. The main type of the folder.</summary>
/// <remarks>
/// The monitor is a reader: it takes an entry that was hit, and asks the near tier what a hit of it would find. So a hit costs nothing
/// more than before. Without near hits the monitor sends nothing.
/// </remarks>
internal sealed class NearHitMonitor : IAsyncDisposable
{
    // A check ends within seconds. More only accumulate if all of them found violations.
    private const int MaxChecks = 64;
    private const long LogInterval = 10_000;

    private readonly MonitorOptions _options;
    private readonly NearStore _near;
    private readonly Func<NearEntry?> _sampledHit;
    private readonly Func<string, MonitoredKey?> _place;
    private readonly CoherenceContext _context;
    private readonly ViolationReporter _reporter;
    private readonly KeyDisplay _keys;
    private readonly AuditCommands _commands;
    private readonly BackgroundLoop _loop;
    private readonly List<Check> _checks = [];
    private readonly LogThrottle _log = new(LogInterval);
    private long _sampleAt;
    private long _violatedAt = -1;   // the monotonic clock at the last violation; -1 without one

    /// <param name="options">The settings.</param>
    /// <param name="near">The near tier.</param>
    /// <param name="sampledHit">Takes the entry of the last hit of the sample; null if there was none since.</param>
    /// <param name="place">Returns the place of a key; null if it has none any more.</param>
    /// <param name="context">The state that the servers share.</param>
    /// <param name="reporter">Receives the violations.</param>
    /// <param name="keys">Formats keys for the log.</param>
    public NearHitMonitor(
        MonitorOptions options,
        NearStore near,
        Func<NearEntry?> sampledHit,
        Func<string, MonitoredKey?> place,
        CoherenceContext context,
        ViolationReporter reporter,
        KeyDisplay keys)
    {
        (_options, _near, _sampledHit, _place) = (options, near, sampledHit, place);
        (_context, _reporter, _keys) = (context, reporter, keys);
        _commands = new AuditCommands(context.Names);
        _loop = new BackgroundLoop(context.Logger, "the monitor of near hits");
        _loop.Start(StepAsync);
    }

    /// <summary>Gets the results since the cache was created.</summary>
    public MonitorTotals Totals { get; } = new();

    /// <summary>Gets the time since the last violation; null without one.</summary>
    public TimeSpan? ViolatedBefore => Interlocked.Read(ref _violatedAt) is >= 0 and var at
        ? TimeSpan.FromMilliseconds(_context.Clock.Monotonic() - at)
        : null;

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task StepAsync(CancellationToken stopping)
    {
        var now = _context.Clock.Monotonic();
        if (now >= _sampleAt)
        {
            _sampleAt = now + (long)(1000 / _options.ChecksPerSecond * (0.9 + (0.2 * Random.Shared.NextDouble())));
            Sample();
        }

        foreach (var check in _checks)
        {
            await AdvanceAsync(check).ConfigureAwait(false);
        }

        _checks.RemoveAll(check => check.Core.Outcome is not null);
        now = _context.Clock.Monotonic();
        var due = _checks.Select(check => check.Core.Next(now)).Min(step => step.Kind == CheckStepKind.Wait ? step.Until : now as long?);
        var wait = Math.Min(_sampleAt, due ?? long.MaxValue) - now;
        await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(wait, 1)), _context.Time, stopping).ConfigureAwait(false);
    }

    // A sampled hit finds hot keys. A process with few hits has none, and checks any entry that was hit.
    private void Sample()
    {
        if (_checks.Count == MaxChecks
            || (Checkable(_sampledHit()) ?? Checkable(_near.FindUsed())) is not { } entry
            || _place(entry.Key) is not { } place)
        {
            return;
        }

        // The position is read after the entry was found near: what is explained later voids the entry.
        if (StateOf(entry) == HitState.Served && place.Server.Position is { } position)
        {
            var core = new HitCheck(_context.Clock.Monotonic(), entry.Version.Cas, position.Explained);
            _checks.Add(new Check(core, entry, place, position.Life));
        }
    }

    private NearEntry? Checkable(NearEntry? entry) =>
        entry is { Version.Cas: not 0 } && !_checks.Exists(check => check.Entry == entry) ? entry : null;

    // Executes the steps of a check that are due.
    private async Task AdvanceAsync(Check check)
    {
        while (check.Core.Next(_context.Clock.Monotonic()) is { Kind: not (CheckStepKind.Wait or CheckStepKind.Done) } step)
        {
            if (check.Place.Server.Position?.Life != check.Life)
            {
                check.Core.End();
                break;
            }

            try
            {
                await (step.Kind switch
                {
                    CheckStepKind.Look => LookAsync(check),
                    CheckStepKind.Read => ReadAsync(check),
                    _ => ReadLogsAsync(check, step.Logs!),
                }).ConfigureAwait(false);
            }
            catch (Exception e) when (e is MemcachedException or ObjectDisposedException)
            {
                // The server fails, or was just removed from the list: there is nothing to compare with.
                check.Core.End();
            }
        }

        if (check.Core.Outcome is { } outcome)
        {
            Totals.Add(outcome, check.Core.Bucket);
            _context.Metrics.HitChecked(outcome.ToString().ToLowerInvariant());
            if (outcome == CheckOutcome.Voided)
            {
                _context.Metrics.VoidedAfter(MonitorTotals.BucketEnd(check.Core.Bucket, _context.MaxStaleness));
            }
        }
    }

    private async Task LookAsync(Check check)
    {
        var state = StateOf(check.Entry);
        var now = _context.Clock.Monotonic();
        check.Core.Looked(state, BoundOf(check.Entry), now);
        if (check.Core.Outcome == CheckOutcome.Violation)
        {
            Interlocked.Exchange(ref _violatedAt, now);
            await ReportAsync(check, now).ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(Check check)
    {
        var (server, key) = (check.Place.Server, check.Place.Physical);
        var reply = await server.Server.ExecuteAsync(_commands.Check(key)).ConfigureAwait(false);
        var item = reply.Responses[0];
        check.Core.Answered(
            item.Status == MetaStatus.Ok ? item.Cas : null, AuditCommands.Counter(reply.Responses[1]), _context.Clock.Monotonic());
    }

    private async Task ReadLogsAsync(Check check, IReadOnlyList<long> logs)
    {
        var reply = await check.Place.Server.Server.ExecuteAsync(_commands.Logs(logs)).ConfigureAwait(false);
        long? found = null;
        for (var i = logs.Count - 1; i >= 0; i--)
        {
            var item = reply.Responses[i];
            if (item.Status == MetaStatus.Ok
                && LogRecord.TryDecode(item.Value.Span, out var record)
                && record.Key.Span.SequenceEqual(check.Place.Name.Span))
            {
                found = logs[i];
            }
        }

        check.Core.LogsRead(found, _context.Clock.Monotonic());
    }

    // As a near hit does.
    private HitState StateOf(NearEntry entry)
    {
        while (true)
        {
            var confirmations = _context.Epochs.Confirmations;
            var (now, held) = (_context.Clock.Now(), _near.Find(entry.Key));
            var state = held != entry || entry.IsExpiredOrVoid(now.Monotonic)
                ? HitState.Gone
                : entry.IsServable(now) ? HitState.Served : HitState.Closed;
            if (confirmations == _context.Epochs.Confirmations)
            {
                return state;
            }
        }
    }

    // The promise, whatever bound a seam of tests gives to the gate.
    private long BoundOf(NearEntry entry) =>
        Math.Min((long?)entry.Rule.Rule.MaxStaleness?.TotalMilliseconds ?? long.MaxValue, _context.MaxStaleness);

    private Task ReportAsync(Check check, long now)
    {
        var (core, entry, server) = (check.Core, check.Entry, check.Place.Server);
        if (_log.ShouldLog(now))
        {
            var confirmed = now - server.Gate.Confirmed.Monotonic;
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture, $"fetched {now - entry.FetchedAt} ms ago with CAS {entry.Version.Cas}; ")
                .Append(CultureInfo.InvariantCulture, $"the server showed CAS {core.ShownCas} {now - core.DifferedAt} ms ago; ")
                .Append(CultureInfo.InvariantCulture, $"mutation {core.Mutation} was complete {now - core.CompletedBy} ms ago, and ")
                .Append(CultureInfo.InvariantCulture, $"mutations up to {core.Explained} were explained when the hit was sampled; ")
                .Append(CultureInfo.InvariantCulture, $"the server is confirmed as of {confirmed} ms ago; events: ")
                .Append(server.DescribeHistory());
            _context.Logger.PromiseBroken(
                _keys.Of(entry.Key),
                server.Server.Name,
                KeyHash.Of(check.Place.Name.Span).Segment,
                TimeSpan.FromMilliseconds(BoundOf(entry)),
                text.ToString());
        }

        return _reporter.ReportAsync(now);
    }

    private sealed record Check(HitCheck Core, NearEntry Entry, MonitoredKey Place, long Life);
}

/// <summary>The place of a key that the monitor checks.</summary>
/// <param name="Name">The key in UTF-8, as log records name it.</param>
/// <param name="Physical">The key on memcached.</param>
/// <param name="Server">The owner of the key.</param>
internal readonly record struct MonitoredKey(ReadOnlyMemory<byte> Name, byte[] Physical, CoherentServer Server);
