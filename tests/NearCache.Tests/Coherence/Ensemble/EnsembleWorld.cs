using NearCache.Coherence.Ensemble;
using NearCache.Near;
using NearCache.Remote;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.ZooKeeper;
using NearCache.ZooKeeper;

namespace NearCache.Tests.Coherence.Ensemble;

/// <summary>The gate to an in-process ZooKeeper. The pauses go by a clock that the test turns, the client by the system's.</summary>
internal sealed class EnsembleWorld : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    public EnsembleWorld(double announcementsPerNamespace = 100, string chroot = "", bool createsChroot = false)
    {
        Client = new ZooKeeperClient(
            new ZooKeeperOptions
            {
                ConnectionString = Server.ConnectionString + chroot,
                CreateChroot = createsChroot,
                RenewSession = true,
            });
        Clock = new NearClock(Time);
        Gate = new EnsembleGateway(
            new RentedClient<ZooKeeperClient>(Client, () => Client, () => 1),
            announcementsPerNamespace,
            Clock,
            Time,
            Log.CreateLogger("gate"));
    }

    public ManualTime Time { get; } = new();

    public NearClock Clock { get; }

    public FakeZooKeeper Server { get; } = FakeZooKeeper.Start();

    public LogRecorder Log { get; } = new(Microsoft.Extensions.Logging.LogLevel.Information);

    public ZooKeeperClient Client { get; }

    public EnsembleGateway Gate { get; }

    /// <summary>What the server was asked, by operation, without pings.</summary>
    public int Asked(string operation) => Server.Requests.Count(request => request.Operation == operation);

    /// <summary>Everything that the server was asked, without pings.</summary>
    public int AskedAtAll => Server.Requests.Count(request => request.Operation != "Ping");

    /// <summary>Turns the clock while something waits by it, or the work has ended.</summary>
    /// <param name="by">How far.</param>
    /// <param name="work">What asks ZooKeeper meanwhile.</param>
    /// <param name="timers">How many timers stand while nothing is under way.</param>
    public async Task TurnAsync(TimeSpan by, Task work, int timers = 1)
    {
        for (var turned = TimeSpan.Zero; turned < by; turned += Step)
        {
            await Eventually.BecomesTrueAsync(() => Time.ActiveTimers >= timers || work.IsCompleted, "something waits for the clock");
            Time.Advance(Step);
        }

        await Eventually.BecomesTrueAsync(() => Time.ActiveTimers >= timers || work.IsCompleted, "something waits for the clock");
        if (work.IsFaulted)
        {
            await work;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Gate.DisposeAsync();
        await Server.DisposeAsync();
    }
}
