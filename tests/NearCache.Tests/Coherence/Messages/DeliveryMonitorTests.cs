using NearCache.Coherence.Messages.Core;

namespace NearCache.Tests.Coherence.Messages;

/// <summary>A broker delivers by evidence alone: this process's own messages came back lately.</summary>
public sealed class DeliveryMonitorTests
{
    private const ulong Self = 1;
    private readonly DeliveryMonitor _monitor = new(new Random(1));

    [Fact]
    public void A_connection_is_not_enough()
    {
        _monitor.Connected(0);
        Assert.False(_monitor.IsDelivering(0));
        Assert.Equal(0, _monitor.ProbeAt);
        _monitor.Sent(5, 0);
        Assert.False(_monitor.IsDelivering(1));
        Assert.True(_monitor.Returned(Self, 5, 3));
        Assert.True(_monitor.IsDelivering(3));
        Assert.Equal(3, _monitor.Delay);
    }

    [Fact]
    public void It_delivers_no_longer_when_a_message_does_not_come_back_for_two_seconds()
    {
        Deliver(0, 5);
        _monitor.Sent(6, 1000);
        Assert.True(_monitor.IsDelivering(3000));
        Assert.False(_monitor.IsDelivering(3001));
        Assert.Contains("has not come back for 2 s", _monitor.Describe(3001), StringComparison.Ordinal);

        // Later messages overtake none, so one that comes back also accounts for those before it.
        _monitor.Sent(7, 3100);
        _monitor.Returned(Self, 7, 3150);
        Assert.True(_monitor.IsDelivering(3150));
    }

    [Fact]
    public void An_earlier_message_that_comes_back_leaves_the_later_one_awaited()
    {
        Deliver(0, 5);
        _monitor.Sent(6, 1000);
        _monitor.Sent(7, 2000);
        _monitor.Returned(Self, 6, 2900);
        Assert.True(_monitor.IsDelivering(4000));
        Assert.False(_monitor.IsDelivering(4001));
    }

    [Fact]
    public void Messages_that_were_not_sent_lately_or_over_an_earlier_connection_prove_nothing()
    {
        _monitor.Connected(0);
        _monitor.Sent(5, 0);
        Assert.False(_monitor.Returned(Self, 6, 1));
        Assert.False(_monitor.IsDelivering(1));
        _monitor.Disconnected();
        Assert.False(_monitor.Returned(Self, 5, 2));
        Assert.False(_monitor.IsDelivering(2));
        Deliver(10, 6);
        Assert.True(_monitor.IsDelivering(20));
        _monitor.Disconnected();
        _monitor.Connected(30);
        Assert.False(_monitor.IsDelivering(31));
    }

    [Fact]
    public void Without_any_message_for_three_probes_it_does_not_deliver()
    {
        Deliver(0, 5);
        Assert.True(_monitor.IsDelivering(5_000));
        Assert.False(_monitor.IsDelivering(5_002));
    }

    [Fact]
    public void A_new_process_assumes_many_members_until_it_has_heard_the_others()
    {
        Deliver(0, 5);
        _monitor.HeardFrom(2, 1, 500);
        Assert.Equal(DeliveryMonitor.AssumedMembers, _monitor.Members);
        _monitor.HeardFrom(3, 1, 1500);
        Deliver(2500, 6, reconnects: false);
        _monitor.Sent(7, 2600);
        Assert.Equal((3, 3), (_monitor.Members, _monitor.Heard));
    }

    [Fact]
    public void What_another_has_heard_counts_and_processes_that_are_silent_leave()
    {
        Deliver(0, 5);
        _monitor.HeardFrom(2, 70, 2400);
        Deliver(2500, 6, reconnects: false);
        _monitor.Sent(7, 2600);
        Assert.Equal((70, 2), (_monitor.Members, _monitor.Heard));
        for (var now = 3_500; now < 10_000; now += 1_000)
        {
            Deliver(now, 8 + (now / 1000), reconnects: false);
        }

        Assert.Equal((1, 1), (_monitor.Members, _monitor.Heard));
    }

    [Theory]
    [InlineData(10, 1_000)]
    [InlineData(63, 1_000)]
    [InlineData(300, 22_500)]
    [InlineData(1_000, 250_000)]
    public void A_large_fleet_probes_less_often(int members, long period)
    {
        Deliver(0, 5);
        for (var sender = 2ul; sender <= (ulong)members; sender++)
        {
            _monitor.HeardFrom(sender, 1, 1);
        }

        Assert.Equal(period, _monitor.Period);
        _monitor.Sent(6, 1);
        Assert.InRange(_monitor.ProbeAt, 1 + (period * 9 / 10), 1 + (period * 11 / 10));
    }

    [Fact]
    public void Any_number_of_senders_takes_bounded_memory()
    {
        Deliver(0, 5);
        for (var sender = 2ul; sender <= 100_000; sender++)
        {
            _monitor.HeardFrom(sender, int.MaxValue, 1);
        }

        Assert.Equal(10_000, _monitor.Heard);
    }

    private void Deliver(long now, long number, bool reconnects = true)
    {
        if (reconnects)
        {
            _monitor.Connected(now);
        }

        _monitor.Sent(number, now);
        Assert.True(_monitor.Returned(Self, number, now + 1));
    }
}
