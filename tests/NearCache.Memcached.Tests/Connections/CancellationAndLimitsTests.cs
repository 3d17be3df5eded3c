using NearCache.Memcached.Protocol;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>What callers see who give up, come too many, or come too early.</summary>
public sealed class CancellationAndLimitsTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Cancelling_gives_up_the_answer_and_not_the_place_in_line()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server);
        await client.SetAsync("a", "of a"u8.ToArray());
        await client.SetAsync("b", "of b"u8.ToArray());
        server.HoldReplies();
        using var cancel = new CancellationTokenSource();
        var given = client.GetAsync("a", cancel.Token).AsTask();
        var kept = client.GetAsync("b").AsTask();

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given.WaitAsync(Long));
        server.ReleaseReplies();

        Assert.Equal("of b"u8.ToArray(), await kept.WaitAsync(Long));
        Assert.Equal("of a"u8.ToArray(), await client.GetAsync("a"));
        Assert.Equal(1, server.AcceptedConnections);
    }

    [Fact]
    public async Task A_cancelled_set_is_carried_out_all_the_same()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server);
        await client.GetAsync("warm");
        server.HoldReplies();
        using var cancel = new CancellationTokenSource();
        var set = client.SetAsync("k", "v"u8.ToArray(), cancellationToken: cancel.Token).AsTask();

        await Eventually.BecomesTrueAsync(() => server.Items.ContainsKey("k"), "the set arrives");
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => set.WaitAsync(Long));
        server.ReleaseReplies();
        Assert.Equal("v"u8.ToArray(), await client.GetAsync("k"));
    }

    [Fact]
    public async Task Memory_of_a_large_value_is_the_callers_again_when_the_call_has_ended()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server);
        for (var round = 0; round < 100; round++)
        {
            var value = new byte[100_000];
            Array.Fill(value, (byte)'x');
            using var cancel = new CancellationTokenSource();
            var set = client.SetAsync($"k{round}", value, cancellationToken: cancel.Token).AsTask();
            await cancel.CancelAsync();
            await Record.ExceptionAsync(() => set.WaitAsync(Long));
            Array.Fill(value, (byte)'y');
        }

        await client.GetAsync("behind");
        Assert.All(server.Items.Values, item => Assert.DoesNotContain((byte)'y', item.Value));
    }

    [Fact]
    public async Task A_group_answers_however_late_and_says_which_connection_it_went_by()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server);
        await client.GetAsync("warm");
        server.HoldReplies();
        var group = client.Servers[0]
            .ExecuteAsync(new[] { MetaCommand.Set("k"u8.ToArray(), "1"u8.ToArray()), MetaCommand.Increment("k"u8.ToArray()) });

        await Assert.ThrowsAsync<TimeoutException>(() => group.WaitAsync(TimeSpan.FromMilliseconds(50)));
        server.ReleaseReplies();

        var result = await group.WaitAsync(Long);
        Assert.Equal(2UL, result.Responses[1].Number);
        var before = result.ConnectionId;
        server.CloseConnections();
        await Eventually.BecomesTrueAsync(
            async () => (await Record.ExceptionAsync(async () => await client.GetAsync("k"))) is null && server.AcceptedConnections == 2,
            "a new connection");
        Assert.NotEqual(before, (await client.Servers[0].ExecuteAsync(new[] { MetaCommand.NoOp() })).ConnectionId);
    }

    [Fact]
    public async Task An_operation_that_is_not_answered_in_time_says_that_its_outcome_is_unknown()
    {
        await using var server = FakeMemcached.Start();
        var time = new ManualTime();
        await using var client = New(server, options => options.OperationTimeout = TimeSpan.FromSeconds(1), time);
        await client.SetAsync("k", "v"u8.ToArray());
        server.HoldReplies();
        var get = client.GetAsync("k").AsTask();
        time.Advance(TimeSpan.FromMilliseconds(990));
        Assert.False(get.IsCompleted);

        time.Advance(TimeSpan.FromMilliseconds(300));

        var e = await Assert.ThrowsAsync<MemcachedTimeoutException>(() => get.WaitAsync(Long));
        Assert.True(e is { IsTransient: true, OutcomeUnknown: true, Operation: "get" } && e.Server == server.Address);
    }

    [Fact]
    public async Task What_never_left_has_a_known_outcome()
    {
        await using var server = FakeMemcached.Start();
        server.Kill();
        await using var client = New(server);

        var e = await Assert.ThrowsAsync<MemcachedServerDownException>(async () => await client.SetAsync("k", "v"u8.ToArray()));

        Assert.True(e is { IsTransient: true, OutcomeUnknown: false });
        Assert.Equal(MemcachedServerState.Down, client.Servers[0].State);
    }

    [Fact]
    public async Task Beyond_the_bound_a_call_waits_for_room_and_can_be_cancelled()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server, options => options.MaxInFlightCommands = 2);
        await client.GetAsync("warm");
        server.HoldReplies();
        var inside = new[] { client.GetAsync("a").AsTask(), client.GetAsync("b").AsTask() };
        using var cancel = new CancellationTokenSource();
        var cancelled = client.GetAsync("c", cancel.Token).AsTask();
        var waiting = Enumerable.Range(0, 20).Select(i => client.GetAsync($"d{i}").AsTask()).ToArray();

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Long));
        Assert.All(waiting, call => Assert.False(call.IsCompleted));
        server.ReleaseReplies();

        await Task.WhenAll([.. inside, .. waiting]).WaitAsync(Long);
        Assert.DoesNotContain("mg c v", server.Commands);
    }

    [Fact]
    public async Task Beyond_the_bound_a_call_fails_at_once_if_the_options_say_so()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server, options => (options.MaxInFlightBytes, options.OverloadPolicy) = (2000, OverloadPolicy.Fail));
        await client.GetAsync("warm");
        server.HoldReplies();
        var inside = client.SetAsync("a", new byte[1500]).AsTask();

        var e = await Assert.ThrowsAsync<MemcachedOverloadException>(async () => await client.SetAsync("b", new byte[1500]));
        Assert.True(e is { IsTransient: true, OutcomeUnknown: false });
        server.ReleaseReplies();
        Assert.True(await inside.WaitAsync(Long));
    }

    [Fact]
    public async Task Several_connections_share_the_keys_and_one_key_always_goes_by_one()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server, options => options.ConnectionsPerServer = 3);

        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => client.SetAsync($"k{i % 30}", "v"u8.ToArray()).AsTask()));

        Assert.Equal(3, client.Servers[0].Connections.Count);
        Assert.Equal(3, server.AcceptedConnections);
    }

    [Fact]
    public async Task A_flush_after_a_part_of_a_second_is_not_one_now()
    {
        var time = new ManualTime();
        await using var server = FakeMemcached.Start(time);
        await using var client = New(server, time: time);
        await client.SetAsync("k", "v"u8.ToArray());

        await client.Servers[0].FlushAllAsync(TimeSpan.FromMilliseconds(500));
        Assert.NotNull(await client.GetAsync("k"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await client.GetAsync("k"));

        await client.Servers[0].FlushAllAsync(TimeSpan.FromDays(60));
        await client.Servers[0].FlushAllAsync(TimeSpan.MaxValue);
        await client.Servers[0].FlushAllAsync();
        Assert.Equal(
            ["flush_all 1", $"flush_all {time.GetUtcNow().AddDays(60).ToUnixTimeSeconds()}", "flush_all 2147483647", "flush_all"],
            server.Commands.Where(command => command.StartsWith("flush", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_value_of_many_megabytes_comes_back_whole()
    {
        await using var server = FakeMemcached.Start();
        server.MaxValueBytes = int.MaxValue;
        await using var client = New(server, options => options.MaxValueBytes = 8 << 20);
        var value = new byte[(5 << 20) + 1];
        new Random(1).NextBytes(value);
        await client.SetAsync("k", value);
        var writer = new System.Buffers.ArrayBufferWriter<byte>();

        Assert.Equal(value, await client.GetAsync("k"));
        Assert.True(await client.GetAsync("k", writer));
        Assert.Equal(value, writer.WrittenSpan);
        Assert.Equal(value, (await client.GetManyAsync(["k"]))["k"]);
    }

    [Fact]
    public async Task An_answer_of_lines_without_end_is_given_up()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server);
        server.Faults.OnCommand = line => line.StartsWith("stats", StringComparison.Ordinal)
            ? FakeFault.Garbage(
                System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"STAT a {new string('x', 2000)}\r\n", 17_000))))
            : null;

        await Assert.ThrowsAsync<MemcachedProtocolException>(() => client.Servers[0].GetStatisticsAsync().WaitAsync(Long));
    }

    [Fact]
    public async Task A_value_that_may_not_be_sent_is_refused_before_any_other_of_its_call_is()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server, options => options.MaxValueBytes = 600_000);
        KeyValuePair<string, ReadOnlyMemory<byte>>[] items =
        [
            KeyValuePair.Create("a", (ReadOnlyMemory<byte>)new byte[600_000]),
            KeyValuePair.Create("b", (ReadOnlyMemory<byte>)new byte[600_001]),
        ];

        await Assert.ThrowsAsync<ArgumentException>(() => client.SetManyAsync(items));
        await client.GetAsync("behind");

        Assert.Empty(server.Items);
    }

    [Fact]
    public async Task A_get_into_a_buffer_that_throws_fails_alone()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server);
        await client.SetAsync("k", new byte[100]);
        await client.SetAsync("large", new byte[500_000]);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await client.GetAsync("k", new Broken()));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await client.GetAsync("large", new Broken()));

        Assert.NotNull(await client.GetAsync("k"));
        Assert.Equal(1, server.AcceptedConnections);
    }

    private static MemcachedClient New(FakeMemcached server, Action<MemcachedOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new MemcachedOptions { Servers = { server.Address }, OperationTimeout = Long, ConnectTimeout = Long };
        configure?.Invoke(options);
        return new MemcachedClient(options, timeProvider: time);
    }

    private sealed class Broken : System.Buffers.IBufferWriter<byte>
    {
        public void Advance(int count) => throw new InvalidOperationException("broken");

        public Memory<byte> GetMemory(int sizeHint = 0) => throw new InvalidOperationException("broken");

        public Span<byte> GetSpan(int sizeHint = 0) => throw new InvalidOperationException("broken");
    }
}
