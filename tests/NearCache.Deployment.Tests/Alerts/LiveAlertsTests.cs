using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using NearCache.Deployment.Tests.Monitoring;
using NearCache.TestSupport;
using NearCache.ZooKeeper;

namespace NearCache.Deployment.Tests.Alerts;

/// <summary>The alerts of deploy/monitoring in a real Prometheus over real servers: each fault fires its alert.</summary>
public sealed class LiveAlertsTests(ITestOutputHelper output)
{
    // Announcements above the budget need a defect that no setting and no fault brings about: each process limits itself.
    private const string NotPlanted = "NearCacheZooKeeperOverBudget";

    // The last one: without the console there is no figure of the fleet.
    private const string OfConsole = "NearCacheConsoleAway";

    private const string Reason = "takes minutes: NEARCACHE_FULL=1";

    [Fact]
    public async Task Every_fault_fires_its_alert()
    {
        Assert.SkipUnless(IntegrationTests.TestScale.IsFull, Reason);
        await using var fleet = await AlertedFleet.StartNewAsync(shops: 3, speed: 20, longest: TimeSpan.FromSeconds(30));
        await using var defective = new DefectiveCache(fleet.Other.Address);
        var before = await fleet.Prometheus.FiringAsync();
        Assert.Empty(before);

        // So long ago the source was at rest.
        await Eventually.BecomesTrueAsync(
            async () => (await fleet.Prometheus.QueryAsync("nearcache_factory_runs_total offset 32s")).Count >= 3, "the past is known");
        using var stopping = new CancellationTokenSource();
        await fleet.AddShopAsync("--NearCache:Reports:Enabled=false");
        Task[] faults =
        [
            defective.ServeStaleAsync(stopping.Token),
            CreateNodesAsync(fleet, stopping.Token),
            ChurnAsync(fleet, stopping.Token),
            ReadManyAsync(fleet, stopping.Token),
            ReportOtherVersionAsync(fleet, stopping.Token),
            OpenConnectionsAsync(fleet.First.Port, stopping.Token),
        ];
        await fleet.Shops[0].StopAsync("idle", AlertedFleet.AdminKey);
        fleet.Second.Kill();
        var fired = new Dictionary<string, string>();
        await FireAsync(fleet, fired, [.. Names.Alerts.Select(alert => alert.Name).Except([NotPlanted, OfConsole])], faults);
        await stopping.CancelAsync();
        await Task.WhenAll(faults).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        Assert.All(faults, fault => Assert.False(fault.IsFaulted, fault.Exception?.ToString()));
        fleet.Console.Kill();
        await FireAsync(fleet, fired, [OfConsole], []);

        Assert.DoesNotContain(NotPlanted, fired.Keys);
        Assert.All(fired.Values, text => Assert.DoesNotContain("error expanding template", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_happens_to_a_healthy_fleet_fires_nothing()
    {
        Assert.SkipUnless(IntegrationTests.TestScale.IsFull, Reason);
        await using var fleet = await AlertedFleet.StartNewAsync(shops: 4, speed: 3, longest: TimeSpan.FromMinutes(1));
        using var stopping = new CancellationTokenSource();
        var visitors = VisitAsync(fleet, stopping.Token);
        await StepAsync(fleet, "quiet", () => Task.CompletedTask);
        await StepAsync(fleet, "rolling release", async () =>
        {
            foreach (var old in fleet.Shops.ToArray())
            {
                await fleet.AddShopAsync();
                await fleet.RemoveAsync(old);
            }
        });
        await StepAsync(fleet, "restart of a memcached", async () =>
        {
            fleet.First.Kill();
            await fleet.First.StartAsync();
        });
        await StepAsync(fleet, "election of a leader of ZooKeeper", async () =>
        {
            var leader = await fleet.ZooKeeper.LeaderAsync();
            leader.Kill();
            await fleet.ZooKeeper.LeaderAsync();
            await leader.StartAsync();
        });
        await StepAsync(fleet, "ZooKeeper away for a minute", async () =>
        {
            fleet.ZooKeeper.KillAll();
            await Task.Delay(TimeSpan.FromMinutes(1), TimeProvider.System);
            await fleet.ZooKeeper.StartAllAsync();
        });
        await StepAsync(fleet, "scale to zero, and back", async () =>
        {
            foreach (var shop in fleet.Shops.ToArray())
            {
                await fleet.RemoveAsync(shop);
            }

            await Task.Delay(TimeSpan.FromMinutes(1), TimeProvider.System);
            for (var shop = 0; shop < 4; shop++)
            {
                await fleet.AddShopAsync();
            }
        });
        await stopping.CancelAsync();
        await visitors;

        Assert.Empty(await fleet.Prometheus.QueryAsync("max_over_time(ALERTS{alertstate=\"firing\"}[1h])"));
        Assert.NotEmpty(await fleet.Prometheus.QueryAsync("nearcache_fleet_connections_unaccounted"));
    }

    // Something happens, and a minute passes.
    private async Task StepAsync(AlertedFleet fleet, string what, Func<Task> happens)
    {
        var watch = Stopwatch.StartNew();
        await happens();
        await Task.Delay(TimeSpan.FromSeconds(45), TimeProvider.System);
        var alerts = await fleet.Prometheus.QueryAsync("max by (alertname, alertstate) (max_over_time(ALERTS[2m]))");
        var runs = await fleet.Prometheus.QueryAsync("sum(rate(nearcache_factory_runs_total[1m]))");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"[FIGURE] {what}: {watch.Elapsed.TotalSeconds:0} s, {runs.Sum(run => run.Value):0.0} factory runs/s at the end, alerts of two "
                + $"minutes: {string.Join(", ", alerts.Select(alert => alert.Labels))}"));
    }

    // Some 50 requests a second, and a page of the console that is open.
    private static async Task VisitAsync(AlertedFleet fleet, CancellationToken stopping)
    {
        for (var visit = 0; !stopping.IsCancellationRequested; visit++)
        {
            if (visit % 50 == 0)
            {
                await fleet.Console.LookAsync();
            }

            if (fleet.Shops.ToArray() is { Length: > 0 } shops)
            {
                try
                {
                    await shops[visit % shops.Length].ReadAsync(product: visit % 300);
                }
                catch (HttpRequestException)
                {
                    // It has just ended.
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task FireAsync(AlertedFleet fleet, Dictionary<string, string> fired, string[] expected, Task[] faults)
    {
        var watch = Stopwatch.StartNew();
        await fleet.AwaitAsync(
            async () =>
            {
                if (fleet.Console.IsRunning)
                {
                    await fleet.Console.LookAsync();
                }

                foreach (var (name, summary) in await fleet.Prometheus.FiringAsync())
                {
                    if (fired.TryAdd(name, summary))
                    {
                        output.WriteLine(string.Create(
                            CultureInfo.InvariantCulture, $"[FIGURE] {name} after {watch.Elapsed.TotalSeconds:0} s: {summary}"));
                    }
                }

                await Task.WhenAny(
                    faults.Where(fault => fault.IsFaulted).Append(Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System)));
                return expected.All(fired.ContainsKey) || faults.Any(fault => fault.IsFaulted);
            },
            "every alert fires");
    }

    // More than 1,000 a minute, outside of every namespace.
    private static async Task CreateNodesAsync(AlertedFleet fleet, CancellationToken stopping)
    {
        await using var other = new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = fleet.ZooKeeper.ConnectionString });
        await other.CreateAsync("/other", data: null, cancellationToken: stopping);
        for (var node = 0; !stopping.IsCancellationRequested; node++)
        {
            await other.CreateAsync(string.Create(CultureInfo.InvariantCulture, $"/other/{node}"), null, cancellationToken: stopping);
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, stopping);
        }
    }

    private static async Task ChurnAsync(AlertedFleet fleet, CancellationToken stopping)
    {
        // Those whose keys are on the server that is down are refused.
        for (var parameter = 0; !stopping.IsCancellationRequested; parameter = (parameter + 1) % 100)
        {
            await fleet.Shops[0].ChangeAsync(string.Create(CultureInfo.InvariantCulture, $"p{parameter}"));
        }
    }

    private static Task ReadManyAsync(AlertedFleet fleet, CancellationToken stopping) => Task.WhenAll(
        Enumerable.Range(0, 12).Select(async reader =>
        {
            for (var product = 1000 * reader; !stopping.IsCancellationRequested; product++)
            {
                await fleet.Shops[1 + (reader % 2)].ReadAsync(product);
            }
        }));

    // The report of a live process with the version of another one.
    private static async Task ReportOtherVersionAsync(AlertedFleet fleet, CancellationToken stopping)
    {
        const string Keys = $"~nc:1:{ShopProcess.Namespace}:report:";
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", fleet.First.Port, stopping);
        using var reader = new StreamReader(client.GetStream());
        await using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true };
        async Task<string?> AskAsync(string command)
        {
            await writer.WriteAsync(command + "\r\n");
            return await reader.ReadLineAsync(stopping);
        }

        string? report = null;
        for (var place = 0; report is null; place = (place + 1) % 64)
        {
            report = await AskAsync($"mg {Keys}{place} v") is ['V', ..] ? await reader.ReadLineAsync(stopping) : null;
        }

        var version = typeof(NearCacheClient).Assembly.GetName().Version!.ToString(3);
        Assert.Contains($"\"version\":\"{version}", report, StringComparison.Ordinal);
        var other = report.Replace($"\"version\":\"{version}", "\"version\":\"9.9.9", StringComparison.Ordinal)
            .Replace("\"id\":\"", "\"id\":\"0000", StringComparison.Ordinal);
        var at = other.IndexOf("\"id\":\"", StringComparison.Ordinal) + 38;
        other = other.Remove(at, 4);
        while (!stopping.IsCancellationRequested)
        {
            Assert.Equal("HD", await AskAsync($"ms {Keys}15 {other.Length} T900\r\n{other}"));
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, stopping);
        }
    }

    // First as many as are suspicious, then as many as are too many, until the server refuses.
    private static async Task OpenConnectionsAsync(int port, CancellationToken stopping)
    {
        var sockets = new List<Socket>();
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                await socket.ConnectAsync("127.0.0.1", port, stopping);
                if (sockets.Count >= 2 * AlertedFleet.MostConnections)
                {
                    sockets[AlertedFleet.MostConnections].Dispose();
                    sockets.RemoveAt(AlertedFleet.MostConnections);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, stopping);
            }
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }
}
