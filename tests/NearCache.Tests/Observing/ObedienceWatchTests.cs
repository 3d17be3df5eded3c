using NearCache.Observing;
using NearCache.TestSupport;

namespace NearCache.Tests.Observing;

public sealed class ObedienceWatchTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task It_ends_when_every_process_has_obeyed()
    {
        var reads = 0;
        var watch = new ObedienceWatch(_ => Read(("a", true), ("b", ++reads > 2)), _time);

        var obedience = await RunAsync(watch.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None));

        Assert.True(obedience.Value!.IsComplete);
        Assert.Equal(3, reads);
        Assert.Equal(["process a", "process b"], obedience.Value.Obeyed.Select(process => process.ToString()));
    }

    [Fact]
    public async Task At_the_end_of_the_time_it_names_those_that_have_not_and_those_that_cannot_say()
    {
        var reads = 0;
        var watch = new ObedienceWatch(
            _ =>
            {
                reads++;
                return Read(("a", true), ("b", false), ("c", null));
            },
            _time);

        var obedience = await RunAsync(watch.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None));

        Assert.False(obedience.Value!.IsComplete);
        Assert.Equal(11, reads);
        Assert.Equal("b", Assert.Single(obedience.Value.NotYet).Id);
        Assert.Equal("process c: silent", Assert.Single(obedience.Value.CannotSay).ToString());
    }

    [Fact]
    public async Task Without_a_wait_it_reads_once_and_what_cannot_be_read_is_unknown()
    {
        var unknown = await new ObedienceWatch(
            _ => Task.FromResult(Observed<IReadOnlyList<JudgedProcess>>.Missing("memcached is down")), _time)
            .WaitAsync(TimeSpan.Zero, CancellationToken.None);

        Assert.Equal("memcached is down", unknown.Unknown);
    }

    private static Task<Observed<IReadOnlyList<JudgedProcess>>> Read(params (string Id, bool? HasObeyed)[] processes) =>
        Task.FromResult(Observed<IReadOnlyList<JudgedProcess>>.Of(
        [
            .. processes.Select(process => new JudgedProcess(
                new FleetProcess { Id = process.Id, Reason = process.HasObeyed is null ? "silent" : null }, process.HasObeyed)),
        ]));

    private async Task<T> RunAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
        }

        return await task;
    }
}
