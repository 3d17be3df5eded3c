using NearCache.Memcached.Protocol;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;
using Eventually = NearCache.TestSupport.Eventually;
using StarvedThreadPool = NearCache.TestSupport.StarvedThreadPool;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>Callers that wait for calls with <c>.Result</c> on every thread that the pool has. Runs when no other test does.</summary>
/// <remarks>The pool may not grow: what a call needs the pool for, it never gets.</remarks>
[Collection(nameof(StarvedThreadPoolTests))]
[CollectionDefinition(nameof(StarvedThreadPoolTests), DisableParallelization = true)]
public sealed class StarvedThreadPoolTests
{
    private const int Callers = 64;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Kinds => ["get", "set", "group"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Callers_that_block_every_thread_of_the_pool_are_answered(string kind)
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { server.Address }, OperationTimeout = Enough, ConnectTimeout = Enough });

        // The first call of all is one of them: the connection is made meanwhile.
        RunOnStarvedPool(() => Call(client, kind));
        await Task.Yield();
    }

    [Fact]
    public async Task Callers_that_block_every_thread_of_the_pool_are_free_at_the_timeout_when_the_server_stops()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        await using var client = new MemcachedClient(
            new MemcachedOptions
            {
                Servers = { server.Address },
                OperationTimeout = TimeSpan.FromMilliseconds(200),
                ConnectTimeout = Enough,
            });
        await Eventually.BecomesTrueAsync(
            () => client.GetAsync("absent").AsTask().ContinueWith(static call => call.IsCompletedSuccessfully), "the server answers");
        server.Pause();

        var failed = 0;
        RunOnStarvedPool(() =>
        {
            try
            {
                client.GetAsync("absent").AsTask().GetAwaiter().GetResult();
            }
            catch (MemcachedException)
            {
                Interlocked.Increment(ref failed);
            }
        });
        Assert.Equal(20 * Callers, failed);
        server.Resume();
    }

    [Fact]
    public async Task A_pool_that_starts_nothing_is_said_once()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        var log = new LogRecorder();

        // It is said with the next look at what waits, eight in an operation timeout.
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { server.Address }, OperationTimeout = Enough / 10, ConnectTimeout = Enough }, log);
        for (var i = 0; i < 2; i++)
        {
            var began = TimeProvider.System.GetTimestamp();
            RunOnStarvedPool(() =>
            {
                client.GetAsync("absent").AsTask().GetAwaiter().GetResult();
                SpinWait.SpinUntil(() => TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(1));
            });
        }

        await Eventually.BecomesTrueAsync(() => log.Of(2202).Length > 0, "it is said");
        await client.GetAsync("absent");
        Assert.Single(log.Of(2202));
        Assert.Contains(".Result", log.Of(2202)[0], StringComparison.Ordinal);
    }

    private static void Call(MemcachedClient client, string kind)
    {
        switch (kind)
        {
            case "get":
                Assert.Null(client.GetAsync("absent").AsTask().GetAwaiter().GetResult());
                break;
            case "set":
                Assert.True(client.SetAsync("k", new byte[100]).AsTask().GetAwaiter().GetResult());
                break;
            default:
                ReadOnlyMemory<MetaCommand> commands = new[] { MetaCommand.Set("g"u8.ToArray(), "v"u8.ToArray()),
                    MetaCommand.Get("g"u8.ToArray()) };
                Assert.Equal(2, client.Servers[0].ExecuteAsync(commands).GetAwaiter().GetResult().Array.Length);
                break;
        }
    }

    private static void RunOnStarvedPool(Action call) => StarvedThreadPool.RunCallers(Callers, callsEach: 20, Enough, call);
}
