using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.ZooKeeper.Tests.Sessions;

public sealed class RequestTests
{
    public static TheoryData<int> Codes()
    {
        var codes = new TheoryData<int>();
        foreach (var code in Enum.GetValues<ZooKeeperErrorCode>().Where(code => code != ZooKeeperErrorCode.Ok))
        {
            codes.Add((int)code);
        }

        codes.Add(-126);
        codes.Add(-9999);
        codes.Add(7);
        return codes;
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task Every_error_code_is_reported_and_affects_no_other_request(int code)
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync();
        server.OnRequest = request => request.Operation == "SetData" ? FakeFault.Error((ZooKeeperErrorCode)code) : null;

        var before = client.GetDataAsync("/").AsTask();
        var failed = await Assert.ThrowsAnyAsync<ZooKeeperException>(() => client.SetDataAsync("/", null).AsTask());
        await before;

        Assert.Equal(code == (int)ZooKeeperErrorCode.UnknownSession ? (int)ZooKeeperErrorCode.UnknownSession : code, (int)failed.Code);
        Assert.Equal("/", failed.Path);
        Assert.True(failed.GetType().IsSealed);
        await client.GetDataAsync("/");
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task A_request_without_a_reply_times_out_and_does_not_reorder_the_others()
    {
        var time = new ManualTime();
        await using var server = FakeZooKeeper.Start(time);
        server.SetData("/a", [7]);
        await using var client = await server.ConnectAsync(options => options.LivenessTimeout = TimeSpan.FromSeconds(9), time);
        server.Freeze();

        var write = client.SetDataAsync("/a", new byte[] { 8 }).AsTask();
        await time.AdvanceUntilAsync(() => write.IsCompleted || client.State != ZooKeeperState.Connected, "a timeout");
        if (client.State == ZooKeeperState.Connected)
        {
            var timeout = await Assert.ThrowsAsync<RequestTimeoutException>(() => write);
            Assert.True(timeout.IsOutcomeUnknown);
        }
        else
        {
            await Assert.ThrowsAsync<ConnectionLossException>(() => write);
        }
    }

    [Fact]
    public async Task Without_a_connection_a_request_times_out_and_reports_that_it_was_not_sent()
    {
        var time = new ManualTime();
        await using var client = TestClients.New("127.0.0.1:1", time: time);

        var write = client.SetDataAsync("/a", null).AsTask();
        await time.AdvanceUntilAsync(() => write.IsCompleted, "a timeout");

        var timeout = await Assert.ThrowsAsync<RequestTimeoutException>(() => write);
        Assert.False(timeout.IsOutcomeUnknown);
        Assert.True(timeout.IsTransient);
        Assert.Contains(nameof(ZooKeeperOptions.RequestTimeout), timeout.Message, StringComparison.Ordinal);
        Assert.Equal(0, client.Session.Queue.Count);
    }

    [Fact]
    public async Task A_request_that_is_cancelled_before_it_is_sent_is_never_sent()
    {
        await using var server = FakeZooKeeper.Start();
        server.Stop();
        await using var client = TestClients.New(server.ConnectionString);
        using var cancellation = new CancellationTokenSource();

        var kept = client.CreateAsync("/kept", null).AsTask();
        var cancelled = client.CreateAsync("/cancelled", null, cancellationToken: cancellation.Token).AsTask();
        var also = client.CreateAsync("/also", null).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        server.Restart();
        await Task.WhenAll(kept, also).WaitAsync(TestClients.Patience);

        Assert.Equal(["/", "/also", "/kept"], server.Paths());
    }

    [Fact]
    public async Task A_request_that_is_cancelled_after_it_was_sent_keeps_its_place_in_the_queue()
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/a", [1]);
        server.SetData("/b", [2]);
        await using var client = await server.ConnectAsync();
        server.Freeze();
        using var cancellation = new CancellationTokenSource();

        var first = client.GetDataAsync("/a", cancellationToken: cancellation.Token).AsTask();
        var second = client.GetDataAsync("/b").AsTask();
        await Task.Delay(20);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        server.Thaw();

        Assert.Equal([2], (await second.WaitAsync(TestClients.Patience)).Data.ToArray());
        Assert.Equal([1], (await client.GetDataAsync("/a")).Data.ToArray());
    }

