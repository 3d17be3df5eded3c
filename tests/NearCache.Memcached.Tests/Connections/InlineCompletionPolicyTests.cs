using NearCache.Memcached.Connections;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>Where callers go on: on the thread that read their replies, or on the pool's. A tick is a microsecond.</summary>
public sealed class InlineCompletionPolicyTests
{
    private const int Second = 1_000_000;
    private readonly InlineCompletionPolicy _pace = new(Second);
    private long _now = 10 * Second;

    [Fact]
    public void Quick_callers_go_on_where_their_replies_were_read()
    {
        Batches(1000, of: 50, each: 5);

        Assert.True(_pace.AllowsInline(_now));
    }

    [Fact]
    public void Slow_callers_go_on_elsewhere_and_are_tried_again_later()
    {
        Batches(20, of: 50, each: 30);

        Assert.False(_pace.AllowsInline(_now));
        Assert.True(_pace.AllowsInline(_now + (Second / 4)));
    }

    [Fact]
    public void One_who_is_slow_again_is_found_out_at_once()
    {
        Batches(20, of: 50, each: 30);
        _now += Second / 4;

        Batches(1, of: 50, each: 30);

        Assert.False(_pace.AllowsInline(_now));
    }

    [Fact]
    public void A_lone_caller_may_take_longer_than_those_whom_others_wait_for()
    {
        Batches(1000, of: 1, each: 30);
        Assert.True(_pace.AllowsInline(_now));

        Batches(1000, of: 1, each: 80);
        Assert.False(_pace.AllowsInline(_now));
    }

    [Fact]
    public void A_thread_that_was_not_scheduled_once_is_no_slow_caller()
    {
        Batches(100, of: 1, each: 8);

        Batches(1, of: 1, each: 20_000);

        Assert.True(_pace.AllowsInline(_now));
    }

    [Fact]
    public void Who_blocks_again_and_again_is_tried_ever_later_but_within_eight_seconds()
    {
        for (var i = 0; i < 10; i++)
        {
            _pace.OnBlocked(_now);
            _now += (Second / 4) << Math.Min(i, 5);
            Assert.False(_pace.AllowsInline(_now - 1));
            Assert.True(_pace.AllowsInline(_now));
        }
    }

    private void Batches(int count, int of, int each)
    {
        for (var i = 0; i < count; i++)
        {
            _pace.Record(of, of * each, _now);
        }
    }
}
