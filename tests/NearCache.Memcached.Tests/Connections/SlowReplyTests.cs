using System.Buffers;
using NearCache.Memcached.Protocol;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>
/// A server whose bytes trickle: a caller is free at its token or timeout, and a connection that one reply blocks is given up.
/// </summary>
public sealed class SlowReplyTests
{
    private const int LargeBytes = 200_000;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private static readonly (string Name, Func<MemcachedClient, CancellationToken, Task> Run)[] Reads =
    [
        ("get", (client, token) => client.GetAsync("large", token).AsTask()),
        ("get into a writer", (client, token) => client.GetAsync("large", new ArrayBufferWriter<byte>(), token).AsTask()),
        ("get with fields", (client, token) => client.GetAsync("large", MetaFields.Value | MetaFields.Cas, token).AsTask()),
        ("get many", (client, token) => client.GetManyAsync(["large"], token)),
        ("get many small ones", (client, token) => client.GetManyAsync(["small"], token)),
        ("group", (client, token) => client.Servers[0].ExecuteAsync(new[] { MetaCommand.Get("large"u8.ToArray()) }, token)),
        ("statistics", (client, token) => client.Servers[0].GetStatisticsAsync(cancellationToken: token)),
    ];

    public static TheoryData<string> Names => [.. Reads.Select(read => read.Name)];

    public static TheoryData<string> NamesWithTimeout => [.. Reads.Select(read => read.Name).Where(name => name != "group")];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_token_frees_a_caller_whose_reply_has_begun(string name)
    {
        // By a clock that stands still: one byte comes, and no other.
        await using var server = FakeMemcached.Start(new ManualTime());
        await using var client = New(server, _ => { });
        var before = await TrickleAsync(server, client);
        using var cancel = new CancellationTokenSource();

        var read = Reads.Single(read => read.Name == name).Run(client, cancel.Token);
        await BeginsAsync(client, before);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Long));
    }

    [Theory]
    [MemberData(nameof(NamesWithTimeout))]
    public async Task The_operation_timeout_frees_a_caller_whose_reply_trickles(string name)
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server, options => options.OperationTimeout = TimeSpan.FromMilliseconds(200));
        await TrickleAsync(server, client);

        var read = Reads.Single(read => read.Name == name).Run(client, CancellationToken.None);

        var e = await Assert.ThrowsAsync<MemcachedTimeoutException>(() => read.WaitAsync(Long));
        Assert.Contains("OperationTimeout", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_operation_timeout_and_the_token_free_a_caller_whose_request_trickles()
    {
        await using var server = FakeMemcached.Start();
        await using var proxy = FaultProxy.Start(server.Port);
        var options = new MemcachedOptions
        {
            Servers = { proxy.Address },
            OperationTimeout = TimeSpan.FromMilliseconds(200),
            ConnectTimeout = Long,
            MaxValueBytes = 16 << 20,
        };
        await using var client = new MemcachedClient(options);
        await SucceedsAsync(async () => await client.GetAsync("warm"));
        proxy.Delay = TimeSpan.FromMilliseconds(100);
        using var cancel = new CancellationTokenSource();

        var set = client.SetAsync("k", new byte[16 << 20]).AsTask();
        var cancelled = client.SetManyAsync(
            [KeyValuePair.Create("m", (ReadOnlyMemory<byte>)new byte[1 << 20])], cancellationToken: cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Long));
        Assert.True((await Assert.ThrowsAsync<MemcachedTimeoutException>(() => set.WaitAsync(Long))).OutcomeUnknown);
    }

    [Theory]
    [InlineData("large")]
    [InlineData("small")]
    public async Task A_connection_that_one_reply_blocks_is_given_up_and_the_others_go_by_the_next(string key)
    {
        await using var server = FakeMemcached.Start();
        using var log = new LogRecorder();
        await using var client = New(
            server,
            options => (options.StallTimeout, options.ReconnectDelay) = (TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(1)),
            log);
        var before = await TrickleAsync(server, client);

        var blocks = client.GetAsync(key).AsTask();
        await BeginsAsync(client, before);
        var others = Enumerable.Range(0, 5).Select(_ => client.GetAsync("other").AsTask()).ToArray();

        foreach (var call in others.Prepend(blocks))
        {
            var e = await Assert.ThrowsAsync<MemcachedConnectionLostException>(() => call.WaitAsync(Long));
            Assert.Contains("StallTimeout", e.Message, StringComparison.Ordinal);
            Assert.True(e is { IsTransient: true, OutcomeUnknown: true });
        }

        server.Faults.Clear();
        await Eventually.BecomesTrueAsync(
            async () => await Record.ExceptionAsync(async () => await client.GetAsync("other")) is null, "the next connection serves");
        Assert.Equal(2, server.AcceptedConnections);
        Assert.Contains("StallTimeout", Assert.Single(log.Of(2100)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_that_trickles_ends_with_its_connection_though_nothing_waits_behind_it()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server, options => options.StallTimeout = TimeSpan.FromMilliseconds(300));
        await TrickleAsync(server, client);

        var group = client.Servers[0].ExecuteAsync(new[] { MetaCommand.Get("small"u8.ToArray()), MetaCommand.Get("small"u8.ToArray()) });

        await Assert.ThrowsAsync<MemcachedConnectionLostException>(() => group.WaitAsync(Long));
    }

    [Fact]
    public async Task A_reply_that_is_slow_alone_is_waited_for()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server, options => options.StallTimeout = TimeSpan.FromMilliseconds(50));
        await client.SetAsync("large", new byte[LargeBytes]);
        (server.Faults.SplitEvery, server.Faults.PieceDelay) = (10_000, TimeSpan.FromMilliseconds(30));

        Assert.Equal(LargeBytes, (await client.GetAsync("large").AsTask().WaitAsync(Long))!.Length);
        Assert.Equal(1, server.AcceptedConnections);
    }

    private static async Task<long> TrickleAsync(FakeMemcached server, MemcachedClient client)
    {
        await SucceedsAsync(async () => await client.SetAsync("large", new byte[LargeBytes]));
        await SucceedsAsync(async () => await client.SetAsync("small", new byte[1000]));
        (server.Faults.SplitEvery, server.Faults.PieceDelay) = (1, TimeSpan.FromMilliseconds(20));
        return client.Servers[0].Connections.Single().BytesReceived;
    }

    // A busy machine may let the first calls time out.
    private static Task SucceedsAsync(Func<Task> call) =>
        Eventually.BecomesTrueAsync(
            async () =>
            {
                try
                {
                    await call();
                    return true;
                }
                catch (MemcachedTimeoutException)
                {
                    return false;
                }
            },
            "a call succeeds");

    private static Task BeginsAsync(MemcachedClient client, long before) =>
        Eventually.BecomesTrueAsync(() => client.Servers[0].Connections.Single().BytesReceived > before, "the reply begins");

    private static MemcachedClient New(FakeMemcached server, Action<MemcachedOptions> configure, LogRecorder? log = null)
    {
        var options = new MemcachedOptions
        {
            Servers = { server.Address },
            OperationTimeout = Long,
            ConnectTimeout = Long,
            StallTimeout = Long,
        };
        configure(options);
        return new MemcachedClient(options, log);
    }
}
