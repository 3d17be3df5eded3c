using NearCache.Flights;

namespace NearCache.Tests.Flights;

public sealed class FactoryLimiterTests
{
    [Fact]
    public async Task Who_comes_first_is_let_in_first()
    {
        var gate = new FactoryLimiter(1);
        await gate.AcquireAsync(default);
        var second = gate.AcquireAsync(default).AsTask();
        var third = gate.AcquireAsync(default).AsTask();

        gate.Release();
        await second;
        Assert.False(third.IsCompleted);
        gate.Release();
        await third;
    }

    [Fact]
    public async Task Who_gives_up_takes_no_place()
    {
        var gate = new FactoryLimiter(1);
        await gate.AcquireAsync(default);
        using var leaving = new CancellationTokenSource();
        var second = gate.AcquireAsync(leaving.Token).AsTask();
        var third = gate.AcquireAsync(default).AsTask();

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        gate.Release();
        await third;

        Assert.Equal(1, gate.Running);
    }

    [Fact]
    public async Task A_higher_limit_lets_in_who_waits_and_a_lower_one_waits_for_who_is_in()
    {
        var gate = new FactoryLimiter(1);
        await gate.AcquireAsync(default);
        var waiting = Enumerable.Range(0, 3).Select(_ => gate.AcquireAsync(default).AsTask()).ToArray();

        gate.Limit = 3;
        await waiting[0];
        await waiting[1];
        Assert.False(waiting[2].IsCompleted);

        gate.Limit = 1;
        gate.Release();
        gate.Release();
        Assert.False(waiting[2].IsCompleted);
        gate.Release();
        await waiting[2];
        Assert.Equal(1, gate.Running);
    }
}
