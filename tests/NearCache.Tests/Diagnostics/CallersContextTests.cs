using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using NearCache.Loops;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.Tests.Diagnostics;

/// <summary>Nothing of a caller stays behind: neither its execution context in loops nor its exceptions in tasks.</summary>
public sealed class CallersContextTests
{
    private static readonly AsyncLocal<string?> Request = new();

    [Fact]
    public async Task A_loop_has_nothing_of_the_context_in_which_it_was_begun()
    {
        Request.Value = "1";
        var seen = new List<string?>();
        await using (var loop = new BackgroundLoop(new Contexts(), "a test"))
        {
            var ended = new TaskCompletionSource();
            loop.Run(async _ =>
            {
                seen.Add(Request.Value);
                await Task.Yield();
                seen.Add(Request.Value);
                ended.SetResult();
            });
            await ended.Task;
        }

        Assert.Equal([null, null], seen);
        Assert.Equal("1", Request.Value);
    }

    // The loops outlive the first request; a log scope of it would stand beside every audit for ever.
    [Fact]
    public async Task What_the_loops_log_has_nothing_of_the_first_caller()
    {
        await using var server = FakeMemcached.Start();
        await using var zooKeeper = FakeZooKeeper.Start();
        var log = new Contexts();
        Request.Value = "1";
        await using var cache = new NearCacheClient(
            new NearCacheOptions
            {
                RuleLease = TimeSpan.FromSeconds(1.5),
                AuditInterval = TimeSpan.FromMilliseconds(100),
                Memcached = { Servers = { server.Address }, ReconnectDelay = TimeSpan.FromMilliseconds(10),
                                MaxReconnectDelay = TimeSpan.FromMilliseconds(50) },
                ZooKeeper = { ConnectionString = zooKeeper.ConnectionString },
                Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
            },
            log);
        await Eventually.BecomesTrueAsync(
            async () => (await Record.ExceptionAsync(() => cache.SetAsync("product:1", 1))) is null, "it is connected");
        await Eventually.BecomesTrueAsync(() => log.Has(1117) && log.Has(1415), "it has started");
        log.Clear();

        server.Kill();
        await Eventually.BecomesTrueAsync(() => log.Count(1104) >= 3 && log.Has(2100), "audits fail");
        server.Restart();
        zooKeeper.DropConnections();
        await Eventually.BecomesTrueAsync(() => log.Has(2101) && log.Has(3101), "both are back");

        Assert.Equal([], log.OfRequest);
    }

    [Fact]
    public async Task Calls_that_are_given_up_leave_no_unobserved_exception()
    {
        using var unobserved = new UnobservedExceptions();
        await using (var one = FakeMemcached.Start())
        await using (var two = FakeMemcached.Start())
        {
            await CallInVainAsync(one, two);
        }
    }

    private static async Task CallInVainAsync(FakeMemcached one, FakeMemcached two)
    {
        await using var cache = new NearCacheClient(new NearCacheOptions
        {
            OnRemoteFailure = RemoteFailurePolicy.Throw,
            Memcached = { Servers = { one.Address, two.Address }, OperationTimeout = TimeSpan.FromMilliseconds(300) },
            RuleLease = TimeSpan.FromSeconds(1.5),
        });
        string[] keys = [.. Enumerable.Range(0, 50).Select(number => $"key:{number}")];
        await Eventually.BecomesTrueAsync(
            async () => await Record.ExceptionAsync(() => cache.SetManyAsync(keys.Select(key => KeyValuePair.Create(key, 1)))) is null,
            "it is connected");
        (one.Faults.IsSilent, two.Faults.IsSilent) = (true, true);
        using (var giveUp = new CancellationTokenSource(TimeSpan.FromMilliseconds(50)))
        {
            var calls = keys.SelectMany(key => new Func<Task>[]
            {
                async () => await cache.GetAsync<int>(key, giveUp.Token),
                () => cache.SetAsync(key, 1, cancellationToken: giveUp.Token),
                async () => await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult(1), cancellationToken: giveUp.Token),
                async () => await cache.GetManyAsync<int>(keys, giveUp.Token),
                () => cache.RemoveManyAsync(keys, giveUp.Token),
                () => cache.IncrementAsync(key, cancellationToken: giveUp.Token),
                () => cache.Locks.TryAcquireAsync(key, cancellationToken: giveUp.Token),
                async () =>
                    await new NearHybridCache(cache).GetOrCreateAsync(key, _ => ValueTask.FromResult(1), cancellationToken: giveUp.Token),
                () => new NearDistributedCache(cache).GetAsync(key, giveUp.Token),
            });
            await Task.WhenAll(calls.Select(call => Record.ExceptionAsync(call).AsTask()));
        }

        one.Kill();
        two.Kill();

        // Both are down now: reads throw, of both.
        await Eventually.BecomesTrueAsync(
            async () => await Record.ExceptionAsync(async () => await cache.GetManyAsync<int>(keys)) is NearCacheException, "reads throw");
        await Eventually.BecomesTrueAsync(
            async () => await Record.ExceptionAsync(() => cache.RemoveManyAsync(keys)) is NearCacheException, "writes throw");
    }

    private sealed class Contexts : ILoggerFactory, ILogger
    {
        private readonly ConcurrentQueue<(int Id, string? Request)> _said = [];

        /// <summary>The events that were logged in the context of the request.</summary>
        public int[] OfRequest => [.. _said.Where(said => said.Request is not null).Select(said => said.Id)];

        public bool Has(int id) => Count(id) > 0;

        public int Count(int id) => _said.Count(said => said.Id == id);

        public void Clear() => _said.Clear();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => _said.Enqueue((eventId.Id, Request.Value));

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
