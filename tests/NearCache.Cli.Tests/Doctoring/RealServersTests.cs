using System.Net.Sockets;
using System.Text.Json.Nodes;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper;

namespace NearCache.Cli.Tests.Doctoring;

/// <summary>Faults that are planted on real servers and in real processes, and the doctor that names them.</summary>
public sealed class RealServersTests : IAsyncLifetime
{
    private readonly List<NearCacheClient> _processes = [];
    private readonly string _namespace = $"shop-{Guid.NewGuid():N}"[..12];
    private MemcachedProcess _first = null!;
    private MemcachedProcess _second = null!;
    private ZooKeeperProcess _zooKeeper = null!;

    public async ValueTask InitializeAsync()
    {
        _zooKeeper = await ZooKeeperProcess.StartNewAsync();
        _first = await MemcachedProcess.StartNewAsync("-m", "64");
        _second = await MemcachedProcess.StartNewAsync("-c", "60", "-t", "2", "-o", "idle_timeout=600");
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        await _zooKeeper.DisposeAsync();
    }

    [Fact]
    public async Task Faults_on_real_servers_are_named_one_after_another()
    {
        await StartAsync();
        await StartAsync();
        await Eventually.BecomesTrueAsync(
            async () => (await DoctorAsync()).Count == 0, "a fleet of two processes is well", TimeSpan.FromMinutes(1));

        // What the command line has wrong.
        string[] servers = ["--memcached", $"{_first.Address},{_second.Address}"];
        string[] zooKeeper = ["--zookeeper", _zooKeeper.Address];
        Assert.Contains("server-refuses", await DoctorAsync([.. servers, .. zooKeeper, "--tls"]));
        Assert.Contains("chroot-missing", await DoctorAsync([.. servers, "--zookeeper", $"{_zooKeeper.Address}/none"]));
        Assert.Equal(["namespace-unknown"], await DoctorAsync([.. servers, .. zooKeeper, "--namespace", _namespace + "x"]));
        Assert.Equal(["other-configuration"], (await DoctorAsync(["--memcached", _first.Address, .. zooKeeper]))
            .Except(["placement-differs"]));

        // What the ensemble has beside the fleet, and a rule that no one should have.
        await using (var admin = new ZooKeeperClient(_zooKeeper.Address))
        {
            await admin.CreateAsync("/dubbo", null, cancellationToken: TestContext.Current.CancellationToken);
            await admin.CreateAsync($"/nearcache/{_namespace}/keys", null, cancellationToken: TestContext.Current.CancellationToken);
        }

        await _processes[0].Rules.AddAsync(
            new RuleOptions { Name = "mutexes", Match = "lock:*" }, new EditReason { Who = "Bob", Why = "faster" },
                TestContext.Current.CancellationToken);
        await _processes[0].Rules.StopAsync(
            "site", new EditReason { Who = "Bob", Why = "wrong prices" }, TestContext.Current.CancellationToken);
        Assert.Equal(
            ["co-tenants", "nodes-left-over", "rule-over-locks", "stop-in-force"], (await DoctorAsync()).Order());

        // A process with another list of servers, and one with another prefix.
        await StartAsync(options => options.Memcached.Servers.RemoveAt(1));
        await Eventually.BecomesTrueAsync(
            async () => (await DoctorAsync()).Contains("servers-differ"), "the list that differs is found", TimeSpan.FromMinutes(1));

        // Nearly no connections left, then none. The tool needs one of its own.
        var sockets = new List<Socket>();
        try
        {
            // Of 60, 10 are for files of two threads, and some more are kept.
            while (sockets.Count < 37)
            {
                sockets.Add(await ConnectAsync(_second.Port));
            }

            Assert.Contains("connections-near-limit", await DoctorAsync());
            while (sockets.Count < 70)
            {
                sockets.Add(await ConnectAsync(_second.Port));
            }

            Assert.Contains("server-full", await DoctorAsync());
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }

        _zooKeeper.Kill();
        Assert.Contains("zookeeper-unreachable", await DoctorAsync());
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", port);
        return socket;
    }

    private async Task StartAsync(Action<NearCacheOptions>? configure = null)
    {
        var options = new NearCacheOptions
        {
            Namespace = _namespace,
            RuleLease = TimeSpan.FromSeconds(1.5),
            Reports = { Interval = TimeSpan.FromSeconds(1) },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" }, new RuleOptions { Name = "site", Match = "site" } },
        };
        options.Memcached.Servers.Add(_first.Address);
        options.Memcached.Servers.Add(_second.Address);
        options.ZooKeeper.ConnectionString = _zooKeeper.Address;
        options.ZooKeeper.SessionTimeout = TimeSpan.FromSeconds(2);
        configure?.Invoke(options);
        var process = new NearCacheClient(options);
        _processes.Add(process);
        await process.SetAsync("product:1", "value");
        await Eventually.BecomesTrueAsync(() => process.Snapshot().Coordination!.IsMember, "the process is a member");
    }

    private Task<IReadOnlyList<string>> DoctorAsync() =>
        DoctorAsync("--memcached", $"{_first.Address},{_second.Address}", "--zookeeper", _zooKeeper.Address);

    // The findings, each once.
    private async Task<IReadOnlyList<string>> DoctorAsync(params string[] arguments)
    {
        string[] named = arguments.Contains("--namespace") ? [] : ["--namespace", _namespace];
        var run = await ToolRun.OfAsync(["doctor", "--json", .. arguments, .. named]);
        var checks = JsonNode.Parse(run.Output)!["checks"]!.AsArray();
        string[] found = [.. checks.Select(check => (string?)check!["id"]).OfType<string>().Distinct()];
        Assert.Equal(found.Length > 0, run.Code > 0);
        return found;
    }
}
