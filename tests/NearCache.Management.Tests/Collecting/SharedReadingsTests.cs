using NearCache.Management.Collecting;
using NearCache.TestSupport;

namespace NearCache.Management.Tests.Collecting;

public sealed class SharedReadingsTests
{
    private const int Most = 7;

    private readonly ManualTime _time = new();

    [Fact]
    public async Task Viewers_that_ask_the_same_within_a_time_share_one_answer()
    {
        var readings = new SharedReadings(_time, Most);
        var answer = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = 0;
        Task<int> AskAsync() => readings.OfAsync(
            "a",
            TimeSpan.FromSeconds(15),
            () =>
            {
                Interlocked.Increment(ref asked);
                return answer.Task;
            },
            CancellationToken.None);

        var all = Enumerable.Range(0, 20).Select(_ => AskAsync()).ToArray();
        answer.SetResult(1);
        await Task.WhenAll(all);
        _time.Advance(TimeSpan.FromSeconds(14));
        await AskAsync();
        Assert.Equal(1, asked);
        _time.Advance(TimeSpan.FromSeconds(1));
        await AskAsync();
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task What_is_kept_is_bounded_whatever_is_asked()
    {
        var readings = new SharedReadings(_time, Most);
        for (var question = 0; question < 100; question++)
        {
            await AskAsync(question);
            Assert.InRange(readings.Count, 1, Most);
        }

        // Nothing is kept for long.
        _time.Advance(TimeSpan.FromSeconds(61));
        await AskAsync(200);
        Assert.Equal(1, readings.Count);

        Task<int> AskAsync(int question) =>
            readings.OfAsync($"{question}", TimeSpan.FromSeconds(15), () => Task.FromResult(question), CancellationToken.None);
    }

    [Fact]
    public async Task An_answer_that_fails_is_asked_for_again()
    {
        var readings = new SharedReadings(_time, Most);
        Task<int> AskAsync(Func<Task<int>> read) => readings.OfAsync("a", TimeSpan.FromSeconds(15), read, CancellationToken.None);

        await Assert.ThrowsAsync<IOException>(() => AskAsync(() => throw new IOException()));

        Assert.Equal(1, await AskAsync(() => Task.FromResult(1)));
    }
}
