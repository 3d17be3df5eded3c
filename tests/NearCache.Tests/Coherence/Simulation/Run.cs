using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.Monitoring.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>One run: a fleet under faults, from a seed. The same seed repeats the run event for event.</summary>
internal sealed class Run<TProtocol>
    where TProtocol : struct, ICoherenceProtocol
{
    private readonly Schedule _schedule = new();
    private readonly Random _random;
    private readonly Profile _profile;
    private readonly SimulatedMemcached[] _servers;
    private readonly SimulatedProcess<TProtocol>[] _processes;
    private readonly SimulatedZooKeeper _zooKeeper = new();
    private readonly SimulatedBroker? _broker;
    private readonly Random _ofMonitors;
    private readonly List<SimulatedMonitor<TProtocol>> _monitors = [];
    private int _started;

    public Run(int seed, Profile? profile = null)
    {
        (_random, _ofMonitors) = (new Random(seed), new Random(~seed));
        _profile = profile ?? new Profile(_random);
        Checker = new Checker(_profile.MaxStaleness * 1000);
        _servers = [.. Enumerable.Range(0, _profile.Servers).Select(_ => new SimulatedMemcached(_schedule, Checker, _random))];
        _processes = new SimulatedProcess<TProtocol>[_profile.Processes];
        _broker = _profile.HasBroker ? new SimulatedBroker(_schedule, new Random(seed ^ 0x5A17), _servers, _profile.Slowest) : null;
    }

    public Checker Checker { get; }

    public long Events => _schedule.Events;

    /// <summary>Gets the results of all monitors.</summary>
    public MonitorTotals Monitored { get; } = new();

    /// <summary>Gets a violation that a monitor reported.</summary>
    public string? Reported => _monitors.Select(monitor => monitor.Violation).FirstOrDefault(violation => violation is not null);

    /// <summary>Gets how often each fault occurred.</summary>
    public int[] Faults { get; } = new int[Enum.GetValues<Fault>().Length];

    public IReadOnlyList<SimulatedProcess<TProtocol>> Processes => _processes;

    public IReadOnlyList<SimulatedMemcached> Servers => _servers;

    public SimulatedZooKeeper ZooKeeper => _zooKeeper;

    public SimulatedBroker? Broker => _broker;

    public Schedule Schedule => _schedule;

    public Run<TProtocol> Begin()
    {
        for (var process = 0; process < _processes.Length; process++)
        {
            Start(process);
        }

        Repeat(_profile.MillisecondsBetweenReads * 1000 / _processes.Length, Read);
        Repeat(_profile.MicrosecondsBetweenWrites, Write);
        Repeat((int)(_profile.SecondsBetweenFaults * 1_000_000), MakeFault);
        _broker?.Start();
        if (_profile.MicrosecondsBetweenChecks > 0)
        {
            StoreAgain();
        }

        return this;
    }

    /// <summary>Runs to the end.</summary>
    /// <param name="stopAtViolation">Whether the first violation ends the run.</param>
    public Run<TProtocol> ToEnd(bool stopAtViolation = true)
    {
        for (var second = 1; second <= _profile.Seconds && !(stopAtViolation && Checker.Violation is not null); second++)
        {
            _schedule.RunUntil(second * 1_000_000L);
        }

        return this;
    }

    private void Start(int index)
    {
        var process = new SimulatedProcess<TProtocol>(_started++, _schedule, Checker, _servers, _zooKeeper, _profile, _random, _broker);
        _processes[index] = process;
        foreach (var server in process.Servers)
        {
            server.Connection.Broken = () => Reconnect(process, server);
        }

        if (!_profile.HasZooKeeper)
        {
            process.Session.Break();
        }

        process.Start();
        if (_profile.MicrosecondsBetweenChecks > 0)
        {
            var monitor = new SimulatedMonitor<TProtocol>(process, _schedule, _profile, Monitored, _ofMonitors);
            _monitors.Add(monitor);
            monitor.Start();
        }
    }

    // An eviction, and a fill by a process that is not simulated: another CAS without a write.
    private void StoreAgain() => _schedule.After(_ofMonitors.Next(1_000_000), () =>
    {
        var key = _ofMonitors.Next(Keyspace.Count);
        var server = _servers[key % _servers.Length];
        server.EvictValue(key);
        _schedule.After(_ofMonitors.Next(2_000_000), () => server.Refill(key));
        StoreAgain();
    });

    private void Reconnect(SimulatedProcess<TProtocol> process, ServerLoop<TProtocol> server) =>
        _schedule.After(_random.Next(20_000, 500_000), () => process.Post(() =>
        {
            if (server.Connection.IsBlackHole)
            {
                Reconnect(process, server);
                return;
            }

            server.Connection.Reconnect();
            server.Reconnected();
        }));

    private void Repeat(int microseconds, Action action) =>
        _schedule.After((long)(microseconds * -Math.Log(1 - _random.NextDouble())), () =>
        {
            action();
            Repeat(microseconds, action);
        });

    // Half of the reads use few keys, so that entries are filled right after they were dropped.
    private int AnyKey() => _random.Next(2) == 0 ? _random.Next(4) : _random.Next(Keyspace.Count);

    private SimulatedProcess<TProtocol> AnyProcess() => _processes[_random.Next(_processes.Length)];

    private void Read()
    {
        var (process, key) = (AnyProcess(), AnyKey());
        process.Post(() => process.Get(key));
    }

    private void Write()
    {
        var (process, key, remove) = (AnyProcess(), AnyKey(), _random.Next(6) == 0);
        process.Post(() => process.Write(key, remove));
    }

    private void MakeFault()
    {
        var fault = (Fault)_random.Next(Faults.Length);
        if (!_profile.Has(fault) || (!_profile.HasZooKeeper && fault >= Fault.LoseSession))
        {
            return;
        }

        Faults[(int)fault]++;
        var process = AnyProcess();
        var server = _servers[_random.Next(_servers.Length)];
        var connection = process.Servers[_random.Next(_servers.Length)].Connection;
        _schedule.Tell($"fault {fault}, process {process.Number}");
        var duration = _random.Next(4) == 0 ? _random.Next(8_000_000) : _random.Next(1_500_000);
        switch (fault)
        {
            case Fault.BreakConnection:
                connection.BreaksWithNextWrite = true;
                break;
            case Fault.BlackHole:
                connection.IsBlackHole = true;
                _schedule.After(duration, () => connection.IsBlackHole = false);
                break;
            case Fault.PauseServer:
                server.Pause();
                _schedule.After(duration, server.Resume);
                break;
            case Fault.RestartServer:
                server.Clear();
                foreach (var client in _processes)
                {
                    client.Servers[Array.IndexOf(_servers, server)].Connection.ServerDied();
                }

                break;
            case Fault.FlushAll:
                server.Clear();
                break;
            case Fault.EvictTotal:
                server.EvictTotal();
                break;
            case Fault.EvictSegment:
                server.EvictSegment(Keyspace.Hashes[AnyKey()].Segment);
                break;
            case Fault.EvictLog:
                server.EvictLog();
                break;
            case Fault.EvictValue:
                server.EvictValue(AnyKey());
                break;
            case Fault.RefuseBump:
                server.RefusesBump = true;
                break;
            case Fault.PauseProcess or Fault.SuspendMachine:
                process.Pause(fault == Fault.SuspendMachine);
                _schedule.After(duration, process.Resume);
                break;
            case Fault.CrashProcess:
                process.Die();
                Start(Array.IndexOf(_processes, process));
                break;
            case Fault.WallClockJump:
                // Not covered: a machine that sleeps while its wall clock is set back by as much has no clock that noticed. The docs say
                // so.
                var leastJump = _profile.Has(Fault.SuspendMachine) ? 0 : -8_000;
                process.JumpWallClock(
                    _random.Next(3) == 0 ? _random.NextInt64(450 * leastJump, 3_600_000) : _random.NextInt64(leastJump, 2_000));
                break;
            case Fault.LoseSession:
                process.SessionLost();
                _schedule.After(duration, process.SessionBack);
                break;
            case Fault.RecreateSlot:
                _zooKeeper.Recreate(
                    _random.Next(SimulatedZooKeeper.Slots), _random.Next(2) == 0 ? SlotRing.Empty : SlotRing.Fresh(_random));
                break;
            case Fault.StallSession:
                process.Session.IsStalled = true;
                _schedule.After(duration, () => process.Session.IsStalled = false);
                break;
            default:
                process.Session.LosesEvents = true;
                _schedule.After(duration, () => process.Session.LosesEvents = false);
                break;
        }
    }
}
