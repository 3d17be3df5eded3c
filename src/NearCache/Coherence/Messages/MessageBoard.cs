using NearCache.Coherence.Core;
using NearCache.Coherence.Messages.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Coherence.Messages;

/// <summary>
/// The state of the messages of this process through one broker: a <see cref="MessageWriter"/> and a <see cref="DeliveryMonitor"/> that
/// take the same events.
/// </summary>
/// <remarks>Thread-safe. One loop publishes, and the broker's thread receives.</remarks>
internal sealed class MessageBoard
{
    // Twice what all processes send by the budget of the namespace and as probes, since others may have a larger budget.
    private const double MostReceived = 2;

    private readonly Lock _lock = new();   // guards all below; no other lock is taken inside it
    private readonly ulong _self;
    private readonly AnnouncementQueue _queue = new(SlotRing.MaxBytes);
    private readonly DeliveryMonitor _delivery;
    private readonly MessageWriter _writer;
    private readonly TokenBucket _received;
    private long _sent;
    private long _failed;
    private long _receivedCount;
    private long _unreadable;
    private long _unsigned;
    private long _shed;
    private long _connects;

    /// <param name="budgets">The budgets of messages.</param>
    /// <param name="self">The hash of this member.</param>
    /// <param name="random">Spreads probes, and numbers messages.</param>
    public MessageBoard(BudgetOptions budgets, ulong self, Random random)
    {
        _self = self;
        _delivery = new DeliveryMonitor(random);
        _writer = new MessageWriter(
            _queue, budgets.MessagesPerProcess, budgets.MessagesPerNamespace, _delivery, firstNumber: random.NextInt64(1L << 62));
        MostReceivedPerSecond = (int)Math.Ceiling(MostReceived * (budgets.MessagesPerNamespace + DeliveryMonitor.MostProbes));
        _received = new TokenBucket(MostReceivedPerSecond) { Rate = MostReceivedPerSecond };
    }

    /// <summary>Gets the counts of the waiting announcements.</summary>
    public MessageCounts Queue
    {
        get
        {
            lock (_lock)
            {
                return new MessageCounts(_writer.IsIdle, _queue.Count, _queue.Merged, _queue.Dropped);
            }
        }
    }

    /// <summary>Gets the number of messages a second that are read. What exceeds it is ignored.</summary>
    public int MostReceivedPerSecond { get; }

    /// <summary>Gets the number of messages that could not be read, and of those that exceeded the limit.</summary>
    public (long Unreadable, long Shed) Ignored
    {
        get
        {
            lock (_lock)
            {
                return (Interlocked.Read(ref _unreadable), _shed);
            }
        }
    }

    /// <summary>Gets the number of messages with announcements that have a valid form, but no valid signature.</summary>
    public long WithoutSignature => Interlocked.Read(ref _unsigned);

    /// <summary>Gets the time from publishing a message to its return, in milliseconds.</summary>
    public long Delay
    {
        get
        {
            lock (_lock)
            {
                return _delivery.Delay;
            }
        }
    }

    /// <summary>
    /// Queues the announcement of a mutation. While no message waits for a confirmation, returns the message to publish at once.
    /// </summary>
    public MessageStep Announce(
        ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version, long now, bool isBlocked)
    {
        lock (_lock)
        {
            _queue.Add(server, segment, key, version);
            return _writer.InFlight == 0 ? NextStep(now, isBlocked) : default;
        }
    }

    /// <summary>Records a connection.</summary>
    public void Connected(long now)
    {
        lock (_lock)
        {
            _connects++;
            _delivery.Connected(now);
        }
    }

    /// <summary>Records that the connection has ended.</summary>
    public void Disconnected()
    {
        lock (_lock)
        {
            _delivery.Disconnected();
        }
    }

    /// <inheritdoc cref="MessageWriter.Next"/>
    public MessageStep Next(long now, bool isBlocked)
    {
        lock (_lock)
        {
            return NextStep(now, isBlocked);
        }
    }

