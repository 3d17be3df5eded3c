using System.Text;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Embedded;
using NearCache.TestSupport;

namespace NearCache.Tests.Locks;

/// <summary>Locks on the embedded remote, with a clock that is turned by hand.</summary>
public sealed class DistributedLockTests : IAsyncLifetime
{
    private static readonly LockOptions Once = new() { Wait = TimeSpan.Zero };
    private static readonly byte[] Item = Encoding.ASCII.GetBytes("~nc:1:default:lock:job");
    private readonly ManualTime _time = new();
    private readonly EmbeddedRemote _remote;
    private readonly NearCacheClient _cache;

    public DistributedLockTests()
    {
        _remote = new EmbeddedRemote(_time);
        _cache = new NearCacheClient(new NearCacheOptions(), _remote, timeProvider: _time);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _cache.DisposeAsync();

    [Fact]
    public async Task Only_one_has_a_lock_until_it_is_given_back()
    {
        var first = await _cache.Locks.TryAcquireAsync("job", Once);

        Assert.NotNull(first);
        Assert.True(first.IsHeld);
        Assert.Null(await _cache.Locks.TryAcquireAsync("job", Once));
        await using var other = await _cache.Locks.TryAcquireAsync("another-job", Once);
        Assert.NotNull(other);

        await first.DisposeAsync();
        Assert.False(first.IsHeld);
        Assert.False(first.Lost.IsCancellationRequested);
        await using var next = await _cache.Locks.TryAcquireAsync("job", Once);
        Assert.NotNull(next);
    }

    [Fact]
    public async Task Each_holder_has_a_higher_number_also_after_the_server_has_lost_it()
    {
        var fences = new List<long>();
        for (var i = 0; i < 5; i++)
        {
            await using var held = await _cache.Locks.TryAcquireAsync("job", Once);
            fences.Add(held!.Fence);
            Assert.Null(await _cache.Locks.TryAcquireAsync("job", Once));
        }

        _time.Advance(TimeSpan.FromMilliseconds(1));
        await _remote.Servers[0]
            .ExecuteAsync(MetaCommand.Delete(Encoding.ASCII.GetBytes("~nc:1:default:fence:job")), CancellationToken.None);
        await using (var held = await _cache.Locks.TryAcquireAsync("job", Once))
        {
            fences.Add(held!.Fence);
        }

        Assert.Equal(fences.Distinct().Order(), fences);
        Assert.Equal(new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() * 1000, fences[0]);
    }

    [Fact]
    public async Task Whoever_waits_gets_the_lock_when_it_is_given_back_and_nothing_when_the_wait_ends()
    {
        var first = await _cache.Locks.TryAcquireAsync("job", Once);
        var waiting = _cache.Locks.TryAcquireAsync("job");
        var giving = _cache.Locks.TryAcquireAsync("job", new LockOptions { Wait = TimeSpan.FromSeconds(1) });
        await AdvanceAsync(TimeSpan.FromSeconds(2), () => giving.IsCompleted);
        Assert.Null(await giving);
        Assert.False(waiting.IsCompleted);

        await first!.DisposeAsync();
        await AdvanceAsync(TimeSpan.FromSeconds(1), () => waiting.IsCompleted);
        await using var second = await waiting;
        Assert.True(second!.IsHeld);
    }

    [Fact]
    public async Task A_lock_is_renewed_for_as_long_as_it_is_held()
    {
        await using var held = await _cache.Locks.TryAcquireAsync("job", Once);

        await AdvanceAsync(TimeSpan.FromMinutes(2), () => !held!.IsHeld);

        Assert.True(held!.IsHeld);
        Assert.Null(await _cache.Locks.TryAcquireAsync("job", Once));
    }

    [Fact]
    public async Task A_lock_that_its_server_lost_is_lost_and_is_not_taken_from_the_next_holder()
    {
        var held = await _cache.Locks.TryAcquireAsync("job", Once);
        await _remote.Servers[0].ExecuteAsync(MetaCommand.Delete(Item), CancellationToken.None);
        await using var next = await _cache.Locks.TryAcquireAsync("job", Once);

        await AdvanceAsync(TimeSpan.FromSeconds(9), () => held!.Lost.IsCancellationRequested);
        Assert.True(held!.Lost.IsCancellationRequested);
        Assert.False(held.IsHeld);
        await held.DisposeAsync();

        Assert.True(next!.IsHeld);
        Assert.True(next.Fence > held.Fence);
        Assert.Null(await _cache.Locks.TryAcquireAsync("job", Once));
    }

    [Fact]
    public async Task A_holder_that_slept_longer_than_its_lease_sees_that_before_it_goes_on()
    {
        await using var held = await _cache.Locks.TryAcquireAsync("job", Once);

        _time.JumpWallClock(TimeSpan.FromSeconds(11));   // suspended: the monotonic clock and all timers stood still

        Assert.False(held!.IsHeld);
    }

    [Fact]
    public async Task A_lock_of_a_holder_that_vanished_ends_with_its_lease()
    {
        await _remote.Servers[0].ExecuteAsync(
            MetaCommand.Set(Item, "somebody"u8.ToArray(), timeToLive: 5) with { Mode = MetaSetMode.Add }, CancellationToken.None);
        Assert.Null(await _cache.Locks.TryAcquireAsync("job", Once));

        _time.Advance(TimeSpan.FromSeconds(6));

        await using var held = await _cache.Locks.TryAcquireAsync("job", Once);
        Assert.NotNull(held);
    }

    [Fact]
    public async Task What_cannot_be_a_lock_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _cache.Locks.TryAcquireAsync("two words"));
        await Assert.ThrowsAsync<ArgumentException>(() => _cache.Locks.TryAcquireAsync(""));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => _cache.Locks.TryAcquireAsync("job", new LockOptions { Lease = TimeSpan.FromMilliseconds(10) }));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => _cache.Locks.TryAcquireAsync("job", new LockOptions { Wait = TimeSpan.FromSeconds(-1) }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _cache.GetAsync<string>("~nc:1:default:lock:job"));
    }

    // Step by step, with time for what a timer began to go on.
    private async Task AdvanceAsync(TimeSpan time, Func<bool> until)
    {
        for (var turned = TimeSpan.Zero; turned < time && !until(); turned += TimeSpan.FromMilliseconds(100))
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await PoolTurns.PassAsync();
        }
    }
}
