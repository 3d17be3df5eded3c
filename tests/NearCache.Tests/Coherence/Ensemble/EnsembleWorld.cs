using NearCache.Coherence.Ensemble;
using NearCache.Near;
using NearCache.Remote;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.ZooKeeper;
using NearCache.ZooKeeper;

namespace NearCache.Tests.Coherence.Ensemble;

/// <summary>The gateway to an in-process ZooKeeper. Its pauses use a manual clock, and the client uses the system clock.</summary>
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

    /// <summary>Returns how often the server was asked for an operation.</summary>
    public int Asked(string operation) => Server.Requests.Count(request => request.Operation == operation);

    /// <summary>Returns how many requests the server received, without pings.</summary>
    public int AskedAtAll => Server.Requests.Count(request => request.Operation != "Ping");

    /// <summary>Advances the clock while a timer waits, until the work has ended.</summary>
    /// <param name="by">The time to advance.</param>
    /// <param name="work">The work that sends requests to ZooKeeper.</param>
    /// <param name="timers">The number of timers that remain while nothing is in progress.</param>
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
