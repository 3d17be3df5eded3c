using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NearCache.TestSupport.Servers;

namespace NearCache.Memcached.Tests.Faults;

/// <summary>A server in a network namespace of its own, which is then removed: no FIN, no reset, no ICMP.</summary>
public sealed class VanishedPeerTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_peer_that_vanishes_under_load_is_found_out_within_the_operation_timeout()
    {
        await using var away = await Namespace.StartAsync("10.213.7", output);
        await using var client = new MemcachedClient(FaultLoad.Options(away.Address));
        await using var load = new FaultLoad(client, Namespace.Port);
        await load.AnswersAgainAsync();

        away.Vanish();
        await TestSupport.Eventually.BecomesTrueAsync(() => client.Servers[0].State == MemcachedServerState.Down, "the server is down");
        await TestSupport.Eventually.BecomesTrueAsync(() => TcpTable.EstablishedTo(Namespace.Port) == 0, "no connection is left");

        output.WriteLine(load.Row("vanished without FIN, under load", TimeSpan.Zero));
        Assert.InRange(load.Slowest, TimeSpan.FromSeconds(0.8), TimeSpan.MaxValue);
        Assert.InRange(load.SlowestOfOurs, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.InRange(load.MaxConnections, 0, 1);
    }

    [Fact]
    public async Task A_peer_that_vanishes_while_idle_is_found_out_by_asking()
    {
        await using var away = await Namespace.StartAsync("10.213.8", output);
        var options = FaultLoad.Options(away.Address);
        options.KeepAlive = TimeSpan.FromSeconds(1);
        await using var client = new MemcachedClient(options);
        await client.SetAsync("k", "v"u8.ToArray());

        away.Vanish();
        var clock = Stopwatch.StartNew();
        await TestSupport.Eventually.BecomesTrueAsync(() => client.Servers[0].State == MemcachedServerState.Down, "the server is down");

        output.WriteLine($"[FIGURE] vanished without FIN, idle, KeepAlive 1 s | found out in {clock.ElapsedMilliseconds} ms | "
            + $"connections after {client.Servers[0].Connections.Count}");
        Assert.Empty(client.Servers[0].Connections);
    }

    private sealed class Namespace : IAsyncDisposable
    {
        public const int Port = 18211;
        private readonly string _name = string.Create(
            CultureInfo.InvariantCulture, $"nc{Environment.ProcessId % 100000}{Random.Shared.Next(100)}");
        private Process? _server;

        public string Address { get; private init; } = "";

        public static async Task<Namespace> StartAsync(string network, ITestOutputHelper output)
        {
            Require.Program("ip");
            Require.Program("memcached");
            Assert.SkipUnless(Environment.IsPrivilegedProcess, "making a network namespace needs root");
            var made = new Namespace { Address = $"{network}.2:{Port}" };
            var isMade = Ip($"netns add {made._name}") && Ip(
                $"link add v{made._name} type veth peer name w{made._name}") && Ip($"link set w{made._name} netns {made._name}")
                && Ip($"addr add {network}.1/24 dev v{made._name}") && Ip($"link set v{made._name} up")
                && Ip($"-n {made._name} addr add {network}.2/24 dev w{made._name}") && Ip($"-n {made._name} link set w{made._name} up");
            if (!isMade)
            {
                await made.DisposeAsync();
                Assert.Skip("this machine does not let us make a network namespace with a pair of interfaces");
            }

            made._server = Process.Start(
                new ProcessStartInfo("ip", $"netns exec {made._name} memcached -p {Port} -U 0 -l {network}.2 -u root -m 64 -t 2"));
            output.WriteLine($"memcached in namespace {made._name} at {made.Address}");
            await TestSupport.Eventually.BecomesTrueAsync(() => AnswersAsync(IPEndPoint.Parse(made.Address)), "it answers");
            return made;
        }

        /// <summary>Packets end in nowhere from now on, in both directions.</summary>
        public void Vanish()
        {
            Ip($"-n {_name} link del w{_name}");
            Ip($"netns del {_name}");
            Ip($"link add v{_name} type dummy");
            Ip($"addr add {Address[..Address.LastIndexOf('.')]}.1/24 dev v{_name}");
            Ip($"link set v{_name} up");
        }

        public ValueTask DisposeAsync()
        {
            _server?.Kill(entireProcessTree: true);
            _server?.Dispose();
            Ip($"link del v{_name}");
            Ip($"netns del {_name}");
            return ValueTask.CompletedTask;
        }

        private static async Task<bool> AnswersAsync(IPEndPoint endpoint)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            try
            {
                await socket.ConnectAsync(endpoint, limit.Token);
                return true;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                return false;
            }
        }

        private static bool Ip(string arguments)
        {
            using var process = Process.Start(
                new ProcessStartInfo("ip", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
    }
}
