using System.Text.Json.Nodes;
using NearCache.Cli.Doctoring;
using NearCache.TestSupport;

namespace NearCache.Cli.Tests.Commands;

public sealed class DoctorCommandTests
{
    [Fact]
    public async Task What_hangs_longer_than_the_doctor_may_take_is_named_and_not_judged()
    {
        await using var fleet = new FleetOnFakes();
        await fleet.StartAsync();
        fleet.ZooKeeper.Freeze();

        // A part has more time than all of it.
        var run = await fleet.RunAsync("doctor", "--json", "--within", "1");

        Assert.True(run.Code == 1, run.ToString());
        var found = JsonNode.Parse(run.Output)!["checks"]!.AsArray().Where(check => (string?)check!["level"] != "good").ToArray();
        Assert.Equal("not-judged", (string?)Assert.Single(found)!["id"]);
        Assert.Contains("Not read within 1 s, and not judged: ", (string?)found[0]!["found"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_limit_cuts_off_a_reading_and_lets_the_next_be_read()
    {
        var time = new ManualTime();
        using var limit = new ReadingLimit(TimeSpan.FromSeconds(10), time, CancellationToken.None);
        var never = new TaskCompletionSource<string>();
        var cut = limit.OfAsync("ZooKeeper", never.Task);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(cut.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Null(await cut);
        Assert.Equal("read", await limit.OfAsync("memcached", Task.FromResult("read")));
        Assert.Equal(["ZooKeeper"], limit.Unread);
    }

    [Fact]
    public async Task An_interrupted_reading_ends_instead_of_being_judged()
    {
        using var interrupt = new CancellationTokenSource();
        using var limit = new ReadingLimit(TimeSpan.FromSeconds(10), new ManualTime(), interrupt.Token);
        var cut = limit.OfAsync("ZooKeeper", new TaskCompletionSource<string>().Task);

        await interrupt.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cut);
        Assert.Empty(limit.Unread);
    }
}
