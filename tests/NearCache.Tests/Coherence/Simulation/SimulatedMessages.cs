using NearCache.Coherence.Core;
using NearCache.Coherence.Messages.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>The messages of a process: the core, with simulated I/O around it.</summary>
internal sealed class SimulatedMessages
{
    private readonly AnnouncementQueue _queue = new(SlotRing.MaxBytes);
    private readonly DeliveryMonitor _delivery;
    private readonly MessageWriter _writer;
    private readonly SimulatedBroker _broker;
    private readonly ulong _self;
    private readonly Action<AnnouncementMessage> _receive;
    private int _timer;
    private int _life;
    private bool _isDead;

    public SimulatedMessages(SimulatedBroker broker, ulong self, Action<AnnouncementMessage> receive)
    {
        (_broker, _self, _receive) = (broker, self, receive);
        _delivery = new DeliveryMonitor(broker.Random);
        _writer = new MessageWriter(_queue, 100, 1000, _delivery, broker.Random.NextInt64(1L << 62));
    }

    public required Action<Action> Post { get; init; }

    public required Func<long> Now { get; init; }

    public required Action<long, Action> At { get; init; }

    /// <summary>Gets the expected delay; null while the broker does not deliver.</summary>
    public long? Delay => _delivery.IsDelivering(Now()) ? _delivery.Delay : null;

    public void Start()
    {
        _broker.Connect(this);
        _delivery.Connected(Now());
        Pump();
    }

    public void Die()
    {
        _isDead = true;
        _broker.Disconnect(this);
    }

    /// <summary>Breaks the connection. The process connects again after some time.</summary>
    public void Break(int microseconds)
    {
        _life++;
        _broker.Disconnect(this);
        Post(_delivery.Disconnected);
        _broker.Schedule.After(microseconds, () => Post(() =>
        {
            if (!_isDead && !_delivery.IsConnected)
            {
                Start();
            }
        }));
    }

    public void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion version)
    {
        _queue.Add(server, segment, key, version);
        Pump();
    }

    public void Deliver(byte[] bytes) => Post(() =>
    {
        Assert.True(AnnouncementMessage.TryDecode(bytes, _broker.IdentityOf, out var message));
        if (message!.Sender == _self)
        {
            _delivery.Returned(_self, message.Number, Now());
            return;
        }

        if (message.IsSigned)
        {
            _delivery.HeardFrom(message.Sender, message.Members, Now());
        }

        _receive(message);
    });

    private void Pump()
    {
        MessageStep step;
        while ((step = _writer.Next(Now(), isBlocked: false)).IsMessage)
        {
            Publish(step);
        }

        var mine = ++_timer;
        if (step.Until != long.MaxValue)
        {
            At(step.Until, () =>
            {
                if (mine == _timer)
                {
                    Pump();
                }
            });
        }
    }

    private void Publish(MessageStep step)
    {
        var servers = step.Announcements!.Select(announcement => announcement.Server).Distinct();
        var message = new AnnouncementMessage
        {
            Sender = _self,
            Number = step.Number,
            Members = _delivery.Heard,
            Announcements = step.Announcements!,
        }.Encode(servers.ToDictionary(server => server, server => _broker.IdentityOf(server)!));
        var life = _life;
        _broker.Publish(message, isConfirmed => Post(() =>
        {
            if (isConfirmed && life == _life)
            {
                _writer.Confirmed(step.Number);
            }
            else
            {
                _writer.Failed(step.Number);
            }

            Pump();
        }));
    }
}
