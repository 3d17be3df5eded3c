using ReleaseReplay.Cluster;

namespace ReleaseReplay.Runs;

/// <summary>What goes wrong during the release.</summary>
internal sealed record Disturbance(string Name, string What, params (string Name, string Value)[] OfRelease)
{
    private static readonly TimeSpan Lasts = TimeSpan.FromSeconds(8);
    private const int RoomOfFullServer = 3;

    public static readonly Disturbance None = new("none", "nothing");

    public static IReadOnlyList<Disturbance> All { get; } =
    [
        None,
        new("slow", "memcached replies 400 ms late, for 8 s"),
        new("restart", "each memcached is killed and started again a second later"),
        new("limit", "another application takes the connections of memcached but a few, for 8 s"),
        new("half-open", "every open connection loses its server without a word"),
        new("bad-image", "the released version fails at start, and is rolled back after 8 s", ("Pod__FailsAtStart", "true")),
        new("blocked-pool", "another client in the released version blocks the thread pool at start", Scenario.OtherClient),
    ];

    /// <summary>Disturbs, and returns when the disturbance is over.</summary>
    public async Task RunAsync(IReadOnlyList<MemcachedServer> servers, NetworkFaults faults)
    {
        switch (Name)
        {
            case "slow":
                faults.Delay = TimeSpan.FromMilliseconds(400);
                await Task.Delay(Lasts);
                faults.Delay = TimeSpan.Zero;
                break;
            case "restart":
                foreach (var server in servers)
                {
                    server.Kill();
                    await Task.Delay(TimeSpan.FromSeconds(1));
                    await server.StartAsync();
                }

                break;
            case "limit":
                await Task.WhenAll(servers.Select(server => server.OccupyAsync(RoomOfFullServer)));
                await Task.Delay(Lasts);
                foreach (var server in servers)
                {
                    server.Release();
                }

                break;
            case "half-open":
                faults.HalfOpen();
                break;
            case "bad-image":
                await Task.Delay(Lasts);
                break;
            default:
                break;
        }
    }
}