    /// <summary>Returns the message of a step.</summary>
    public AnnouncementMessage MessageOf(in MessageStep step)
    {
        lock (_lock)
        {
            return new AnnouncementMessage
            {
                Sender = _self,
                Number = step.Number,
                Members = _delivery.Heard,
                Announcements = step.Announcements ?? [],
            };
        }
    }

    /// <summary>Records whether the broker confirmed a message.</summary>
    public void Published(long number, bool isConfirmed)
    {
        lock (_lock)
        {
            if (isConfirmed)
            {
                _writer.Confirmed(number);
            }
            else
            {
                _failed++;
                _writer.Failed(number);
            }
        }
    }

    /// <summary>Returns whether another message may be read now; if not, it is counted.</summary>
    public bool MayReceive(long now)
    {
        lock (_lock)
        {
            _receivedCount++;
            if (_received.Wait(now) > 0)
            {
                _shed++;
                return false;
            }

            _received.Take();
            return true;
        }
    }

    /// <summary>Counts a message that cannot be read.</summary>
    public void Unreadable() => Interlocked.Increment(ref _unreadable);

    /// <summary>Records a message. Returns whether another process sent it, so that its announcements are to be applied.</summary>
    /// <param name="message">The message.</param>
    /// <param name="isMember">Whether its sender is known to belong to the namespace.</param>
    /// <param name="now">The monotonic millisecond.</param>
    public bool Received(AnnouncementMessage message, bool isMember, long now)
    {
        lock (_lock)
        {
            if (message.Sender == _self)
            {
                _delivery.Returned(_self, message.Number, now);
                return false;
            }

            if (isMember)
            {
                _delivery.HeardFrom(message.Sender, message.Members, now);
            }
            else if (message.Announcements.Count == 0)
            {
                // A process that has read no identity yet probes without a signature. It tells nothing.
                return false;
            }
            else
            {
                Interlocked.Increment(ref _unsigned);
            }

            return true;
        }
    }

    /// <summary>Returns whether the broker delivers.</summary>
    public bool IsDelivering(long now)
    {
        lock (_lock)
        {
            return _delivery.IsDelivering(now);
        }
    }

    /// <inheritdoc cref="DeliveryMonitor.IsLost"/>
    public bool IsLost(long now)
    {
        lock (_lock)
        {
            return _delivery.IsLost(now);
        }
    }

    /// <inheritdoc cref="DeliveryMonitor.Describe"/>
    public string Describe(long now)
    {
        lock (_lock)
        {
            return _delivery.Describe(now);
        }
    }

    /// <summary>Returns the state of the carrier.</summary>
    /// <param name="name">The name of the carrier.</param>
    /// <param name="now">The monotonic millisecond.</param>
    public CarrierSnapshot Snapshot(string name, long now)
    {
        lock (_lock)
        {
            return new CarrierSnapshot
            {
                Name = name,
                IsDelivering = _delivery.IsDelivering(now),
                ExpectedDelay = TimeSpan.FromMilliseconds(_delivery.Delay),
                MessagesPerSecond = _writer.Rate,
                Members = _delivery.Members,
                Waiting = _queue.Count,
                Sent = _sent,
                Failed = _failed,
                Received = _receivedCount,
                Unreadable = Interlocked.Read(ref _unreadable),
                WithoutSignature = WithoutSignature,
                Shed = _shed,
                Connects = _connects,
            };
        }
    }

    // Requires _lock.
    private MessageStep NextStep(long now, bool isBlocked)
    {
        var step = _writer.Next(now, isBlocked);
        _sent += step.IsMessage ? 1 : 0;
        return step;
    }
}

/// <summary>The counts of waiting and dropped announcements.</summary>
/// <param name="IsIdle">Whether nothing waits to be announced or confirmed.</param>
/// <param name="Waiting">The number of waiting keys.</param>
/// <param name="Merged">How many were merged into a waiting one so far.</param>
/// <param name="Dropped">How many were dropped so far.</param>
internal readonly record struct MessageCounts(bool IsIdle, int Waiting, long Merged, long Dropped);