    [Fact]
    public async Task A_cancelled_token_sends_nothing()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => client.DeleteAsync("/a", cancellationToken: new CancellationToken(canceled: true)).AsTask());
        await client.SyncAsync("/");

        Assert.DoesNotContain(server.Requests, request => request.Operation == "Delete");
    }

    [Fact]
    public async Task Ids_wrap_around()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync();
        client.Session.Queue.SetLastId(int.MaxValue - 2);

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => client.SyncAsync("/").AsTask()));

        Assert.Equal(
            [int.MaxValue - 1, int.MaxValue, 1, 2, 3],
            server.Requests.Where(request => request.Operation == "Sync").Select(request => request.Id));
    }

    [Fact]
    public async Task A_request_above_the_limit_is_rejected_before_it_is_sent()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync();

        var tooLarge = await Assert.ThrowsAsync<MessageTooLargeException>(() => client.CreateAsync("/big", new byte[0xFFFFF]).AsTask());
        await Assert.ThrowsAsync<MessageTooLargeException>(
            () => client.MultiAsync([.. Enumerable.Range(0, 11).Select(i => MultiOperation.Create($"/{i}", new byte[100_000]))]).AsTask());
        await client.CreateAsync("/just", new byte[0xFFFFF - 200]);

        Assert.Contains(nameof(ZooKeeperOptions.MaxMessageBytes), tooLarge.Message, StringComparison.Ordinal);
        Assert.Equal(["/", "/just"], server.Paths());
        Assert.Equal(1, server.Connections);
        Assert.Single(server.Requests, request => request.Operation == "Create2");
    }

    [Fact]
    public async Task A_reply_above_the_limit_fails_its_request_and_nothing_else()
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/big", new byte[200_000]);
        server.SetData("/small", [1]);
        await using var client = await server.ConnectAsync(options => options.MaxMessageBytes = 100_000);
        var session = client.SessionId;

        var before = client.GetDataAsync("/small").AsTask();
        var big = client.GetDataAsync("/big").AsTask();
        var after = client.GetDataAsync("/small").AsTask();

        await before;
        var tooLarge = await Assert.ThrowsAsync<MessageTooLargeException>(() => big);
        Assert.Equal("/big", tooLarge.Path);
        Assert.Equal([1], (await after).Data.ToArray());
        Assert.Equal(session, client.SessionId);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task The_memory_for_requests_is_bounded_while_a_server_does_not_read()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync(options =>
        {
            options.SessionTimeout = TimeSpan.FromMinutes(5);
            options.MaxOutstandingBytes = 1_000_000;
            options.MaxOutstandingRequests = 500;
            options.MaxWaitingRequests = 1000;
        });
        server.Freeze();

        var data = new byte[10_000];
        var writes = Enumerable.Range(0, 3000).Select(_ => client.CreateAsync("/a", data).AsTask()).ToArray();
        await Eventually.BecomesTrueAsync(
            () => writes.Count(write => write.IsFaulted) == 3000 - client.Session.Queue.Count, "those above the limits are refused");
        var refused = writes.Where(write => write.IsFaulted).ToArray();

        // 500 outstanding or fewer, for their bytes are bounded too, and 1,000 that wait.
        Assert.InRange(client.Session.Queue.Count, 1000, 1500);
        Assert.All(refused, write => Assert.IsType<TooManyRequestsException>(write.Exception!.InnerException));
        server.Thaw();
        await Task.WhenAll(writes.Except(refused).Select(write => write.ContinueWith(ended => _ = ended.Exception, TaskScheduler.Default)))
            .WaitAsync(TestClients.Patience);
        Assert.Equal(0, client.Session.Queue.Count);
    }

    [Fact]
    public async Task Requests_that_wait_for_capacity_keep_their_order()
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/a", []);
        await using var client = await server.ConnectAsync(options => options.MaxOutstandingRequests = 3);

        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => client.SetDataAsync("/a", BitConverter.GetBytes(i), i).AsTask()))
            .WaitAsync(TestClients.Patience);

        Assert.Equal(999, BitConverter.ToInt32(server.GetData("/a")));
    }

    [Fact]
    public async Task A_chroot_is_invisible()
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/app/x", null);
        await using var client = TestClients.New(server.ConnectionString + "/app");
        var told = new TaskCompletionSource<WatchEvent>();

        var created = await client.CreateAsync("/a-", null, ZNodeMode.EphemeralSequential);
        await client.GetChildrenAsync("/", told.SetResult);
        var results = await client.MultiAsync([MultiOperation.Create("/m", null), MultiOperation.Check("/x", 0)]);

        Assert.Equal("/a-0000000001", created.Path);
        Assert.Equal([created.Path], await client.GetEphemeralsAsync("/"));
        Assert.Equal("/m", results[0].Path);
        Assert.Equal("/", (await told.Task.WaitAsync(TestClients.Patience)).Path);
        Assert.Contains("/app/m", server.Paths());
        Assert.Equal("/none", (await Assert.ThrowsAsync<NoNodeException>(() => client.GetDataAsync("/none").AsTask())).Path);
    }

    [Fact]
    public async Task A_task_that_is_awaited_twice_throws_and_affects_no_other_request()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync();
        var task = client.GetDataAsync("/");
        await task;

#pragma warning disable CA2012 // The mistake is what is tested.
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await task);
#pragma warning restore CA2012
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => client.GetDataAsync("/").AsTask()));
    }
}
