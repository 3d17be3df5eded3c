using NearCache.Coherence.Slots.Core;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>
/// A session of a process with ZooKeeper: requests, replies and events keep their order. It may stall, lose events, and break.
/// </summary>
internal sealed class SimulatedSession(Schedule schedule, SimulatedZooKeeper zooKeeper, Random random, int slowest)
{
    private readonly Queue<Action> _toServer = new();
    private readonly Queue<Action> _toClient = new();
    private readonly LinkedList<Action> _pending = new();
    private long _lastArrival;
    private long _lastDelivery;
    private bool _isStalled;
    private int _life;

    public bool IsUp { get; private set; } = true;

    /// <summary>Loses events, which ZooKeeper promises to deliver.</summary>
    public bool LosesEvents { get; set; }

    public bool IsStalled
    {
        get => _isStalled;
        set
        {
            _isStalled = value;
            Pump(_toServer);
            Pump(_toClient);
        }
    }

    public required Action<Action> Post { get; init; }

    public required Action<int> Changed { get; init; }

    /// <summary>getData. The version of the reply is -1 if the session broke.</summary>
    public void Get(int slot, bool watch, Action<SlotRing, int, long> done) =>
        Request(
            () => zooKeeper.Get(slot, watch ? this : null),
            answer => done(answer.Ring, answer.Version, answer.Created),
            () => done(SlotRing.Empty, -1, 0));

    /// <summary>setData. Returns true if it was executed, false if it was refused, null if the session broke.</summary>
    public void Set(int slot, ReadOnlyMemory<byte> data, int version, Action<bool?> done) =>
        Request(() => zooKeeper.Set(slot, data, version), answer => done(answer), () => done(null));

    public void Notify(int slot)
    {
        if (!LosesEvents || random.Next(2) == 0)
        {
            var life = _life;
            Deliver(() =>
            {
                if (life == _life)
                {
                    Post(() => Changed(slot));
                }
            });
        }
    }

    public void Break()
    {
        IsUp = false;
        _life++;
        zooKeeper.Forget(this);
        Action[] pending = [.. _pending];
        _pending.Clear();
        foreach (var fail in pending)
        {
            Post(fail);
        }
    }

    public void Reconnect() => IsUp = true;

    private void Request<T>(Func<T> execute, Action<T> done, Action fail)
    {
        if (!IsUp)
        {
            Post(fail);
            return;
        }

        var life = _life;
        var pending = _pending.AddLast(fail);
        _lastArrival = Math.Max(_lastArrival, schedule.Now + Latency());
        schedule.At(_lastArrival, () =>
        {
            _toServer.Enqueue(() =>
            {
                // A request of a broken session may have arrived.
                if (life != _life && random.Next(2) == 0)
                {
                    return;
                }

                var answer = execute();
                if (life != _life)
                {
                    zooKeeper.Forget(this);
                    return;
                }

                Deliver(() =>
                {
                    if (life == _life)
                    {
                        _pending.Remove(pending);
                        Post(() => done(answer));
                    }
                });
            });
            Pump(_toServer);
        });
    }

    private void Deliver(Action action)
    {
        _lastDelivery = Math.Max(_lastDelivery, schedule.Now + Latency());
        schedule.At(_lastDelivery, () =>
        {
            _toClient.Enqueue(action);
            Pump(_toClient);
        });
    }

    private void Pump(Queue<Action> queue)
    {
        while (!IsStalled && queue.TryDequeue(out var action))
        {
            action();
        }
    }

    private long Latency() => random.Next(15) == 0 ? random.Next(slowest) : random.Next(200, 1500);
}
