using NearCache.Flights;

namespace NearCache.Tests.Flights;

public sealed class FactoryGateTests
{
    [Fact]
    public async Task Who_comes_first_is_let_in_first()
    {
        var gate = new FactoryGate(1);
        await gate.EnterAsync(default);
        var second = gate.EnterAsync(default).AsTask();
        var third = gate.EnterAsync(default).AsTask();

        gate.Exit();
        await second;
        Assert.False(third.IsCompleted);
        gate.Exit();
        await third;
    }

    [Fact]
    public async Task Who_gives_up_takes_no_place()
    {
        var gate = new FactoryGate(1);
        await gate.EnterAsync(default);
        using var leaving = new CancellationTokenSource();
        var second = gate.EnterAsync(leaving.Token).AsTask();
        var third = gate.EnterAsync(default).AsTask();

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        gate.Exit();
        await third;

        Assert.Equal(1, gate.Inside);
    }

    [Fact]
    public async Task A_higher_limit_lets_in_who_waits_and_a_lower_one_waits_for_who_is_in()
    {
        var gate = new FactoryGate(1);
        await gate.EnterAsync(default);
        var waiting = Enumerable.Range(0, 3).Select(_ => gate.EnterAsync(default).AsTask()).ToArray();

        gate.Limit = 3;
        await waiting[0];
        await waiting[1];
        Assert.False(waiting[2].IsCompleted);

        gate.Limit = 1;
        gate.Exit();
        gate.Exit();
        Assert.False(waiting[2].IsCompleted);
        gate.Exit();
        await waiting[2];
        Assert.Equal(1, gate.Inside);
    }
}
