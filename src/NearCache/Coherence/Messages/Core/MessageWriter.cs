using NearCache.Coherence.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Coherence.Messages.Core;

/// <summary>
/// Decides what a process publishes, and when: what has gathered, as soon as the budget has a token, or a probe when one is due.
/// </summary>
/// <remarks>
/// Idle, the first announcement leaves at once; what gathers until the next token leaves together. Announcements that the broker did not
/// confirm are given up: audits make up for them. Not thread-safe.
/// </remarks>
/// <param name="queue">The waiting announcements.</param>
/// <param name="ownRate">The most messages a second of this process.</param>
/// <param name="namespaceRate">The most messages a second of all members together.</param>
/// <param name="delivery">Decides about probes.</param>
/// <param name="firstNumber">The number of the first message. Random, so that no other program can claim that a message came back.</param>
internal sealed class MessageWriter(
    AnnouncementQueue queue, double ownRate, double namespaceRate, DeliveryMonitor delivery, long firstNumber)
{
    /// <summary>The most messages that wait for a confirmation of the broker.</summary>
    public const int MaxInFlight = 8;

    // So many messages may follow at once: a few writes of an application one after another do not wait.
    private const double Burst = 10;

    private readonly TokenBucket _budget = new(Burst) { Rate = ownRate };
    private readonly Dictionary<long, IReadOnlyList<Announcement>> _inFlight = [];
    private long _next = firstNumber;

    /// <summary>Gets whether nothing waits to be announced or confirmed.</summary>
    public bool IsIdle => queue.IsEmpty && _inFlight.Count == 0;

    /// <summary>Gets the number of messages that wait for a confirmation.</summary>
    public int InFlight => _inFlight.Count;

    /// <summary>Gets the current rate, in messages a second.</summary>
    public double Rate => Math.Min(ownRate, namespaceRate / delivery.Members);

    /// <summary>Returns the next step.</summary>
    /// <param name="now">The monotonic millisecond.</param>
    /// <param name="isBlocked">Whether the broker accepts no messages for now.</param>
    public MessageStep Next(long now, bool isBlocked)
    {
        if (isBlocked)
        {
            delivery.Blocked(now);
        }

        if (!delivery.IsConnected || isBlocked || _inFlight.Count >= MaxInFlight)
        {
            return new MessageStep(IsMessage: false, Until: long.MaxValue);
        }

        _budget.Rate = Rate;
        var wait = _budget.Wait(now);
        var hasToken = !queue.IsEmpty && wait == 0;
        if (!hasToken && now < delivery.ProbeAt)
        {
            return new MessageStep(IsMessage: false, Until: queue.IsEmpty ? delivery.ProbeAt : Math.Min(now + wait, delivery.ProbeAt));
        }

        IReadOnlyList<Announcement> announcements = [];
        if (hasToken)
        {
            _budget.Take();
            announcements = queue.TakeAll();
        }

        var number = _next++;
        _inFlight[number] = announcements;
        delivery.Sent(number, now);
        return new MessageStep(IsMessage: true, number, announcements);
    }

    /// <summary>Records that the broker confirmed a message.</summary>
    public void Confirmed(long number) => _inFlight.Remove(number);

    /// <summary>Records that the broker did not confirm a message.</summary>
    public void Failed(long number)
    {
        if (_inFlight.Remove(number, out var announcements))
        {
            queue.GiveUp(announcements);
        }
    }
}

/// <summary>One step of a <see cref="MessageWriter"/>.</summary>
/// <param name="IsMessage">Whether a message is to be published; otherwise nothing is before <paramref name="Until"/>.</param>
/// <param name="Number">The number of the message.</param>
/// <param name="Announcements">The announcements; empty for a probe.</param>
/// <param name="Until">The monotonic millisecond at which to ask again, unless an announcement is queued.</param>
internal readonly record struct MessageStep(
    bool IsMessage, long Number = 0, IReadOnlyList<Announcement>? Announcements = null, long Until = 0);
