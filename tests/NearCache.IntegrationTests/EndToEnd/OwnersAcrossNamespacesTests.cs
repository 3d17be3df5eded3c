using System.Diagnostics;
using System.Globalization;
using NearCache.IntegrationTests.Rules;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// Owners of connections with addresses as in a cluster: each process in a network namespace of its own, two of them behind source NAT.
/// </summary>
public sealed class OwnersAcrossNamespacesTests
{
    private const string Server = "10.201.0.1";
    private const string Node = "10.201.0.20";
    private const int Port = 11211;

    [Fact]
    public async Task Every_connection_of_six_processes_is_attributed_and_foreign_and_leaked_ones_are_found()
    {
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists("/usr/sbin/iptables"), "network namespaces need root and iptables");
        using var network = await Network.CreateAsync();
        using var memcached = network.Start("hub", "memcached", "-l", Server, "-p", Text(Port), "-u", "root", "-U", "0");
        var pods = await Task.WhenAll(network.Pods.Select(pod => CacheProcess.StartInNetworkAsync(
            network.Name(pod), pod, $"{Server}:{Port}", nodeAddress: pod == "p6" ? Node : null)));
        try
        {
            using var foreign = network.Start(
                "other", "bash", "-c", $"for i in $(seq 50); do exec {{fd}}<>/dev/tcp/{Server}/{Port}; done; sleep 600");
            await OwnersOfSix.AreFoundAsync(
                pods,
                leaking: 1,
                "10.201.0.11 Process p1 1/1; 10.201.0.12 Process p2 2/1; 10.201.0.13 Process p3 1/1; 10.201.0.14 Process p4 1/1; "
                    + "10.201.0.20 Node p5+p6 2/2; 10.201.0.30 Foreign  50/0");
        }
        finally
        {
            foreach (var pod in pods)
            {
                await pod.DisposeAsync();
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// A hub with memcached, four pods beside it, two behind a node that translates their address, and another machine. The node keeps the
    /// ports of the fifth pod, and changes those of the sixth, which is told the address of its node.
    /// </summary>
    private sealed class Network : IDisposable
    {
        private const string Prefix = "nc";

        private readonly string _prefix = $"{Prefix}{Environment.ProcessId}-";

        public string[] Pods { get; } = ["p1", "p2", "p3", "p4", "p5", "p6"];

        public static async Task<Network> CreateAsync()
        {
            await RemoveLeftoversAsync();
            var network = new Network();
            foreach (var name in network.All)
            {
                await RunAsync("ip", "netns", "add", network.Name(name));
                await RunAsync("ip", "-n", network.Name(name), "link", "set", "lo", "up");
            }

            await network.IpAsync("hub", "link add br0 type bridge");
            await network.IpAsync("hub", $"addr add {Server}/24 dev br0");
            await network.IpAsync("hub", "link set br0 up");
            for (var i = 1; i <= 4; i++)
            {
                await network.JoinAsync($"p{i}", $"10.201.0.1{i}/24");
            }

            await network.JoinAsync("node", $"{Node}/24");
            await network.JoinAsync("other", "10.201.0.30/24");
            await RunAsync("nsenter", $"--net=/run/netns/{network.Name("node")}", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward");
            await network.TranslateAsync("p5", "10.202.0");
            await network.TranslateAsync("p6", "10.203.0", "--random-fully");
            return network;
        }

        public string Name(string pod) => _prefix + pod;

        /// <summary>Starts a program in a namespace.</summary>
        public RunningProgram Start(string where, params string[] command) =>
            new(Process.Start(new ProcessStartInfo("nsenter", [$"--net=/run/netns/{Name(where)}", .. command]))!);

        public void Dispose()
        {
            foreach (var name in All)
            {
                using var removal = Process.Start("ip", ["netns", "del", Name(name)]);
                removal.WaitForExit();
            }
        }

        private IEnumerable<string> All => [.. Pods, "hub", "node", "other"];

        private async Task JoinAsync(string name, string address)
        {
            await IpAsync("hub", $"link add v{name} type veth peer name e0 netns {Name(name)}");
            await IpAsync("hub", $"link set v{name} master br0 up");
            await IpAsync(name, $"addr add {address} dev e0");
            await IpAsync(name, "link set e0 up");
        }

        // Puts a pod behind the node.
        private async Task TranslateAsync(string pod, string network, params string[] how)
        {
            await IpAsync("node", $"link add v{pod} type veth peer name e0 netns {Name(pod)}");
            await IpAsync("node", $"addr add {network}.1/24 dev v{pod}");
            await IpAsync("node", $"link set v{pod} up");
            await IpAsync(pod, $"addr add {network}.2/24 dev e0");
            await IpAsync(pod, "link set e0 up");
            await IpAsync(pod, $"route add default via {network}.1");
            string[] rule = ["-t", "nat", "-A", "POSTROUTING", "-s", $"{network}.0/24", "-j", "MASQUERADE", .. how];
            await RunAsync("nsenter", [$"--net=/run/netns/{Name("node")}", "iptables", .. rule]);
        }

        // A run that was killed leaves its namespaces behind. Those of a run that lives stay, and those in which a program still runs.
        private static async Task RemoveLeftoversAsync()
        {
            var names = (await RunAsync("ip", "netns", "list")).Split('\n').Select(line => line.Split(' ')[0]);
            foreach (var name in names.Where(name => OwnerOf(name) is { } owner && !File.Exists($"/proc/{owner}/cmdline")))
            {
                if ((await RunAsync("ip", "netns", "pids", name)).Trim().Length == 0)
                {
                    // Another run may remove it at the same time.
                    using var removal = Process.Start("ip", ["netns", "del", name]);
                    await removal.WaitForExitAsync();
                }
            }
        }

        private static int? OwnerOf(string name) =>
            name.Split('-') is [{ Length: > 2 } first, _] && first.StartsWith(Prefix, StringComparison.Ordinal)
            && int.TryParse(first.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var owner) ? owner : null;

        private Task<string> IpAsync(string where, string command) => RunAsync("ip", ["-n", Name(where), .. command.Split(' ')]);

        private static async Task<string> RunAsync(string program, params string[] arguments)
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await errors}");
            return output;
        }
    }

    private sealed class RunningProgram(Process process) : IDisposable
    {
        public void Dispose()
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
        }
    }
}
