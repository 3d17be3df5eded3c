using NearCache.Coherence.Core;
using NearCache.Coherence.Messages.Core;

namespace NearCache.Tests.Coherence.Simulation;

internal enum CarrierKind
{
    SlotsAlone,
    Both,
    MessagesAlone,
}

/// <summary>
/// A message broker that loses, delays, doubles and reorders messages, falls silent, breaks connections, delivers old messages again, and
/// to which a program publishes that cannot read the memcached servers.
/// </summary>
/// <remarks>Has random numbers of its own, so that a seed without a broker is what it was.</remarks>
internal sealed class SimulatedBroker(Schedule schedule, Random random, IReadOnlyList<SimulatedMemcached> servers, int slowest)
{
    private readonly List<SimulatedMessages> _connected = [];
    private readonly List<byte[]> _old = [];
    private readonly double _lost = random.Next(3) switch { 0 => 0.2, 1 => 0.01, _ => 0 };
    private readonly int _kinds = random.Next(4);
    private bool _isSilent;

    public long Delivered { get; private set; }

    public long Forged { get; private set; }

    /// <summary>Gets the random numbers of what stands around the broker.</summary>
    public Random Random => random;

    public Schedule Schedule => schedule;

    /// <summary>
    /// Returns the carriers of a new process: in some seeds the same for all, in others as during a change to the broker.
    /// </summary>
    public CarrierKind Join() => _kinds switch
    {
        0 => CarrierKind.MessagesAlone,
        1 => CarrierKind.Both,
        _ => (CarrierKind)random.Next(3),
    };

    public void Start()
    {
        Repeat(2_000_000, Fail);
        Repeat(200_000, Forge);
        Repeat(500_000, () =>
        {
            if (_old.Count > 0)
            {
                Deliver(_old[random.Next(_old.Count)]);
            }
        });
    }

    public void Connect(SimulatedMessages process) => _connected.Add(process);

    public void Disconnect(SimulatedMessages process) => _connected.Remove(process);

    /// <summary>Publishes, and confirms unless it is silent.</summary>
    public void Publish(byte[] message, Action<bool> confirmed)
    {
        _old.Add(message);
        schedule.After(Latency(), () =>
        {
            if (_isSilent)
            {
                schedule.After(2_000_000, () => confirmed(false));
                return;
            }

            Deliver(message);
            schedule.After(Latency(), () => confirmed(true));
        });
    }

    /// <summary>Returns the identity of a server by its hash: what a process that reads the server knows.</summary>
    public string? IdentityOf(ulong hash)
    {
        for (var index = 0; index < servers.Count; index++)
        {
            if (HashOf(index) == hash)
            {
                return $"{index}-{servers[index].Life}";
            }
        }

        return null;
    }

    private static ulong HashOf(int index) => KeyHash.Of(System.Text.Encoding.UTF8.GetBytes($"server-{index}:11211")).Value;

    private void Deliver(byte[] message)
    {
        if (_isSilent)
        {
            return;
        }

        foreach (var process in _connected)
        {
            for (var copies = random.NextDouble() < _lost ? 0 : random.Next(20) == 0 ? 2 : 1; copies > 0; copies--)
            {
                Delivered++;
                schedule.After(Latency(), () => process.Deliver(message));
            }
        }
    }

    // The newest write of a server, or the next one, is said to be that of some key. A claim of later ones would look like lost counters.
    private void Forge()
    {
        var index = random.Next(servers.Count);
        var key = random.Next(Keyspace.Count);
        var version = new MutationVersion(servers[index].Total + random.Next(2), 0);
        Forged++;
        Deliver(new AnnouncementMessage
        {
            Sender = (ulong)random.Next(8),
            Number = random.NextInt64(),
            Members = random.Next(10_000),
            Announcements =
            [
                new Announcement
                {
                    Server = HashOf(index),
                    Segment = Keyspace.Hashes[key].Segment,
                    Key = Keyspace.Names[key],
                    Versions = [version],
                },
            ],
        }.Encode(new Dictionary<ulong, string> { [HashOf(index)] = "a guess" }));
    }

    private void Fail()
    {
        var duration = random.Next(4) == 0 ? random.Next(8_000_000) : random.Next(1_500_000);
        if (random.Next(2) == 0)
        {
            _isSilent = true;
            schedule.After(duration, () => _isSilent = false);
        }
        else if (_connected.Count > 0)
        {
            _connected[random.Next(_connected.Count)].Break(duration);
        }
    }

    private void Repeat(int microseconds, Action action) =>
        schedule.After((long)(microseconds * -Math.Log(1 - random.NextDouble())), () =>
        {
            action();
            Repeat(microseconds, action);
        });

    private long Latency() => random.Next(15) == 0 ? random.Next(slowest) : random.Next(100, 1000);
}
