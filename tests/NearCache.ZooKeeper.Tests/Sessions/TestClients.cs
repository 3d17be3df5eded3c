using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.ZooKeeper.Tests.Sessions;

/// <summary>Creates clients for tests with a fake server.</summary>
internal static class TestClients
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Makes results wait for handlers as long as possible: a busy machine does not run a handler within 50 ms.</summary>
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

    /// <summary>Advances the clock in small steps until a condition holds.</summary>
    public static Task AdvanceUntilAsync(this ManualTime time, Func<bool> condition, string what, double stepMilliseconds = 20) =>
        Eventually.BecomesTrueAsync(
        async () =>
        {
            if (!condition())
            {
                time.Advance(TimeSpan.FromMilliseconds(stepMilliseconds));
                await PoolTurns.PassAsync();
            }

            return condition();
        },
        what);

    /// <summary>
    /// Advances the clock until a call has completed. While the clock stands still, no request times out and no connection is
    /// reestablished.
    /// </summary>
    public static async Task<T> AdvanceUntilDoneAsync<T>(this ManualTime time, Task<T> call)
    {
        await time.AdvanceUntilAsync(() => call.IsCompleted, "the call ends");
        return await call;
    }

    /// <summary>Disposes a client while the clock advances.</summary>
    public static async Task AdvanceUntilDisposedAsync(this ManualTime time, ZooKeeperClient client)
    {
        var disposal = client.DisposeAsync().AsTask();
        await time.AdvanceUntilAsync(() => disposal.IsCompleted, "the client is disposed");
        await disposal;
    }

    /// <summary>Returns the next change of a subscription.</summary>
    public static async Task<ZooKeeperStateChange> NextAsync(this IAsyncEnumerator<ZooKeeperStateChange> changes)
    {
        Assert.True(await changes.MoveNextAsync().AsTask().WaitAsync(Patience));
        return changes.Current;
    }
}
