using Microsoft.Extensions.Logging;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.Tests.Diagnostics;

/// <summary>A log that says what is wrong, and nothing while nothing is.</summary>
public sealed class QuietLogTests
{
    private const int Voided = 1101;
    private const int ServedAgain = 1103;
    private const int ServedFirst = 1117;
    private const int CountersMade = 1118;
    private const int ZooKeeperBack = 1401;
    private const int ZooKeeperConnected = 1415;

    [Fact]
    public async Task A_clean_start_warns_of_nothing_and_nothing_happens_again()
    {
        await using var server = FakeMemcached.Start();
        await using var zooKeeper = FakeZooKeeper.Start();
        using var log = new LogRecorder(LogLevel.Information);
        using var warnings = new LogRecorder();
        await using (Make(server, zooKeeper.ConnectionString, log))
        {
            await Eventually.BecomesTrueAsync(
                () => log.Of(ServedFirst).Length == 1 && log.Of(ZooKeeperConnected).Length == 1, "it has started");
        }

        await using (var second = Make(server, zooKeeper.ConnectionString, warnings))
        {
            await Eventually.BecomesTrueAsync(() => second.Snapshot().Servers.All(one => one.IsServedNear), "the second has started, too");
        }

        Assert.Empty(warnings.Texts);
        Assert.Single(log.Of(CountersMade));
        Assert.Empty(log.Of(Voided));
        Assert.Empty(log.Of(ServedAgain));
        Assert.Empty(log.Of(ZooKeeperBack));
        Assert.DoesNotContain(log.Texts, text => text.Contains("again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_happens_again_is_said_so()
    {
        await using var server = FakeMemcached.Start();
        using var log = new LogRecorder(LogLevel.Information);
        await using var cache = Make(server, "", log);
        await Eventually.BecomesTrueAsync(() => log.Of(ServedFirst).Length == 1, "it has started");

        server.Kill();
        server.Restart();

        await Eventually.BecomesTrueAsync(() => log.Of(Voided).Length >= 1, "its entries are void");
        Assert.Single(log.Of(CountersMade));
    }

    [Fact]
    public async Task A_server_that_stays_away_is_few_lines_and_no_stack_but_at_debug()
    {
        await using var server = FakeMemcached.Start();
        using var warnings = new Lines(LogLevel.Warning);
        using var all = new Lines(LogLevel.Debug);
        await using (Make(server, $"127.0.0.1:{Nobody()}", warnings))
        await using (Make(server, $"127.0.0.1:{Nobody()}", all))
        {
            await Eventually.BecomesTrueAsync(
                () => all.Of(3001).Length >= 5 && warnings.Of(3001).Length >= 1, "it has tried several times");

            Assert.All(warnings.Of(3001), line => Assert.Null(line.Exception));
            Assert.All(all.Of(3001), line => Assert.NotNull(line.Exception));
            Assert.All(warnings.Of(3001), line => Assert.Contains("refused", line.Text, StringComparison.OrdinalIgnoreCase));
            Assert.True(warnings.Of(3001).Length < all.Of(3001).Length);
        }
    }

    // A port on which nothing listens.
    private static int Nobody()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        return port;
    }

    private static NearCacheClient Make(FakeMemcached server, string zooKeeper, ILoggerFactory log) => new(
        new NearCacheOptions
        {
            RuleLease = TimeSpan.FromSeconds(1.5),
            Memcached = { Servers = { server.Address } },
            ZooKeeper = { ConnectionString = zooKeeper, ReconnectDelay = TimeSpan.FromMilliseconds(10),
                            MaxReconnectDelay = TimeSpan.FromMilliseconds(50) },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        },
        log);

    private sealed class Lines(LogLevel least) : ILoggerFactory, ILogger
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<(int Id, string Text, Exception? Exception)> _lines = [];

        public (int Id, string Text, Exception? Exception)[] Of(int id) => [.. _lines.Where(line => line.Id == id)];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                _lines.Enqueue((eventId.Id, formatter(state, exception), exception));
            }
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
