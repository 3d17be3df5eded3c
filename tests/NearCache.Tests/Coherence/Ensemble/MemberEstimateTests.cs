using NearCache.Coherence.Ensemble.Core;

namespace NearCache.Tests.Coherence.Ensemble;

public sealed class MemberEstimateTests
{
    private const long Second = 1000;
    private const long Minute = 60_000;

    private readonly MemberEstimate _count = new(MemberEstimate.StartHold);

    [Fact]
    public void A_process_that_has_just_started_assumes_a_thousand_until_its_count_has_not_fallen_for_two_minutes()
    {
        Assert.Equal(1000, _count.Believed);
        for (var now = 0L; now < MemberEstimate.StartHold; now += 30 * Second)
        {
            Assert.Equal(1000, _count.Counted(4, now));
            Assert.False(_count.IsCounted);
        }

        Assert.Equal(4, _count.Counted(4, MemberEstimate.StartHold));
        Assert.True(_count.IsCounted);
    }

    [Fact]
    public void A_fall_begins_the_two_minutes_anew_and_a_rise_does_not()
    {
        Assert.Equal(1000, _count.Counted(200, 0));
        Assert.Equal(1000, _count.Counted(3, Minute));
        Assert.Equal(1000, _count.Counted(150, 2 * Minute));
        Assert.Equal(200, _count.Counted(200, 3 * Minute));
    }

    [Fact]
    public void A_count_above_the_assumed_one_is_believed_at_once()
    {
        Assert.Equal(1500, _count.Counted(1500, 0));
        Assert.True(_count.IsCounted);
    }

    [Fact]
    public void A_rise_is_believed_at_once()
    {
        var at = Start(4);
        Assert.Equal(400, _count.Counted(400, at + 1));
    }

    [Fact]
    public void A_fall_by_less_than_half_is_believed_at_once()
    {
        var at = Start(100);
        Assert.Equal(51, _count.Counted(51, at + 1));
    }

    [Fact]
    public void A_fall_by_half_or_more_is_believed_after_five_minutes()
    {
        var at = Start(4);
        for (var now = at + 1; now <= at + MemberEstimate.FallHold; now += 30 * Second)
        {
            Assert.Equal(4, _count.Counted(2, now));
        }

        Assert.Equal(2, _count.Counted(2, at + MemberEstimate.FallHold + (30 * Second)));
    }

    [Fact]
    public void A_fall_in_steps_is_compared_with_the_last_five_minutes()
    {
        var at = Start(100);
        Assert.Equal(51, _count.Counted(51, at + (30 * Second)));
        Assert.Equal(51, _count.Counted(26, at + Minute));
        Assert.Equal(51, _count.Counted(14, at + (2 * Minute)));
    }

    [Fact]
    public void Members_that_were_deleted_and_join_again_change_nothing()
    {
        var at = Start(4);
        Assert.Equal(4, _count.Counted(0, at + (30 * Second)));
        Assert.Equal(4, _count.Counted(1, at + Minute));
        Assert.Equal(4, _count.Counted(4, at + (2 * Minute)));
        Assert.Equal(4, _count.Counted(4, at + (20 * Minute)));
    }

    private long Start(int members)
    {
        _count.Counted(members, 0);
        Assert.Equal(members, _count.Counted(members, MemberEstimate.StartHold));
        return MemberEstimate.StartHold;
    }
}
