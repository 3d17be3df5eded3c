using System.Globalization;
using NearCache.Coherence.Core;
using NearCache.Coherence.Identity.Core;

namespace NearCache.Tests.Coherence.Identity;

/// <summary>
/// Fleets that audit names in random order, with replies and documents in flight, while servers restart, are flushed, lose items and move:
/// servers that are what their names say raise no conflict, and two servers behind a name are found by every process that sees them.
/// </summary>
public sealed class IdentitySimulationTests(ITestOutputHelper output)
{
    private const int Steps = 10_000;
    private static readonly int Runs = int.Parse(
        Environment.GetEnvironmentVariable("NEARCACHE_ROUNDS") is { Length: > 0 } rounds ? rounds : "10", CultureInfo.InvariantCulture);

    [Fact]
    public void Servers_that_restart_are_flushed_and_evict_raise_no_conflict()
    {
        var audits = 0L;
        for (var seed = 0; seed < Runs; seed++)
        {
            var world = new World(seed, isSplit: false);
            world.Run(Steps);
            world.Settle();
            audits += world.Audits;
            Assert.True(world.Raised.Count == 0, $"seed {seed}: {string.Join("; ", world.Raised.Select(conflict => conflict.Text))}");
        }

        output.WriteLine($"[FIGURE] {audits:N0} audits, no conflict");
    }

    [Fact]
    public void Two_servers_behind_a_name_are_found_by_every_process()
    {
        for (var seed = 0; seed < Runs; seed++)
        {
            var world = new World(seed, isSplit: true);
            world.Run(Steps);
            world.Settle();
            Assert.True(world.InConflict == World.Processes, $"seed {seed}: {world.InConflict} processes found it");
            Assert.All(world.Raised, conflict => Assert.Equal(("a", IdentityConflictKind.TwoServers), (conflict.Server, conflict.Kind)));
        }
    }

    // Names "a" and "b"; the documents of each are held by the other, and die with it.
    private sealed class World
    {
        public const int Processes = 4;
        private static readonly string[] Names = ["a", "b"];

        private readonly Random _random;
        private readonly bool _isSplit;
        private readonly Server[] _servers;
        private readonly IdentityDocument[] _documents = [IdentityDocument.Empty, IdentityDocument.Empty];
        private readonly Process[] _processes;
        private readonly List<Action> _inFlight = [];
        private long _now;

        public World(int seed, bool isSplit)
        {
            (_random, _isSplit) = (new Random(seed), isSplit);
            _servers = [new Server(_random), new Server(_random), new Server(_random)];   // the last is behind "a", too
            _processes = [.. Enumerable.Range(0, Processes).Select(_ => new Process(Raised))];
        }

        public List<IdentityConflict> Raised { get; } = [];

        public int InConflict => _processes.Count(process => process.Register.Conflicts.Count > 0);

        public long Audits { get; private set; }

        public void Run(int steps)
        {
            for (var step = 0; step < steps; step++)
            {
                _now += _random.Next(50);
                switch (_random.Next(100))
                {
                    case < 1 when !_isSplit || _random.Next(20) == 0:
                        var restarted = _random.Next(_servers.Length);
                        _servers[restarted].Restart(_random);
                        if (restarted < 2)
                        {
                            _documents[restarted] = IdentityDocument.Empty;
                        }

                        break;
                    case < 3:
                        _servers[_random.Next(_servers.Length)].HasItem = false;   // until a process that knows it adds it again
                        break;
                    case < 4 when !_isSplit:
                        var index = _random.Next(Processes);
                        _processes[index] = new Process(Raised);
                        break;
                    case < 35:
                        Audit(_random.Next(Processes), _random.Next(Names.Length));
                        break;
                    case < 45:
                        Exchange(_random.Next(Processes), _random.Next(Names.Length));
                        break;
                    default:
                        Deliver();
                        break;
                }
            }
        }

        // Everything arrives, and each process looks often enough that all have heard of all.
        public void Settle()
        {
            for (var round = 0; round < 4; round++)
            {
                for (var process = 0; process < Processes; process++)
                {
                    for (var name = 0; name < Names.Length; name++)
                    {
                        Audit(process, name);
                        DeliverAll();
                        Exchange(process, name);
                        DeliverAll();
                    }
                }
            }
        }

        private void Audit(int process, int name)
        {
            var server = _servers[_isSplit && name == 0 && process % 2 == 1 ? 2 : name];
            var register = _processes[process].Register;
            var look = register.Sending(Names[name]);
            server.Total += _random.Next(3);
            var (id, total, connection) = (server.Id, server.Total, server.Life);
            var (hasItem, life) = (server.HasItem, server.Life);
            Audits++;
            _inFlight.Add(() =>
            {
                if (hasItem)
                {
                    register.Observe(Names[name], look, id, total, connection, new Timestamps(_now, 1_893_493_860_000 + _now));
                }
                else if (server.Life == life)
                {
                    server.HasItem = true;   // added again, with the same value
                }
            });
        }

        private void Exchange(int index, int holder)
        {
            var process = _processes[index];
            var read = _documents[holder];
            _inFlight.Add(() =>
            {
                // A compare-and-set: nothing is written over what was written meanwhile.
                if (process.Reconciler.Reconcile(Names[holder], read, 40_000, _now) is { } document
                    && ReferenceEquals(_documents[holder], read))
                {
                    Assert.True(IdentityDocument.TryDecode(document.Encode(), out var stored, out _));
                    _documents[holder] = stored;
                }
            });
        }

        private void DeliverAll()
        {
            while (_inFlight.Count > 0)
            {
                Deliver();
            }
        }

        private void Deliver()
        {
            if (_inFlight.Count > 0)
            {
                var next = _random.Next(_inFlight.Count);
                var reply = _inFlight[next];
                _inFlight.RemoveAt(next);
                reply();
            }
        }

        private sealed class Process
        {
            public Process(List<IdentityConflict> raised)
            {
                Register = new IdentityRegister(raised: raised.Add);
                Reconciler = new IdentityReconciler(Register, () => Names, () => "a,b");
            }

            public IdentityRegister Register { get; }

            public IdentityReconciler Reconciler { get; }
        }

        private sealed class Server
        {
            private static long LastLife;

            public Server(Random random) => Restart(random);

            public string Id { get; private set; } = "";

            public long Life { get; private set; }

            public bool HasItem { get; set; }

            public long Total { get; set; }

            public void Restart(Random random)
            {
                var bytes = new byte[16];
                random.NextBytes(bytes);
                (Id, Total, HasItem) = (Convert.ToHexStringLower(bytes), random.NextInt64(1L << 20, 1L << 48), true);
                Life = Interlocked.Increment(ref LastLife);
            }
        }
    }
}
