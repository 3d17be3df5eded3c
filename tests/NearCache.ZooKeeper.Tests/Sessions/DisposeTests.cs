using Microsoft.Extensions.Logging;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.ZooKeeper.Tests.Sessions;

public sealed class DisposeTests
{
    [Fact]
    public async Task A_client_that_is_disposed_as_soon_as_it_is_connected_closes()
    {
        await using var server = FakeZooKeeper.Start();
        for (var round = 0; round < 300; round++)
        {
            var client = TestClients.New(server.ConnectionString);
            await client.WaitForStateAsync(ZooKeeperState.Connected).WaitAsync(TestClients.Patience);
            await client.DisposeAsync().AsTask().WaitAsync(TestClients.Patience);
            Assert.Equal(ZooKeeperState.Closed, client.State);
        }
    }

    [Fact]
    public async Task A_client_that_is_disposed_while_its_connection_is_published_ends_its_session()
    {
        await using var server = FakeZooKeeper.Start();
        using var first = new DisposingLoggerFactory();
        var client = new ZooKeeperClient(
            new ZooKeeperOptions { ConnectionString = server.ConnectionString, ConnectTimeout = TestClients.Patience }, first);
        first.Client.SetResult(client);

        await (await first.Disposal.Task.WaitAsync(TestClients.Patience)).WaitAsync(TestClients.Patience);

        Assert.Equal(ZooKeeperState.Closed, client.State);
        Assert.Contains(server.Requests, request => request.Operation == "CloseSession");
    }

    [Theory]
    [InlineData(LogLevel.Warning)]
    [InlineData(LogLevel.Debug)]
    public async Task A_failed_close_or_chroot_is_logged_in_one_line_without_a_stack_trace_above_debug(LogLevel least)
    {
        await using var server = FakeZooKeeper.Start();
        using var log = new LogRecorder(least);
        server.OnRequest = request => request.Operation is "Create2" or "Multi" ? FakeFault.Error(ZooKeeperErrorCode.NoAuth) : null;
        var client = new ZooKeeperClient(
            new ZooKeeperOptions
            {
                ConnectionString = server.ConnectionString + "/shop",
                CreateChroot = true,
                ConnectTimeout = TimeSpan.FromMilliseconds(200),
            }, log);
        await client.WaitForStateAsync(ZooKeeperState.Connected).WaitAsync(TestClients.Patience);
        server.Freeze();
        await client.DisposeAsync().AsTask().WaitAsync(TestClients.Patience);

        foreach (var id in new[] { 3105, 3110 })
        {
            Assert.NotEmpty(log.Of(id));
            Assert.All(log.ExceptionsOf(id), exception => Assert.Equal(least == LogLevel.Debug, exception is not null));
            Assert.All(log.Of(id), text => Assert.DoesNotMatch(": $", text));
        }
    }

    [Fact]
    public async Task Dispose_does_not_wait_for_a_server_that_does_not_respond()
    {
        await using var server = FakeZooKeeper.Start();
        await using var never = TestClients.New("127.0.0.1:1");
        await using var client = await server.ConnectAsync(options => options.ConnectTimeout = TimeSpan.FromMilliseconds(200));
        server.Freeze();
        var read = client.GetDataAsync("/").AsTask();

        await client.DisposeAsync().AsTask().WaitAsync(TestClients.Patience);
        await never.DisposeAsync().AsTask().WaitAsync(TestClients.Patience);

        await Assert.ThrowsAsync<ClientClosedException>(() => read);
        await client.DisposeAsync();
        Assert.Equal(ZooKeeperState.Closed, client.State);
    }

    /// <summary>Disposes a client on the thread that logs the new session, before any other thread can observe it.</summary>
    private sealed class DisposingLoggerFactory : ILoggerFactory, ILogger
    {
        private const int SessionMade = 3100;

        public TaskCompletionSource<ZooKeeperClient> Client { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<Task> Disposal { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == SessionMade)
            {
                Disposal.TrySetResult(Client.Task.Result.DisposeAsync().AsTask());
            }
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
