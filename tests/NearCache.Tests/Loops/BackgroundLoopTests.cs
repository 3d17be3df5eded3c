using Microsoft.Extensions.Logging;
using NearCache.Loops;
using NearCache.ZooKeeper;
using NearCache.Memcached;

namespace NearCache.Tests.Loops;

public sealed class BackgroundLoopTests : ILogger
{
    private readonly List<Exception?> _defects = [];

    [Fact]
    public async Task A_step_is_taken_again_and_again_until_the_loop_is_disposed()
    {
        var steps = 0;
        var loop = new BackgroundLoop(this, "a test");
        loop.Start(stopping => ++steps < 3 ? Task.CompletedTask : Task.Delay(Timeout.Infinite, stopping));
        Assert.Equal(3, steps);

        await loop.DisposeAsync();
        Assert.Equal(3, steps);
        Assert.Empty(_defects);
    }

    [Fact]
    public async Task Work_may_end_by_itself()
    {
        var loop = new BackgroundLoop(this, "a test");
        loop.Run(_ => Task.CompletedTask);

        await loop.DisposeAsync();
        Assert.Empty(_defects);
    }

    [Fact]
    public async Task What_ends_a_loop_is_logged_and_does_not_come_out_of_its_disposal()
    {
        var defect = new InvalidOperationException("a defect");
        var loop = new BackgroundLoop(this, "a test");
        loop.Start(_ => throw defect);

        await loop.DisposeAsync();
        Assert.Same(defect, Assert.Single(_defects));
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter) => _defects.Add(exception);

    [Fact]
    public void The_clients_whose_disposal_ends_a_loop_are_known_by_their_names() => Assert.Equal(
        new[] { nameof(MemcachedClient), nameof(NearCacheClient), nameof(ZooKeeperClient) }, BackgroundLoop.DisposedClients.Order());
}
