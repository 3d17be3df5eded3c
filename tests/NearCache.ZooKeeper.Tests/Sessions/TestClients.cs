using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.ZooKeeper.Tests.Sessions;

/// <summary>TestClients for tests with a fake server.</summary>
internal static class TestClients
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Outcomes wait for the handlers of watches as long as they can: a busy machine does not run one within the usual 50 ms.
    /// </summary>
    public static void WaitForHandlers(ZooKeeperOptions options) => options.WatchHandlerGrace = TimeSpan.FromSeconds(1);

    public static ZooKeeperClient New(string connectionString, Action<ZooKeeperOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new ZooKeeperOptions
        {
            ConnectionString = connectionString,
            ReconnectDelay = TimeSpan.FromMilliseconds(5),
            MaxReconnectDelay = TimeSpan.FromMilliseconds(50),
        };
        configure?.Invoke(options);
        return new ZooKeeperClient(options, timeProvider: time);
    }

    public static async Task<ZooKeeperClient> ConnectAsync(
        this FakeZooKeeper server, Action<ZooKeeperOptions>? configure = null, TimeProvider? time = null)
    {
        var client = New(server.ConnectionString, configure, time);
        await client.WaitForStateAsync(ZooKeeperState.Connected).WaitAsync(Patience);
        return client;
    }

    /// <summary>Turns the clock in small steps, of 20 ms unless told otherwise, until something holds.</summary>
    public static Task TurnUntilAsync(this ManualTime time, Func<bool> condition, string what, double stepMilliseconds = 20) =>
        Eventually.BecomesTrueAsync(
        () =>
        {
            if (!condition())
            {
                time.Advance(TimeSpan.FromMilliseconds(stepMilliseconds));
            }

            return condition();
        },
        what);

    /// <summary>
    /// Turns the clock until a call has ended: while it stands still, no request times out and no lost connection is made again.
    /// </summary>
    public static async Task<T> TurnUntilDoneAsync<T>(this ManualTime time, Task<T> call)
    {
        await time.TurnUntilAsync(() => call.IsCompleted, "the call ends");
        return await call;
    }

    /// <summary>Disposes a client while the clock turns.</summary>
    public static async Task TurnUntilDisposedAsync(this ManualTime time, ZooKeeperClient client)
    {
        var disposal = client.DisposeAsync().AsTask();
        await time.TurnUntilAsync(() => disposal.IsCompleted, "the client is disposed");
        await disposal;
    }

    /// <summary>The next state of a subscription.</summary>
    public static async Task<ZooKeeperStateChange> NextAsync(this IAsyncEnumerator<ZooKeeperStateChange> changes)
    {
        Assert.True(await changes.MoveNextAsync().AsTask().WaitAsync(Patience));
        return changes.Current;
    }
}
