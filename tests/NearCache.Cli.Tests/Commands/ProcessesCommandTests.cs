using System.Text.Json.Nodes;
using NearCache.TestSupport;

namespace NearCache.Cli.Tests.Commands;

public sealed class ProcessesCommandTests
{
    [Fact]
    public async Task Processes_are_listed_and_shown_with_what_carries_their_announcements()
    {
        await using var fleet = new FleetOnFakes();
        await fleet.StartAsync();
        await Eventually.BecomesTrueAsync(
            async () => (await ShownAsync(fleet)) is { } shown && (bool?)shown["carriers"]?["ZooKeeper"] == true
                && shown["carrierDetails"]?.AsArray() is [var carrier, ..] && (bool?)carrier!["isDelivering"] == true,
            "the process reports that ZooKeeper delivers");

        var list = await fleet.RunAsync("processes");
        Assert.True(list.Code == 0, list.ToString());
        Assert.Contains(" (pid ", list.Output, StringComparison.Ordinal);
        Assert.Contains("  ZooKeeper  ", list.Output, StringComparison.Ordinal);
        Assert.Contains("1 process running.", list.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("×", list.Output, StringComparison.Ordinal);
        var one = await fleet.RunAsync("processes", $"{Environment.ProcessId}");
        Assert.Matches(@"ZooKeeper\s+yes\s", one.Output);
        Assert.Contains(fleet.Memcached[1].Address, one.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("DOES NOT DELIVER", (await fleet.RunAsync("top", "--count", "1", "--interval", "1s")).Output,
            StringComparison.Ordinal);

        fleet.ZooKeeper.Stop();
        await Eventually.BecomesTrueAsync(
            async () => (await ShownAsync(fleet)) is { } shown && (bool?)shown["carriers"]?["ZooKeeper"] == false
                && shown["carrierDetails"]?.AsArray() is [var carrier, ..] && (bool?)carrier!["isDelivering"] == false,
            "the process reports that ZooKeeper does not deliver");
        list = await WithoutZooKeeperAsync(fleet, "processes");
        Assert.Equal(0, list.Code);
        Assert.Contains("  × ZooKeeper  ", list.Output, StringComparison.Ordinal);
        one = await WithoutZooKeeperAsync(fleet, "processes", $"{Environment.ProcessId}");
        Assert.Contains("ZooKeeper does not deliver: it is not connected.", one.Output, StringComparison.Ordinal);
        Assert.Matches(
            @"DOES NOT DELIVER\n.*ZooKeeper", (await WithoutZooKeeperAsync(fleet, "top", "--count", "1", "--interval", "1s")).Output);

        // A member without a report would be in ZooKeeper alone.
        await Eventually.BecomesTrueAsync(
            async () => await ToolRun.OfAsync(["processes", .. fleet.Names[..^1], "1"]) is { Code: 1 } run
                && run.Error.Contains("Processes may be missing: processes without a report are not listed", StringComparison.Ordinal),
            "it is told that processes may be missing");
    }

    [Fact]
    public async Task A_process_that_is_not_there_is_refused_with_those_that_are()
    {
        await using var fleet = new FleetOnFakes();
        await fleet.StartAsync();
        await Eventually.BecomesTrueAsync(async () => (await ShownAsync(fleet)) is not null, "the process reports");

        var none = await fleet.RunAsync("processes", "shop-7");
        Assert.Equal((2, ""), (none.Code, none.Output));
        Assert.Contains("There is no process \"shop-7\"; there are: ", none.Error, StringComparison.Ordinal);

        await fleet.StartAsync();
        await Eventually.BecomesTrueAsync(
            async () => JsonNode.Parse((await fleet.RunAsync("processes", "--json")).Output)!["processes"]!.AsArray().Count == 2,
            "both processes report");
        var several = await fleet.RunAsync("processes", $"{Environment.ProcessId}");
        Assert.Equal((2, ""), (several.Code, several.Output));
        Assert.Contains("2 processes are meant by", several.Error, StringComparison.Ordinal);
    }

    // Null until its reports are there.
    private static async Task<JsonNode?> ShownAsync(FleetOnFakes fleet)
    {
        var run = await WithoutZooKeeperAsync(fleet, "processes", $"{Environment.ProcessId}", "--json");
        return run.Code == 0 ? JsonNode.Parse(run.Output) : null;
    }

    // Reports are on memcached, and a dead ensemble is not waited for.
    private static Task<ToolRun> WithoutZooKeeperAsync(FleetOnFakes fleet, params string[] arguments) =>
        ToolRun.OfAsync([.. arguments, .. fleet.Names[..4], .. fleet.Names[^2..]]);
}
