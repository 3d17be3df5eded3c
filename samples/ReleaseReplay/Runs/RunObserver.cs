using System.Diagnostics;
using ReleaseReplay.Cluster;
using ReleaseReplay.Reporting;

namespace ReleaseReplay.Runs;

/// <summary>Measures a run every second, and asks for the owners of connections while most are open.</summary>
/// <param name="perProcess">The connections that a process may have to a server; null where nothing bounds them.</param>
internal sealed class RunObserver(
    int? perProcess, Deployment deployment, FrontDoor door, IReadOnlyList<MemcachedServer> servers, FleetView view, Stopwatch clock)
{
    // The client that asks for the owners, and the connection that counts.
    private const int Observers = 2;
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private readonly List<Measurement> _measurements = [];
    private int _mostProcesses;

    public IReadOnlyList<Measurement> Measurements => _measurements;

    /// <summary>Gets the owners of the connections when most were open.</summary>
    public IReadOnlyList<string> OwnersAtPeak { get; private set; } = [];

    /// <summary>Gets the owners of the connections at the end.</summary>
    public IReadOnlyList<string> OwnersAtEnd { get; private set; } = [];

    public async Task RunAsync(TimeSpan duration)
    {
        var (at, reads) = (clock.Elapsed, door.SourceReads);
        door.TakeLatencies();
        door.TakeFailures();
        var (asking, asked, askedAt) = (Task.CompletedTask, -1, TimeSpan.Zero);
        while (clock.Elapsed < duration)
        {
            for (var i = 0; i < 10; i++)
            {
                CountProcesses();
                await Task.Delay(Period / 10);
            }

            var connections = await Task.WhenAll(servers.Select(server => server.ConnectionsAsync()));
            CountProcesses();
            var (now, latencies, nowReads) = (clock.Elapsed, door.TakeLatencies(), door.SourceReads);
            var measured = new Measurement
            {
                At = now.TotalSeconds,
                Seconds = (now - at).TotalSeconds,
                Connections = connections,
                Bound = (_mostProcesses * perProcess) + servers.Max(server => server.Occupied) + Observers,
                Pods = deployment.Pods.GroupBy(pod => pod.State).ToDictionary(group => group.Key, group => group.Count()),
                Restarts = deployment.Restarts,
                Served = latencies.Length,
                Failures = door.TakeFailures(),
                P99 = latencies.Length == 0 ? 0 : latencies.Order().ElementAt((int)(0.99 * latencies.Length)),
                SourceReads = nowReads - reads,
            };
            (at, reads, _mostProcesses) = (now, nowReads, 0);
            _measurements.Add(measured);
            if (asking.IsCompleted && measured.MostConnections > asked && now - askedAt >= BetweenQuestions)
            {
                (asked, askedAt, asking) = (measured.MostConnections, now, AskAsync());
            }

            LiveTable.Show(measured);
        }

        await asking;
        OwnersAtEnd = await view.AskForAllAsync();
    }

    // A process that has just ended may still be counted by a server.
    private void CountProcesses() => _mostProcesses = Math.Max(_mostProcesses, deployment.Pods.Count(pod => pod.HasProcess));

    private async Task AskAsync()
    {
        var owners = await view.AskAsync();
        OwnersAtPeak = owners.Count > 0 ? owners : OwnersAtPeak;
        LiveTable.Tell(owners);
    }
}
