using NearCache.Coherence.Core;
using NearCache.Coherence.Messages.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Tests.Coherence.Messages;

/// <summary>What a process publishes, and when.</summary>
public sealed class MessageWriterTests
{
    private readonly AnnouncementQueue _queue = new(SlotRing.MaxBytes);
    private readonly DeliveryMonitor _delivery = new(new Random(1));
    private readonly MessageWriter _writer;

    public MessageWriterTests() => _writer = new MessageWriter(_queue, 100, 900, _delivery, firstNumber: 10);

    [Fact]
    public void Without_a_connection_or_while_blocked_it_publishes_nothing_and_keeps_what_waits()
    {
        Add("a");
        Assert.False(_writer.Next(0, isBlocked: false).IsMessage);
        _delivery.Connected(0);
        Assert.False(_writer.Next(0, isBlocked: true).IsMessage);
        Assert.Equal(1, _queue.Count);
    }

    [Fact]
    public void A_new_connection_is_probed_at_once_and_then_about_once_a_second()
    {
        _delivery.Connected(0);
        var probe = _writer.Next(0, isBlocked: false);
        Assert.Equal((true, 10L, 0), (probe.IsMessage, probe.Number, probe.Announcements!.Count));
        var wait = _writer.Next(0, isBlocked: false);
        Assert.False(wait.IsMessage);
        Assert.InRange(wait.Until, 900, 1_100);
        Assert.True(_writer.Next(wait.Until, isBlocked: false).IsMessage);
    }

    [Fact]
    public void The_first_announcement_leaves_at_once_and_what_gathers_leaves_together()
    {
        Settle();
        Add("a");
        Assert.Equal(["a"], Keys(_writer.Next(5_000, isBlocked: false)));
        UseBurst();
        Add("b");
        Add("c");
        var wait = _writer.Next(5_000, isBlocked: false);
        Assert.Equal((false, 5_010L), (wait.IsMessage, wait.Until));
        Assert.Equal(["b", "c"], Keys(_writer.Next(5_010, isBlocked: false)));
    }

    [Fact]
    public void An_announcement_is_a_probe()
    {
        Settle();
        Add("a");
        _ = _writer.Next(5_000, isBlocked: false);
        Assert.InRange(_writer.Next(5_000, isBlocked: false).Until, 5_900, 6_100);
    }

    [Fact]
    public void The_namespaces_budget_is_shared_by_the_members_that_are_heard()
    {
        Settle(members: 90);
        UseBurst();
        Add("b");
        Assert.Equal(5_100, _writer.Next(5_000, isBlocked: false).Until);
    }

    [Fact]
    public void No_more_than_eight_messages_wait_for_a_confirmation()
    {
        Settle();
        MessageStep last = default;
        for (var i = 0; i < MessageWriter.MaxInFlight; i++)
        {
            Add("a");
            last = _writer.Next(5_000 + (i * 10), isBlocked: false);
            Assert.True(last.IsMessage);
        }

        Add("b");
        Assert.Equal((false, long.MaxValue), Step(_writer.Next(9_000, isBlocked: false)));
        _writer.Confirmed(last.Number);
        Assert.True(_writer.Next(9_000, isBlocked: false).IsMessage);
    }

    [Fact]
    public void What_is_not_confirmed_is_given_up_and_counted()
    {
        Settle();
        Add("a");
        Add("b");
        var step = _writer.Next(5_000, isBlocked: false);
        Assert.False(_writer.IsIdle);
        _writer.Failed(step.Number);
        _writer.Failed(step.Number);
        Assert.Equal((true, 2L), (_writer.IsIdle, _queue.Dropped));
    }

    private static (bool, long) Step(MessageStep step) => (step.IsMessage, step.Until);

    private static IEnumerable<string> Keys(MessageStep step)
    {
        Assert.True(step.IsMessage);
        return step.Announcements!.Select(announcement => System.Text.Encoding.UTF8.GetString(announcement.Key.Span));
    }

    private void Add(string key) => _queue.Add(9, 5, System.Text.Encoding.UTF8.GetBytes(key), new MutationVersion(1, 1));

    // Ten messages may follow at once.
    private void UseBurst()
    {
        MessageStep step;
        do
        {
            Add("burst");
            step = _writer.Next(5_000, isBlocked: false);
            _writer.Confirmed(step.Number);
        }
        while (step.IsMessage);

        _ = _queue.TakeAll();
    }

    // A process that has been connected for five seconds, and knows how many others there are.
    private void Settle(int members = 1)
    {
        _delivery.Connected(0);
        for (var now = 0; now < 5_000; now += 500)
        {
            var probe = _writer.Next(now, isBlocked: false);
            if (probe.IsMessage)
            {
                _writer.Confirmed(probe.Number);
                _delivery.Returned(1, probe.Number, now);
                _delivery.HeardFrom(2, members, now);
            }
        }

        Assert.Equal(Math.Max(members, 2), _delivery.Members);
    }
}
