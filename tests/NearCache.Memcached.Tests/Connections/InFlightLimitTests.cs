using NearCache.Memcached.Connections;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Connections;

public sealed class InFlightLimitTests
{
    [Fact]
    public async Task A_canceled_waiter_leaves_the_queue_at_once()
    {
        await using var server = FakeMemcached.Start();
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { server.Address }, MaxInFlightBytes = 20_000, OperationTimeout = TimeSpan.FromMinutes(5) });
        await client.GetAsync("warm");
        server.HoldReplies();
        var first = client.GetAsync("first").AsTask();

        using var cancel = new CancellationTokenSource();
        var waiting = client.SetAsync("large", new byte[20_000], cancellationToken: cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        // New callers do not overtake waiters: there is none. No capacity has been released meanwhile.
        var next = client.GetAsync("next").AsTask();
        await Eventually.BecomesTrueAsync(
            () => server.Commands.Any(command => command.StartsWith("mg next", StringComparison.Ordinal)), "the next call is sent");
        server.ReleaseReplies();
        await Task.WhenAll(first, next);
    }

    [Fact]
    public async Task A_removed_waiter_does_not_take_the_turn_of_the_next()
    {
        var limit = new InFlightLimit(new MemcachedOptions { MaxInFlightCommands = 1 });
        limit.Acquire(1, 10);
        var (one, two) = (limit.AddWaiter()!, limit.AddWaiter()!);

        limit.RemoveWaiter(one);
        limit.RemoveWaiter(one);
        limit.Release(1, 10);

        await two.Value.Task;
        Assert.False(one.Value.Task.IsCompleted);
        limit.RemoveWaiter(two);
        Assert.True(limit.HasCapacity(1, 10, isRetry: false));
    }

    [Fact]
    public void Nothing_waits_while_nothing_is_in_flight()
    {
        var limit = new InFlightLimit(new MemcachedOptions { MaxInFlightCommands = 1 });
        limit.Acquire(1, 10);
        Assert.False(limit.HasCapacity(1, 10, isRetry: false));

        // The command ends before its caller waits.
        limit.Release(1, 10);

        Assert.Null(limit.AddWaiter());
        Assert.True(limit.HasCapacity(1, 10, isRetry: false));
    }

    [Fact]
    public async Task Callers_above_the_limit_are_served_however_their_waits_meet_the_replies()
    {
        await using var server = FakeMemcached.Start();

        // Its clock stands still: a caller that is not woken waits for ever.
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { server.Address }, MaxInFlightCommands = 1 }, timeProvider: new ManualTime());
        await client.GetAsync("warm");

        var callers = Enumerable.Range(0, 2).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            for (var call = 0; call < 20_000; call++)
            {
                Thread.SpinWait(random.Next(2000));
                await client.GetAsync($"{caller}");
            }
        }));

        await Task.WhenAll(callers).WaitAsync(TimeSpan.FromMinutes(2));
    }
}
