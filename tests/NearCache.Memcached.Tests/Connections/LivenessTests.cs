using NearCache.Memcached.Connections;

namespace NearCache.Memcached.Tests.Connections;

public sealed class LivenessTests
{
    [Fact]
    public void A_server_that_answers_nothing_is_dead_after_the_timeout_and_not_before()
    {
        var liveness = new Liveness(8, 0);
        liveness.Tick(0, 100, 100);

        var verdicts = Enumerable.Range(0, 9).Select(_ => liveness.Tick(0, 100, 100)).ToArray();

        Assert.All(verdicts[..7], verdict => Assert.Equal(LivenessVerdict.Fine, verdict));
        Assert.Equal(LivenessVerdict.Dead, verdicts[8]);
    }

    [Fact]
    public void New_requests_that_the_system_still_takes_are_no_sign_of_life()
    {
        var liveness = new Liveness(8, 0);

        var verdicts = Enumerable.Range(1, 12).Select(tick => liveness.Tick(0, tick * 100, 100)).ToArray();

        Assert.Contains(LivenessVerdict.Dead, verdicts);
    }

    [Fact]
    public void A_large_value_that_moves_keeps_it_alive_in_both_directions()
    {
        var sending = new Liveness(8, 0);
        var receiving = new Liveness(8, 0);

        for (var tick = 1; tick < 100; tick++)
        {
            Assert.Equal(LivenessVerdict.Fine, sending.Tick(0, tick * 1000, 1_000_000));
            Assert.Equal(LivenessVerdict.Fine, receiving.Tick(tick * 1000, 100, 100));
        }
    }

    [Fact]
    public void Nothing_due_is_never_dead_and_is_asked_now_and_then()
    {
        var liveness = new Liveness(8, 10);

        var verdicts = Enumerable.Range(0, 100).Select(_ => liveness.Tick(0, 0, -1)).ToArray();

        Assert.DoesNotContain(LivenessVerdict.Dead, verdicts);
        Assert.Equal(10, verdicts.Count(verdict => verdict == LivenessVerdict.Ask));
    }
}
