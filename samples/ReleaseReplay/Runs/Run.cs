using System.Diagnostics;
using ReleaseReplay.Cluster;
using ReleaseReplay.Reporting;

namespace ReleaseReplay.Runs;

/// <summary>Plays one run: a steady fleet, a release, and a disturbance in its middle.</summary>
internal sealed class Run(ReplaySettings settings, Scenario scenario, Disturbance disturbance, string program)
{
    private const int FullServer = 64;
    private const int MostStartFailures = 3;

    // So long, items are made and end in about equal numbers: the steady load on the source. A short run does not wait for that.
    private const int FullSeconds = 40;
    private static readonly TimeSpan Fill = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan ShortFill = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortSteady = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan UntilDisturbance = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(2);
    private readonly Stopwatch _clock = new();

    // Those of NearCache, one for the moment of a probe, and those of the other client of the released version.
    private int? PerProcess => scenario.ConnectionsPerServer + 1
        + (HasOtherClient ? int.Parse(Scenario.OtherClient.Value, null) : 0);

    private bool IsShort => settings.Seconds < FullSeconds;

    private bool IsNaive => scenario.ConnectionsPerServer is null;

    private bool HasOtherClient => scenario.OfRelease.Concat(disturbance.OfRelease).Contains(Scenario.OtherClient);

    public async Task<RunResult> PlayAsync()
    {
        LiveTable.Begin(scenario, disturbance);

        // The limit is above what the pods may open during the release, for every run but the one that is about the limit.
        var allowed = (scenario.ConnectionsPerServer ?? 1) * (settings.Replicas.Pods + settings.Replicas.Surge) * 2;
        var limit = disturbance.Name == "limit" ? Math.Max(FullServer, allowed + FullServer) : 4096;
        using var first = new MemcachedServer(settings.Memcached, limit);
        using var second = new MemcachedServer(settings.Memcached, limit);
        MemcachedServer[] servers = [first, second];
        await Task.WhenAll(servers.Select(server => server.StartAsync()));
        var faults = new NetworkFaults();
        var times = new ClusterTimes(settings.Patience);
        await using var deployment = new Deployment(
            settings.Replicas, [.. servers.Select(server => server.Port)], faults, program, times);
        using var door = new FrontDoor(deployment, times);
        deployment.Start(scenario.FirstVersion);
        await WaitUntilReadyAsync(deployment);

        using var stopping = new CancellationTokenSource();
        var load = Task.Run(() => new Load(door, settings.Rate).RunAsync(stopping.Token));
        await Task.Delay(IsShort ? ShortFill : Fill);
        var observer = new RunObserver(
            PerProcess, deployment, door, servers, new FleetView(servers, IsNaive, HasOtherClient, deployment.PodAt), _clock);
        _clock.Start();
        var observing = observer.RunAsync(TimeSpan.FromSeconds(settings.Seconds));
        var (released, over, completed) = await ReleaseAsync(deployment, servers, faults);
        await observing;
        await stopping.CancelAsync();
        await load;
        return new RunResult
        {
            Scenario = scenario,
            Disturbance = disturbance,
            Measurements = observer.Measurements,
            ReleasedAt = released,
            DisturbedUntil = over,
            CompletedAt = completed,
            OwnersAtPeak = observer.OwnersAtPeak,
            OwnersAtEnd = observer.OwnersAtEnd,
            WantedPods = settings.Replicas.Pods,
        };
    }

    private async Task<(double Released, double Over, double? Completed)> ReleaseAsync(
        Deployment deployment, MemcachedServer[] servers, NetworkFaults faults)
    {
        await Task.Delay(IsShort ? ShortSteady : Steady);
        var (released, first) = (_clock.Elapsed.TotalSeconds, scenario.FirstVersion);
        var next = first.Next([.. scenario.OfRelease, .. disturbance.OfRelease]);
        using var rollBack = new CancellationTokenSource();
        using var ended = new CancellationTokenSource(TimeSpan.FromSeconds(settings.Seconds) - _clock.Elapsed);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(rollBack.Token, ended.Token);
        var rolling = deployment.RollAsync(next, either.Token);
        await Task.Delay(UntilDisturbance);
        await disturbance.RunAsync(servers, faults);
        var over = _clock.Elapsed.TotalSeconds;
        var version = next.Version;
        if (disturbance.OfRelease.Any(setting => setting.Name == "Pod__FailsAtStart"))
        {
            await rollBack.CancelAsync();
            await rolling;
            rolling = deployment.RollAsync(first, ended.Token);
            version = first.Version;
        }

        await rolling;
        return (released, over, deployment.IsAtVersion(version) ? _clock.Elapsed.TotalSeconds : null);
    }

    private static async Task WaitUntilReadyAsync(Deployment deployment)
    {
        var clock = Stopwatch.StartNew();
        while (deployment.Pods.Any(pod => pod.State != PodState.Ready))
        {
            if (deployment.Pods.Find(pod => pod.Restarts > MostStartFailures) is { } broken)
            {
                throw new ReplayException($"{broken.Name} cannot start. Its last error: {broken.LastError}");
            }

            if (clock.Elapsed > LongestStart)
            {
                throw new ReplayException("The pods are not ready within two minutes: the machine is too small for so many (--pods).");
            }

            await Task.Delay(50);
        }
    }
}
