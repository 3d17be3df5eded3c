using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using NearCache.TestSupport;

namespace NearCache.Transport.Tests;

public sealed class NameResolverTests : IDisposable
{
    private readonly ConcurrentQueue<string> _begun = new();
    private readonly ConcurrentDictionary<string, ManualResetEventSlim> _hanging = new();
    private readonly ManualTime _time = new();
    private readonly NameResolver _lookups;
    private int _running;
    private int _most;

    public NameResolverTests() => _lookups = new NameResolver(Resolve, _time);

    public void Dispose()
    {
        foreach (var hanging in _hanging.Values)
        {
            hanging.Set();
        }
    }

    [Fact]
    public async Task Fifty_names_that_hang_take_a_few_threads_and_none_of_the_pools()
    {
        using var giveUp = new CancellationTokenSource();
        var calls = Enumerable.Range(0, 50).Select(i => Hang($"hangs-{i}", giveUp.Token)).ToArray();
        await Eventually.BecomesTrueAsync(() => _begun.Count == NameResolver.MaxConcurrent, "as many as may have begun");

        await giveUp.CancelAsync();
        foreach (var call in calls)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        }

        // What had not begun is not made any more.
        Assert.Equal(NameResolver.MaxConcurrent, _begun.Count);
        Release();
        await Eventually.BecomesTrueAsync(() => Volatile.Read(ref _running) == 0, "all have ended");
        Assert.Equal(NameResolver.MaxConcurrent, _begun.Count);
        Assert.Equal(NameResolver.MaxConcurrent, _most);
        Assert.Equal([IPAddress.Loopback], await _lookups.ResolveAsync("works", default));
    }

    [Fact]
    public async Task Callers_of_one_name_share_one_look_up_also_after_others_gave_up()
    {
        using var giveUp = new CancellationTokenSource();
        var first = Hang("name", giveUp.Token);
        await Eventually.BecomesTrueAsync(() => _begun.Count == 1, "it has begun");
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var others = Enumerable.Range(0, 20).Select(i => _lookups.ResolveAsync(i % 2 == 0 ? "name" : "NAME", default)).ToArray();

        Release();

        Assert.All(await Task.WhenAll(others), addresses => Assert.Equal([IPAddress.Loopback], addresses));
        Assert.Equal(["name"], _begun);
        await _lookups.ResolveAsync("name", default);
        Assert.Equal(2, _begun.Count);
    }

    [Fact]
    public async Task Names_that_hung_before_leave_half_of_the_threads_to_others()
    {
        using var giveUp = new CancellationTokenSource();
        var names = Enumerable.Range(0, NameResolver.MaxConcurrent).Select(i => $"hangs-{i}").ToArray();
        var calls = names.Select(name => Hang(name, giveUp.Token)).ToArray();
        await Eventually.BecomesTrueAsync(() => _begun.Count == names.Length, "all have begun");
        _time.Advance(TimeSpan.FromSeconds(10));
        Release();
        await Task.WhenAll(calls);

        var again = names.Select(name => Hang(name, giveUp.Token)).ToArray();
        await Eventually.BecomesTrueAsync(() =>
            _begun.Count == names.Length + (NameResolver.MaxConcurrent / 2), "half of them have begun again");

        Assert.Equal([IPAddress.Loopback], await _lookups.ResolveAsync("works", default));
        Assert.Equal(names.Length + (NameResolver.MaxConcurrent / 2) + 1, _begun.Count);
        Release();
        await Task.WhenAll(again);
    }

    [Fact]
    public async Task A_name_that_is_not_known_is_an_error_of_each_caller()
    {
        var calls = Enumerable.Range(0, 3).Select(_ => _lookups.ResolveAsync("unknown", default)).ToArray();

        foreach (var call in calls)
        {
            await Assert.ThrowsAsync<SocketException>(() => call);
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _lookups.ResolveAsync("name", new CancellationToken(canceled: true)));
        Assert.DoesNotContain("name", _begun);
    }

    private Task<IPAddress[]> Hang(string name, CancellationToken cancellationToken)
    {
        _hanging[name] = new ManualResetEventSlim();
        return _lookups.ResolveAsync(name, cancellationToken);
    }

    private void Release()
    {
        foreach (var name in _hanging.Keys)
        {
            if (_hanging.TryRemove(name, out var hanging))
            {
                hanging.Set();
            }
        }
    }

    private IPAddress[] Resolve(string name)
    {
        _begun.Enqueue(name);
        var running = Interlocked.Increment(ref _running);
        InterlockedMax(ref _most, running);
        Assert.False(Thread.CurrentThread.IsThreadPoolThread);
        if (_hanging.TryGetValue(name, out var hanging))
        {
            hanging.Wait();
        }

        Interlocked.Decrement(ref _running);
        return name == "unknown" ? throw new SocketException((int)SocketError.HostNotFound) : [IPAddress.Loopback];
    }

    private static void InterlockedMax(ref int place, int value)
    {
        for (var seen = Volatile.Read(ref place); value > seen; seen = Volatile.Read(ref place))
        {
            Interlocked.CompareExchange(ref place, value, seen);
        }
    }
}
