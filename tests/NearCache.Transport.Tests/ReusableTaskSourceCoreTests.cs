using System.Threading.Tasks.Sources;
using NearCache.Transport.Scheduling;

namespace NearCache.Transport.Tests;

public sealed class ReusableTaskSourceCoreTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(60);
    private ReusableTaskSourceCore _core;

    [Fact]
    public void What_was_registered_before_the_end_runs_on_the_thread_that_ends_it()
    {
        Thread? ran = null;
        _core.OnCompleted(_ => ran = Thread.CurrentThread, null, _core.Version, ValueTaskSourceOnCompletedFlags.None);
        Assert.Equal(ValueTaskSourceStatus.Pending, _core.GetStatus(_core.Version));

        _core.SetCompleted();

        Assert.Same(Thread.CurrentThread, ran);
        Assert.Equal(ValueTaskSourceStatus.Succeeded, _core.GetStatus(_core.Version));
        _core.GetResult(_core.Version);
    }

    [Fact]
    public async Task What_is_registered_after_the_end_runs_elsewhere()
    {
        var ran = new TaskCompletionSource<object?>();
        _core.SetCompleted();

        _core.OnCompleted(state => ran.SetResult(state), "state", _core.Version, ValueTaskSourceOnCompletedFlags.None);

        Assert.Equal("state", await ran.Task.WaitAsync(Enough));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_goes_on_in_the_context_that_was_asked_for(bool isLate)
    {
        var (context, local) = (new Posts(), new AsyncLocal<string?>());
        var ran = new TaskCompletionSource<(bool, string?)>();
        if (isLate)
        {
            _core.SetCompleted();
        }

        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        local.Value = "flowed";
        _core.OnCompleted(
            _ => ran.SetResult((Posts.IsPosted, local.Value)),
            null,
            _core.Version,
            ValueTaskSourceOnCompletedFlags.UseSchedulingContext | ValueTaskSourceOnCompletedFlags.FlowExecutionContext);
        SynchronizationContext.SetSynchronizationContext(before);
        local.Value = "changed";
        if (!isLate)
        {
            _core.SetCompleted();
        }

        Assert.Equal((true, "flowed"), await ran.Task.WaitAsync(Enough));
    }

    [Fact]
    public void An_earlier_use_a_second_waiter_and_a_result_before_the_end_are_refused()
    {
        var first = _core.Version;
        Assert.Throws<InvalidOperationException>(() => _core.GetResult(_core.Version));
        _core.OnCompleted(_ => { }, null, first, ValueTaskSourceOnCompletedFlags.None);
        Assert.Throws<InvalidOperationException>(() => _core.OnCompleted(_ => { }, null, first, ValueTaskSourceOnCompletedFlags.None));
        _core.SetCompleted();
        _core.Reset();

        Assert.Equal(ValueTaskSourceStatus.Pending, _core.GetStatus(_core.Version));
        Assert.Throws<InvalidOperationException>(() => _core.GetStatus(first));
    }

    [Fact]
    public async Task A_lane_runs_one_after_the_other_and_is_known_to_what_it_runs()
    {
        var (lane, order, inside, ended) = (
            new SerialWorkQueue(), new List<int>(), 0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        for (var i = 0; i < 200; i++)
        {
            var number = i;
            lane.Post(new Item(() =>
            {
                Assert.Same(lane, SerialWorkQueue.Current);
                Assert.Equal(1, Interlocked.Increment(ref inside));
                order.Add(number);
                Interlocked.Decrement(ref inside);
                if (number == 199)
                {
                    ended.SetResult();
                }
            }));
        }

        await ended.Task.WaitAsync(Enough);

        Assert.Equal(Enumerable.Range(0, 200), order);
    }

    private sealed class Item(Action action) : IThreadPoolWorkItem
    {
        void IThreadPoolWorkItem.Execute() => action();
    }

    private sealed class Posts : SynchronizationContext
    {
        [ThreadStatic]
        public static bool IsPosted;

        public override void Post(SendOrPostCallback d, object? state) => ThreadPool.UnsafeQueueUserWorkItem(
            _ =>
            {
                IsPosted = true;
                d(state);
                IsPosted = false;
            },
            null);
    }
}
