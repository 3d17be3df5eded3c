using NearCache.Memcached.Protocol;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;
using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>Callers that wait for calls with <c>.Result</c> on every thread that the pool has. Runs when no other test does.</summary>
/// <remarks>The pool may not grow: what a call needs the pool for, it never gets.</remarks>
[Collection(nameof(StarvedThreadPoolTests))]
[CollectionDefinition(nameof(StarvedThreadPoolTests), DisableParallelization = true)]
public sealed class StarvedThreadPoolTests
{
    private const int Callers = 64;
    private static readonly TimeSpan Enough = TimeSpan.FromMinutes(5);

    public static TheoryData<string> Kinds => ["get", "set", "group"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Callers_that_block_every_thread_of_the_pool_are_answered(string kind)
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { server.Address }, OperationTimeout = Enough, ConnectTimeout = Enough });

        // The first call of all is one of them: the connection is made meanwhile.
        RunOnStarvedPool(() => Call(client, kind), callsEach: 5);
        await Task.Yield();
    }

    /// <remarks>With one command in flight, the other callers wait for capacity, which a stopped server never releases.</remarks>
    [Theory]
    [InlineData(100_000)]
    [InlineData(1)]
    public async Task Callers_that_block_every_thread_of_the_pool_are_free_at_the_timeout_when_the_server_stops(int maxInFlight)
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        await using var client = new MemcachedClient(
            new MemcachedOptions
            {
                Servers = { server.Address },
                OperationTimeout = TimeSpan.FromMilliseconds(200),
                ConnectTimeout = Enough,
                MaxInFlightCommands = maxInFlight,
            });
        await Eventually.BecomesTrueAsync(
            () => client.GetAsync("absent").AsTask().ContinueWith(static call => call.Exception is null), "the server answers");
        server.Pause();

        const int callsEach = 20;
        var failed = 0;
        RunOnStarvedPool(
            () =>
            {
                try
                {
                    client.GetAsync("absent").AsTask().GetAwaiter().GetResult();
                }
                catch (MemcachedException)
                {
                    Interlocked.Increment(ref failed);
                }
            },
            callsEach);
        Assert.Equal(callsEach * Callers, failed);
        server.Resume();
    }

    /// <remarks>The logger holds the connection after it was closed and before it is replaced. The clock stands still meanwhile.</remarks>
    [Fact]
    public async Task Callers_of_a_lost_connection_are_free_while_every_thread_of_the_pool_is_blocked()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        var time = new ManualTime();
        var log = new HoldingLogger();
        log.Hold(2001);
        var options = new MemcachedOptions { Servers = { server.Address } };
        await using var client = new MemcachedClient(options, log, timeProvider: time);
        using var release = log;   // before the client, whose disposal awaits the connection
        await client.GetAsync("absent");
        server.Pause();

        StarvedThreadPool.Run(() =>
        {
            var silent = client.GetAsync("absent").AsTask();
            time.Advance(options.OperationTimeout * 2);
            Assert.Throws<MemcachedTimeoutException>(() => silent.GetAwaiter().GetResult());
            Assert.True(log.IsHeld.Wait(Enough), "The end of the connection waits for the thread pool.");

            var late = client.GetAsync("absent").AsTask();
            var waiting = client.GetAsync("absent").AsTask();
            using var cancel = new CancellationTokenSource();
            var canceled = client.GetAsync("absent", cancel.Token).AsTask();
            Assert.False(late.IsCompleted || waiting.IsCompleted || canceled.IsCompleted);
            cancel.Cancel();
            Assert.True(((IAsyncResult)canceled).AsyncWaitHandle.WaitOne(Enough), "The token waits for the thread pool.");
            Assert.True(canceled.IsCanceled);

            log.Release();
            foreach (var call in new[] { late, waiting })
            {
                Assert.True(((IAsyncResult)call).AsyncWaitHandle.WaitOne(Enough), "The replacement waits for the thread pool.");
                Assert.IsType<MemcachedServerDownException>(call.Exception!.InnerException);
            }
        });
        server.Resume();
    }

    [Fact]
    public async Task A_caller_of_a_closed_connection_is_free_at_the_timeout_while_every_thread_of_the_pool_is_blocked()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        var log = new HoldingLogger();
        var options = new MemcachedOptions { Servers = { server.Address }, OperationTimeout = TimeSpan.FromMilliseconds(200) };
        await using var client = new MemcachedClient(options, log);
        using var release = log;   // before the client, whose disposal awaits the connection
        await Eventually.BecomesTrueAsync(
            () => client.GetAsync("absent").AsTask().ContinueWith(static call => call.Exception is null), "the server answers");
        log.Hold(2001);   // not before: a busy machine may lose a connection while it waits for the server
        server.Pause();

        StarvedThreadPool.Run(() =>
        {
            Assert.ThrowsAny<MemcachedException>(() => client.GetAsync("absent").AsTask().GetAwaiter().GetResult());
            Assert.True(log.IsHeld.Wait(Enough), "The end of the connection waits for the thread pool.");
            var late = client.GetAsync("absent").AsTask();
            Assert.True(((IAsyncResult)late).AsyncWaitHandle.WaitOne(Enough), "The timeout waits for the thread pool.");
            Assert.IsType<MemcachedOverloadException>(late.Exception!.InnerException);
            log.Release();
        });
        server.Resume();
    }

    [Fact]
    public void A_scheduled_completion_continues_while_every_thread_of_the_pool_is_blocked()
    {
        StarvedThreadPool.Run(() =>
        {
            var source = new ScheduledCompletionSource<int>(queue: null);
            using var hasContinued = new ManualResetEventSlim();
            _ = ContinueAsync(source.Task, hasContinued);
            Assert.True(source.TrySetResult(1));
            Assert.False(source.TrySetResult(2));
            Assert.True(hasContinued.Wait(Enough));
            Assert.Equal(1, source.Task.Result);
        });

        static async Task ContinueAsync(Task task, ManualResetEventSlim hasContinued)
        {
            await task.ConfigureAwait(false);
            hasContinued.Set();
        }
    }

    [Fact]
    public async Task A_pool_that_starts_nothing_is_said_once()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        var log = new LogRecorder();

        // It is said with the next look at what waits, eight in an operation timeout.
        await using var client = new MemcachedClient(
            new MemcachedOptions
            {
                Servers = { server.Address },
                OperationTimeout = TimeSpan.FromSeconds(10),
                ConnectTimeout = Enough,
            },
            log);
        for (var i = 0; i < 2; i++)
        {
            // Read first: a starvation may have lasted for long before all threads of the pool are blocked.
            var before = WorkScheduler.LongStarvations;
            StarvedThreadPool.Run(() =>
            {
                while (WorkScheduler.LongStarvations == before)
                {
                    Task.WaitAll(Enumerable.Range(0, 16).Select(_ => client.GetAsync("absent").AsTask()));
                }
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

    private static void RunOnStarvedPool(Action call, int callsEach) =>
        StarvedThreadPool.RunCallers(Callers, callsEach, Enough, call);
}
