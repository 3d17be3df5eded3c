using System.Text;
using NearCache.Coherence;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;
using NearCache.Diagnostics;
using NearCache.Near;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;

namespace NearCache.Tests.Coherence.Ledger;

public sealed class SynchronizedLedgerTests : IInvalidationTarget, IDisposable
{
    private static readonly byte[] Key = Encoding.UTF8.GetBytes("key");

    private readonly long?[] _segments = [.. Enumerable.Repeat<long?>(1000, KeyHash.Segments)];
    private readonly ManualTime _time = new();
    private readonly LogRecorder _log = new();
    private readonly MeterRecorder _recorder = new();
    private readonly NearCacheMetrics _metrics;
    private readonly NearClock _clock;
    private readonly SynchronizedLedger _owner;
    private readonly List<Timestamps> _confirmedWhenVoided = [];
    private int _losses;

    public SynchronizedLedgerTests()
    {
        _metrics = new NearCacheMetrics(_recorder);
        _clock = new NearClock(_time);
        var context = new CoherenceContext
        {
            Names = new CounterNames("test"),
            Prefix = new NamespacePrefix("test", "", fromServers: false, [], Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance),
            Epochs = new ProcessEpochs(),
            Clock = _clock,
            Time = _time,
            Invalidator = this,
            Metrics = _metrics,
            Logger = _log,
            IsShared = true,
            HasCounters = true,
            KeepsNear = true,
            AuditPeriod = 1000,
            MaxStaleness = 5000,
            ExplanationWait = () => 0,
        };
        _owner = new SynchronizedLedger("one:11211", context, confirmation: null, () => _losses++);
    }

    [Fact]
    public void A_key_of_an_announcement_is_void_before_it_confirms_what_waits_for_it()
    {
        var sent = Wait(total: 501);
        _owner.Receive(new Announcement { Server = 1, Segment = 7, Key = Key, Versions = [new MutationVersion(501, 1001)] });
        AssertVoidedBefore(sent);
    }

    [Fact]
    public void A_key_of_a_log_record_is_void_before_it_confirms_what_waits_for_it()
    {
        var sent = Wait(total: 501);
        _owner.LogsRead([(501, new LogRecord(7, 1001, Key))], allFound: true);
        AssertVoidedBefore(sent);
    }

    [Fact]
    public void A_key_that_was_written_here_is_void_before_its_answer_confirms_what_waits_for_it()
    {
        var sent = Wait(total: 501);
        _owner.Answered(7, Key, m: 1001, n: 501);
        AssertVoidedBefore(sent);
    }

    [Fact]
    public void A_key_whose_write_was_not_answered_is_void_and_its_segment_owed()
    {
        Begin();
        _owner.Unanswered(7, Key);
        Assert.Single(_confirmedWhenVoided);
        var owed = _owner.Owed(7);
        Assert.Equal((AuditStepKind.SendOwedBumps, 1ul << 7), (_owner.Next().Kind, _owner.Next().Segments));

        _owner.OwedBumpSent(7, owed, m: 1001, n: 501);
        Assert.NotEqual(AuditStepKind.SendOwedBumps, _owner.Next().Kind);
        Assert.Equal(1, _recorder.Sum("nearcache.near.flushes", "reason=OwedBumpSent"));
    }

    [Fact]
    public async Task Lost_counters_begin_another_life_of_the_server_and_are_looked_after_at_once()
    {
        Begin();
        var (epoch, losses) = (_owner.Epoch, _losses);
        var woken = _owner.Due.WaitAsync(long.MaxValue, TestContext.Current.CancellationToken);
        Assert.False(woken.IsCompleted);

        _owner.AuditAnswered(_owner.SendingAudit(0), total: 3, segment: 1000, rulesMatch: true, _clock.Now(), connection: 1);

        Assert.NotEqual(epoch, _owner.Epoch);
        Assert.Equal(losses + 1, _losses);
        Assert.Equal(KeyHash.Segments, _recorder.Sum("nearcache.near.flushes", "reason=CountersBackward"));
        await woken;
    }

    [Fact]
    public void Segments_that_are_flushed_again_and_again_are_logged_once_a_minute_with_their_number()
    {
        Begin();
        for (var second = 1; second <= 150; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            (_segments[7], _segments[9]) = (1000 + second, 1000 + second);
            _owner.Flushed(
                _owner.SendingFlush(),
                500 + (2 * second),
                _segments,
                rulesMatch: true,
                FlushReason.AnnouncementsMissed,
                _clock.Now(),
                connection: 1);
        }

        Assert.Equal(3, _log.Of(1100).Length);
        Assert.Contains("120 segments", _log.Of(1100)[^1], StringComparison.Ordinal);
    }

    void IInvalidationTarget.Invalidate(ReadOnlySpan<byte> key, InvalidationOrigin origin) =>
        _confirmedWhenVoided.Add(_owner.Gate.Confirmed);

    public void Dispose()
    {
        _metrics.Dispose();
        _recorder.Dispose();
    }

    private void Begin() =>
        _owner.Flushed(_owner.SendingFlush(), 500, _segments, rulesMatch: true, FlushReason.FirstAudit, _clock.Now(), connection: 1);

    // Sends an audit that shows one unexplained mutation.
    private Timestamps Wait(long total)
    {
        Begin();
        _time.Advance(TimeSpan.FromSeconds(1));
        var sent = _owner.SendingAudit(7);
        _owner.AuditAnswered(sent, total, segment: 1001, rulesMatch: true, _clock.Now(), connection: 1);
        Assert.True(_owner.Gate.Confirmed.Monotonic < sent.Sent.Monotonic);
        return sent.Sent;
    }

    private void AssertVoidedBefore(in Timestamps confirmed)
    {
        Assert.True(Assert.Single(_confirmedWhenVoided).Monotonic < confirmed.Monotonic);
        Assert.Equal(confirmed, _owner.Gate.Confirmed);
    }
}
