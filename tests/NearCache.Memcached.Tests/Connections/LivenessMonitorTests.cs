using NearCache.Memcached.Connections;

namespace NearCache.Memcached.Tests.Connections;

public sealed class LivenessMonitorTests
{
    [Fact]
    public void A_server_that_answers_nothing_is_dead_after_the_timeout_and_not_before()
    {
        var liveness = new LivenessMonitor(8, 0, 16);
        Tick(liveness, 0, 100, 100);

        var verdicts = Enumerable.Range(0, 9).Select(_ => Tick(liveness, 0, 100, 100)).ToArray();

        Assert.All(verdicts[..7], verdict => Assert.Equal(LivenessVerdict.Healthy, verdict));
        Assert.Equal(LivenessVerdict.Dead, verdicts[8]);
    }

    [Fact]
    public void New_requests_that_the_system_still_takes_are_no_sign_of_life()
    {
        var liveness = new LivenessMonitor(8, 0, 16);

        var verdicts = Enumerable.Range(1, 12).Select(tick => Tick(liveness, 0, tick * 100, 100)).ToArray();

        Assert.Contains(LivenessVerdict.Dead, verdicts);
    }

    [Fact]
    public void A_large_value_that_moves_keeps_it_alive_in_both_directions()
    {
        var sending = new LivenessMonitor(8, 0, 16);
        var receiving = new LivenessMonitor(8, 0, 16);

        for (var tick = 1; tick < 100; tick++)
        {
            Assert.Equal(LivenessVerdict.Healthy, Tick(sending, 0, tick * 1000, 1_000_000));
            Assert.Equal(LivenessVerdict.Healthy, Tick(receiving, tick * 1000, 100, 100));
        }
    }

    [Fact]
    public void Nothing_due_is_never_dead_and_is_asked_now_and_then()
    {
        var liveness = new LivenessMonitor(8, 10, 16);

        var verdicts = Enumerable.Range(0, 100).Select(_ => Tick(liveness, 0, 0, -1)).ToArray();

        Assert.DoesNotContain(LivenessVerdict.Dead, verdicts);
        Assert.Equal(10, verdicts.Count(verdict => verdict == LivenessVerdict.SendProbe));
    }

    [Fact]
    public void A_reply_that_trickles_while_others_wait_is_given_up_after_the_stall_timeout_and_not_before()
    {
        var liveness = new LivenessMonitor(8, 0, 16);
        Tick(liveness, 0, 100, 100, isHeldUp: true);

        var verdicts = Enumerable.Range(1, 17).Select(tick => Tick(liveness, tick, 100, 100, isHeldUp: true)).ToArray();

        Assert.All(verdicts[..16], verdict => Assert.Equal(LivenessVerdict.Healthy, verdict));
        Assert.Equal(LivenessVerdict.Stalled, verdicts[16]);
    }

    [Fact]
    public void A_request_that_trickles_while_others_wait_is_given_up_whatever_they_send()
    {
        var liveness = new LivenessMonitor(8, 0, 16);
        Tick(liveness, 0, 100, 1_000_000, isHeldUp: true);

        var verdicts = Enumerable.Range(1, 17).Select(tick => Tick(liveness, 0, 100 + tick, 1_000_000, isHeldUp: true)).ToArray();

        Assert.Equal(LivenessVerdict.Stalled, verdicts[16]);
    }

    [Fact]
    public void Requests_that_leave_behind_a_reply_that_trickles_are_no_progress_of_it()
    {
        var liveness = new LivenessMonitor(8, 0, 16);
        Tick(liveness, 0, 100, 100, isHeldUp: true);

        var verdicts = Enumerable.Range(1, 17)
            .Select(tick => Tick(liveness, tick, 100 + (tick * LivenessMonitor.StallBytes), 100, isHeldUp: true))
            .ToArray();

        Assert.Equal(LivenessVerdict.Stalled, verdicts[16]);
    }

    [Fact]
    public void A_reply_that_stalls_after_it_came_fast_is_given_up_too()
    {
        var liveness = new LivenessMonitor(8, 0, 16);
        Tick(liveness, 0, 100, 100, isHeldUp: true);
        Assert.Equal(LivenessVerdict.Healthy, Tick(liveness, 10 * LivenessMonitor.StallBytes, 100, 100, isHeldUp: true));

        var verdicts = Enumerable.Range(1, 17)
            .Select(tick => Tick(liveness, (10 * LivenessMonitor.StallBytes) + tick, 100, 100, isHeldUp: true))
            .ToArray();

        Assert.Contains(LivenessVerdict.Stalled, verdicts);
    }

    [Fact]
    public void A_slow_reply_that_moves_enough_is_waited_for()
    {
        var liveness = new LivenessMonitor(8, 0, 16);

        for (var tick = 0; tick < 1000; tick++)
        {
            Assert.Equal(LivenessVerdict.Healthy, Tick(liveness, tick * (LivenessMonitor.StallBytes / 16), 100, 100, isHeldUp: true));
        }
    }

    [Fact]
    public void A_reply_that_has_not_begun_is_not_stalled_however_long_the_timeout_is()
    {
        var liveness = new LivenessMonitor(10_000, 0, 16);

        for (var tick = 0; tick < 1000; tick++)
        {
            Assert.Equal(LivenessVerdict.Healthy, Tick(liveness, 0, 100, 100, isHeldUp: true));
        }
    }

    [Fact]
    public void Replies_that_come_one_after_the_other_are_no_stall()
    {
        var liveness = new LivenessMonitor(8, 0, 16);

        for (var tick = 0; tick < 1000; tick++)
        {
            Assert.Equal(
                LivenessVerdict.Healthy, liveness.Tick(
                    tick * 10, tick * 10, oldest: tick / 10, oldestEnd: (tick * 10) + 5, isHeldUp: true));
        }
    }

    private static LivenessVerdict Tick(LivenessMonitor liveness, long received, long sent, long oldestEnd, bool isHeldUp = false) =>
        liveness.Tick(received, sent, oldest: 7, oldestEnd, isHeldUp);
}
