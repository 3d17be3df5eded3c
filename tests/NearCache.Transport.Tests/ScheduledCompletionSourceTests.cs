using NearCache.Transport.Scheduling;

namespace NearCache.Transport.Tests;

public sealed class ScheduledCompletionSourceTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(60);

    public enum SourceStep
    {
        Wait,
        Complete,
        Cancel,
    }

    public static TheoryData<bool, SourceStep, SourceStep, SourceStep> Orders => new(
        from inQueue in new[] { true, false }
        from first in Enum.GetValues<SourceStep>()
        from second in Enum.GetValues<SourceStep>()
        from third in Enum.GetValues<SourceStep>()
        where first != second && second != third && first != third
        select (inQueue, first, second, third));

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task The_first_of_completion_and_cancellation_decides(bool inQueue, SourceStep first, SourceStep second, SourceStep third)
    {
        var steps = new[] { first, second, third };
        var source = new ScheduledCompletionSource<int>(inQueue ? new SerialWorkQueue() : null);
        using var cancel = new CancellationTokenSource();
        Task<int>? wait = null;
        var isCompleted = false;
        foreach (var step in steps)
        {
            switch (step)
            {
                case SourceStep.Wait:
                    wait = source.WaitAsync(cancel.Token);
                    break;
                case SourceStep.Complete:
                    isCompleted = source.TrySetResult(1);
                    Assert.False(source.TrySetResult(2));
                    break;
                default:
                    await cancel.CancelAsync();
                    break;
            }
        }

        // The token cancels the source once a wait has registered it.
        var canceledAt = Math.Max(Array.IndexOf(steps, SourceStep.Cancel), Array.IndexOf(steps, SourceStep.Wait));
        var completesFirst = Array.IndexOf(steps, SourceStep.Complete) < canceledAt;
        Assert.Equal(completesFirst, isCompleted);
        await Task.WhenAny(wait!).WaitAsync(Enough);
        Assert.Equal(completesFirst ? TaskStatus.RanToCompletion : TaskStatus.Canceled, wait!.Status);
        Assert.Equal(completesFirst, source.Task.IsCompletedSuccessfully && await source.Task == 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Concurrent_completion_and_cancellation_end_every_wait(bool inQueue)
    {
        using var start = new Barrier(3);
        for (var round = 0; round < 500; round++)
        {
            var source = new ScheduledCompletionSource<int>(inQueue ? new SerialWorkQueue() : null);
            using var cancel = new CancellationTokenSource();
            var completing = OnThread(() => source.TrySetResult(1));
            var canceling = OnThread(() =>
            {
                cancel.Cancel();
                return true;
            });
            start.SignalAndWait(Enough);
            var wait = source.WaitAsync(cancel.Token);

            await Task.WhenAny(wait).WaitAsync(Enough);
            await canceling;
            Assert.Equal(await completing, wait.IsCompletedSuccessfully);
            Assert.Equal(!await completing, wait.IsCanceled);
        }

        Task<bool> OnThread(Func<bool> step) => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait(Enough);
                return step();
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    /// <remarks>Otherwise .NET could queue the continuation to the thread pool.</remarks>
    [Fact]
    public Task In_a_queue_it_completes_only_after_the_method_has_registered_its_continuation() => WorkScheduler.RunAsync(static async () =>
    {
        var queue = SerialWorkQueue.Current;
        Assert.NotNull(queue);
        var source = new ScheduledCompletionSource<int>(queue);
        source.TrySetResult(1);
        Assert.False(SpinWait.SpinUntil(() => source.Task.IsCompleted, TimeSpan.FromMilliseconds(20)));

        Assert.Equal(1, await source.Task);
        Assert.Same(queue, SerialWorkQueue.Current);
    });

    [Fact]
    public async Task A_method_that_switches_to_a_queue_continues_there_after_each_wait()
    {
        await WorkScheduler.SwitchToNewQueue();
        var queue = SerialWorkQueue.Current;
        Assert.NotNull(queue);
        for (var i = 0; i < 100; i++)
        {
            var source = new ScheduledCompletionSource<int>(queue);
            ThreadPool.UnsafeQueueUserWorkItem(static source => source.TrySetResult(1), source, preferLocal: false);
            await source.Task;
            Assert.Same(queue, SerialWorkQueue.Current);
        }
    }
}
