using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.Messages.Core;
using NearCache.Coherence.Monitoring.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>A process that uses the cache: the core, with simulated I/O around it instead of sockets and timers.</summary>
internal sealed class SimulatedProcess<TProtocol> : IInvalidationTarget
    where TProtocol : struct, ICoherenceProtocol
{
    private readonly Schedule _schedule;
    private readonly Checker _checker;
    private readonly Profile _profile;
    private readonly Random _random;
    private readonly Dictionary<int, NearItem> _near = [];
    private readonly Queue<Action> _backlog = new();
    private readonly ProcessEpochs _epochs = new();
    private readonly ServerLoop<TProtocol>[] _servers;
    private readonly AnnouncementQueue _queue = new(SlotRing.MaxBytes - 500);
    private readonly SlotReader _reader;
    private readonly SlotWriter _writer;
    private readonly SimulatedMessages? _messages;
    private readonly bool _announcesThroughSlots = true;
    private readonly long _monotonicZero;
    private long _wallZero;
    private long _suspended;
    private long _pausedAt;
    private bool _isSuspension;
    private bool _reading;
    private bool _writing;
    private int _readerTimer;
    private int _writerTimer;

    public SimulatedProcess(
        int number,
        Schedule schedule,
        Checker checker,
        IReadOnlyList<SimulatedMemcached> servers,
        SimulatedZooKeeper zooKeeper,
        Profile profile,
        Random random,
        SimulatedBroker? broker = null)
    {
        (Number, _schedule, _checker, _profile, _random) = (number, schedule, checker, profile, random);
        _monotonicZero = random.NextInt64(1L << 40);
        _wallZero = 1_900_000_000_000 + random.NextInt64(-3_600_000, 3_600_000);
        _reader = new SlotReader(SimulatedZooKeeper.Slots, 5000, profile.MaxStaleness) { Members = profile.Members };
        var bucket = new WriteBudget(5, 100) { Members = profile.Members };
        _writer = new SlotWriter(_queue, bucket, (ulong)random.NextInt64(), random) { Slots = _reader.Readable };
        Session = new SimulatedSession(schedule, zooKeeper, random, profile.Slowest) { Post = Post, Changed = SlotChanged };
        _servers = [.. servers.Select((server, index) => new ServerLoop<TProtocol>(
            index,
            new ServerLedger<TProtocol>(new ServerGate<TProtocol>($"server-{index}:11211", _epochs)),
            new SimulatedConnection(schedule, server, random, profile) { Post = Post },
            this,
            random))];
        if (broker?.Join() is { } kind and not CarrierKind.SlotsAlone)
        {
            _announcesThroughSlots = kind == CarrierKind.Both;
            _messages = new SimulatedMessages(broker, (ulong)number, ReceiveMessage)
            {
                Post = Post,
                Now = () => Now.Monotonic,
                At = AtMonotonic,
            };
        }
    }

    public int Number { get; }

    public void Tell(string what) => _schedule.Tell($"process {Number}, {what}");

    public bool IsDead { get; private set; }

    public bool IsPaused { get; private set; }

    public SimulatedSession Session { get; }

    public IReadOnlyList<ServerLoop<TProtocol>> Servers => _servers;

    public Timestamps Now
    {
        get
        {
            var now = IsPaused ? _pausedAt : _schedule.Now;
            return new Timestamps(_monotonicZero + ((now - _suspended) / 1000), _wallZero + (now / 1000));
        }
    }

    public long ExplanationTime => _messages?.Delay is { } delay
        ? ExplanationWait.Of(Session.IsUp ? Math.Min(delay, _reader.Pace(Now.Monotonic)) : delay, _profile.MaxStaleness, true)
        : ExplanationWait.Of(_reader.Pace(Now.Monotonic), _profile.MaxStaleness, Session.IsUp);

    public long Dropped => _queue.Dropped;

    /// <summary>The age of the oldest confirmation among the servers, in milliseconds.</summary>
    public long OldestConfirmation => _servers.Max(server => Now.Monotonic - server.Ledger.Gate.Confirmed.Monotonic);

    public void Start()
    {
        foreach (var server in _servers)
        {
            server.Pump();
        }

        PumpReader();
        _messages?.Start();
    }

    /// <summary>Runs an event of this process: now, or when it wakes; never if it is dead.</summary>
    public void Post(Action action)
    {
        if (IsDead)
        {
            return;
        }

        if (IsPaused)
        {
            _backlog.Enqueue(action);
        }
        else
        {
            action();
        }
    }

    public void Pause(bool suspend)
    {
        if (!IsPaused)
        {
            (IsPaused, _isSuspension, _pausedAt) = (true, suspend, _schedule.Now);
        }
    }

    public void Resume()
    {
        if (!IsPaused)
        {
            return;
        }

        IsPaused = false;
        if (_isSuspension)
        {
            _suspended += _schedule.Now - _pausedAt;
        }

        // Waiting events run one after another, and the application may read between them.
        DrainBacklog();
    }

    public void JumpWallClock(long milliseconds) => _wallZero += milliseconds;

    public void Die()
    {
        IsDead = true;
        _messages?.Die();
        Session.Break();
        foreach (var server in _servers)
        {
            server.Connection.Break(withPart: false);
        }
    }

    /// <summary>GetAsync: from the near tier if allowed, otherwise from the server, and kept near.</summary>
    public void Get(int key)
    {
        var now = Now;
        var server = ServerOf(key);
        var hash = Keyspace.Hashes[key];
        if (_near.TryGetValue(key, out var entry)
            && server.Ledger.Gate.IsCurrent(hash.Segment, entry.Generation, now, _profile.MaxStaleness))
        {
            _checker.Hit(Number, key, entry.Value, _schedule.Now);
            return;
        }

        var token = server.Ledger.Gate.BeginFill(hash, _epochs.Ring, 0, now);
        server.Connection.Send([new Command(CommandKind.Get, key)], replies =>
        {
            if (replies?[0].Number is not { } value)
            {
                return;
            }

            if (!TProtocol.TokenBeforeRead)
            {
                token = server.Ledger.Gate.BeginFill(hash, _epochs.Ring, 0, Now);
            }

            if (server.Ledger.Gate.MayServe(token))
            {
                _schedule.Tell($"process {Number} keeps key {key} version {value} of segment {hash.Segment}");
                _near[key] = new NearItem((int)value, server.Ledger.Gate.Stamp(token), replies[0].Cas);
            }
        });
    }

    /// <summary>SetAsync or RemoveAsync.</summary>
    public void Write(int key, bool remove) => ServerOf(key).Write(new Write(key), remove);

    /// <summary>Returns whether the log record of this mutation is lost.</summary>
    public bool LosesLog() => _random.NextDouble() < _profile.LostLogs;

    /// <summary>Announces an answered mutation, if possible.</summary>
    public void Announce(ServerLoop<TProtocol> server, int key, MutationVersion version)
    {
        var (hash, segment) = (server.Ledger.Gate.IdentityHash, Keyspace.Hashes[key].Segment);
        _messages?.Announce(hash, segment, Keyspace.Names[key], version);
        if (_announcesThroughSlots)
        {
            _queue.Add(hash, segment, Keyspace.Names[key], version);
            PumpWriter();
        }
    }

    /// <summary>Records that the increments of a write were made up for.</summary>
    public void MadeUp(Write write)
    {
        _schedule.Tell($"made up for: key {write.Key} version {write.Version}");
        _checker.Completed(write.Key, write.Version, _schedule.Now);
    }

    public void SessionLost()
    {
        Session.Break();
        Post(() =>
        {
            _writer.Failed();
            PumpServers();
        });
    }

    public void SessionBack()
    {
        Session.Reconnect();
        Post(() =>
        {
            _reader.Connected();
            PumpReader();
            PumpWriter();
        });
    }

    public void Void(int key)
    {
        _schedule.Tell($"process {Number} voids key {key}");
        _epochs.Stripes.Advance(Keyspace.Hashes[key].Stripe(Stripes.Count));
        if (!_profile.PlantedStaleRead)
        {
            _near.Remove(key);
        }
    }

    void IInvalidationTarget.Invalidate(ReadOnlySpan<byte> key, InvalidationOrigin origin) => Void(Keyspace.IndexOf(key));

    /// <summary>Runs an action at a monotonic millisecond of this process.</summary>
    public void AtMonotonic(long monotonic, Action action) =>
        _schedule.After(Math.Clamp(monotonic - Now.Monotonic, 1, 600_000) * 1000, () => Post(action));

    /// <summary>Returns the near entry of a key, servable or not.</summary>
    public NearItem? Find(int key) => _near.GetValueOrDefault(key);

    /// <summary>Returns what a hit of this entry would find now.</summary>
    public HitState StateOf(int key, NearItem entry)
    {
        var (gate, segment) = (ServerOf(key).Ledger.Gate, Keyspace.Hashes[key].Segment);
        return Find(key) != entry || gate.Generation(segment) != entry.Generation ? HitState.Gone
            : gate.IsOpen(Now, _profile.MaxStaleness) ? HitState.Served
            : HitState.Closed;
    }

    public ServerLoop<TProtocol> ServerOf(int key) => _servers[key % _servers.Length];

    private void DrainBacklog()
    {
        while (!IsPaused && _backlog.TryDequeue(out var action))
        {
            action();
            if (_random.Next(8) == 0 && _backlog.Count > 0)
            {
                _schedule.After(_random.Next(2000), DrainBacklog);
                return;
            }
        }
    }

    private void PumpServers()
    {
        foreach (var server in _servers)
        {
            server.Pump();
        }
    }

    private void SlotChanged(int slot)
    {
        _reader.Changed(slot, Now.Monotonic, byOwnWrite: _writer.Writing == slot);
        _writer.Changed(slot);
        PumpReader();
    }

    private void PumpReader()
    {
        if (_reading || !Session.IsUp)
        {
            return;
        }

        var sentAt = Now.Monotonic;
        var due = _reader.Next(sentAt, out var until);
        if (due.Count == 0)
        {
            Arm(ref _readerTimer, until, () => _readerTimer, PumpReader);
            return;
        }

        _reading = true;
        var waiting = due.Count;
        foreach (var slot in due)
        {
            Session.Get(slot, watch: true, (ring, version, created) =>
            {
                if (version >= 0)
                {
                    _writer.RingRead(slot, ring, version);
                    Receive(_reader.Read(slot, ring, created, sentAt, out _));
                }

                if (--waiting == 0)
                {
                    _reading = false;
                    PumpReader();
                }
            });
        }
    }

    private void PumpWriter()
    {
        if (_writing || !Session.IsUp)
        {
            return;
        }

        var step = _writer.Next(Now.Monotonic);
        switch (step.Kind)
        {
            case SlotStepKind.Wait:
                Arm(ref _writerTimer, step.Until, () => _writerTimer, PumpWriter);
                return;
            case SlotStepKind.Read:
                _writing = true;
                Session.Get(step.Slot, watch: false, (ring, version, created) =>
                {
                    if (version >= 0)
                    {
                        _writer.RingRead(step.Slot, ring, version);
                        Receive(_reader.Unseen(step.Slot, ring, created, out _));
                    }
                    else
                    {
                        _writer.Failed();
                    }

                    Written();
                });
                return;
            default:
                _writing = true;
                Session.Set(step.Slot, step.Data, step.Version, done =>
                {
                    if (done is true)
                    {
                        _writer.Written();
                    }
                    else if (done is false)
                    {
                        _writer.Refused(Now.Monotonic);
                        _reader.WasNotOwn(step.Slot);
                        PumpReader();
                    }
                    else
                    {
                        _writer.Failed();
                    }

                    Written();
                });
                return;
        }
    }

    private void Written()
    {
        _writing = false;
        PumpWriter();
    }

    private void ReceiveMessage(AnnouncementMessage message)
    {
        var trusted = message.Announcements.Where(one => _profile.TrustsUnsignedMessages || message.IsSignedFor(one.Server)).ToArray();
        foreach (var announcement in message.Announcements.Except(trusted))
        {
            Void(Keyspace.IndexOf(announcement.Key.Span));
        }

        Receive(trusted);
    }

    private void Receive(IEnumerable<Announcement> unseen)
    {
        foreach (var announcement in unseen)
        {
            foreach (var server in _servers)
            {
                if (server.Ledger.Gate.IdentityHash == announcement.Server)
                {
                    server.Ledger.Receive(announcement, this);
                }
            }
        }

        foreach (var server in _servers)
        {
            server.Ledger.Settle(Now);
        }
    }

    private void Arm(ref int timer, long until, Func<int> current, Action pump)
    {
        var mine = ++timer;
        if (until != long.MaxValue)
        {
            AtMonotonic(until, () =>
            {
                if (current() == mine)
                {
                    pump();
                }
            });
        }
    }
}

/// <summary>A near entry.</summary>
internal sealed class NearItem(int value, long generation, ulong cas)
{
    public int Value => value;

    public long Generation => generation;

    public ulong Cas => cas;
}
