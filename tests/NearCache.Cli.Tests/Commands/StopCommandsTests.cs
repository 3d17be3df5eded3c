using NearCache.TestSupport;

namespace NearCache.Cli.Tests.Commands;

public sealed class StopCommandsTests
{
    [Fact]
    public async Task A_stop_says_what_memcached_will_take_where_it_is_stored_and_which_processes_obey()
    {
        await using var fleet = new FleetOnFakes();
        var process = await fleet.StartAsync();

        var stop = await fleet.RunAsync("stop", "products", "--why", "wrong prices", "--wait", "2m");

        Assert.True(stop.Code == 0, stop.ToString());
        var lines = stop.Output.Split('\n');
        Assert.StartsWith("memcached will serve about ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("Stopped: products, as ", lines[1], StringComparison.Ordinal);
        Assert.Contains("  √ registry", lines);
        Assert.Contains("  √ 1 process has obeyed.", lines);
        await Eventually.BecomesTrueAsync(() => process.Rules.Current.Stops.Count == 1, "the process knows the stop");

        var stops = await fleet.RunAsync("stops");
        Assert.Equal(1, stops.Code);
        Assert.Contains(": products, by alice (claimed), ", stops.Output, StringComparison.Ordinal);
        Assert.Matches(@"products\s+product:\*\s+stopped", (await fleet.RunAsync("rules", "list")).Output);
        var doctor = await fleet.RunAsync("doctor", "--problems");
        Assert.Equal(1, doctor.Code);
        Assert.Contains("Rule products is stopped by alice (claimed)", doctor.Output, StringComparison.Ordinal);

        var id = process.Rules.Current.Stops[0].Id;
        var resume = await fleet.RunAsync("resume", id, "--why", "right again", "--wait", "2m");
        Assert.True(resume.Code == 0, resume.ToString());
        Assert.Equal((0, "No stop is in force.\n"), ((await fleet.RunAsync("stops")).Code, (await fleet.RunAsync("stops")).Output));
    }

    [Fact]
    public async Task A_stop_works_with_ZooKeeper_dead_and_its_end_says_that_it_needs_ZooKeeper()
    {
        await using var fleet = new FleetOnFakes();
        var process = await fleet.StartAsync();
        fleet.ZooKeeper.Stop();
        string[] quick = ["--timeout", "1"];

        var stop = await ToolRun.OfAsync(["stop", "--all", "--why", "incident 4711", "--wait", "2m", .. fleet.Names[..^2], .. quick]);

        // Members are unknown, so it is not certain that every process has obeyed.
        Assert.True(stop.Code == 1, stop.ToString());
        Assert.Contains("  ! registry", stop.Output, StringComparison.Ordinal);
        Assert.Contains($"  √ {fleet.Memcached[0].Address}", stop.Output, StringComparison.Ordinal);
        Assert.Contains("  √ 1 process has obeyed.", stop.Output, StringComparison.Ordinal);
        Assert.Contains("There may be processes in none of these lists", stop.Output, StringComparison.Ordinal);
        Assert.Single(process.Rules.Current.Stops);

        var resume = await ToolRun.OfAsync(
            ["resume", process.Rules.Current.Stops[0].Id, "--why", "over", .. fleet.Names[..^2], .. quick]);
        Assert.Equal((2, ""), (resume.Code, resume.Output));
        Assert.Contains("The stop is still in force. Ending a stop is an edit of the registry, which needs ZooKeeper: ", resume.Error,
            StringComparison.Ordinal);
        var unknown = await ToolRun.OfAsync(["resume", "7f3c", "--why", "over", .. fleet.Names[..^2], .. quick]);
        Assert.Equal((2, ""), (unknown.Code, unknown.Output));
        Assert.Contains("No memcached server that answers has a stop \"7f3c\"; there are: ", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_whose_wait_is_interrupted_says_that_it_is_stored()
    {
        await using var fleet = new FleetOnFakes();
        await fleet.StartAsync();
        fleet.ZooKeeper.Freeze();
        using var interrupt = new CancellationTokenSource();
        var error = new Interrupting(interrupt);
        var host = new ToolHost { Output = TextWriter.Null, Error = error, Input = TextReader.Null, UserName = "alice" };

        var code = await NearCacheTool.RunAsync(
            ["stop", "products", "--why", "wrong prices", "--wait", "5m", .. fleet.Names], host, interrupt.Token);

        Assert.Equal(ExitCodes.Interrupted, code);
        Assert.Matches(
            @"^Stored by 127.*\nThe stop [0-9a-f]+ is stored, and in force\. To end it: nearcache resume [0-9a-f]+ --why "".""\n"
                + @"nearcache: interrupted\.\n$",
            error.ToString());
    }

    [Fact]
    public async Task A_stop_without_a_target_or_of_an_unknown_rule_is_refused_in_one_line()
    {
        await using var fleet = new FleetOnFakes();
        await fleet.StartAsync();

        Assert.Equal(
            "nearcache: Name the rule, or pass --all.\n", (await fleet.RunAsync("stop", "--why", "x")).Error);
        Assert.Equal(
            "nearcache: Name the rule or pass --all, not both.\n", (await fleet.RunAsync("stop", "products", "--all", "--why", "x")).Error);
        var unknown = await fleet.RunAsync("stop", "prodcts", "--why", "x");
        Assert.Equal((2, "nearcache: There is no rule \"prodcts\" in revision 1 of the rules.\n"), (unknown.Code, unknown.Error));
    }

    // Presses Ctrl+C as soon as the stop is stored.
    private sealed class Interrupting(CancellationTokenSource interrupt) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.Write(value + "\n");
            if (value?.StartsWith("Stored by ", StringComparison.Ordinal) == true)
            {
                interrupt.Cancel();
            }
        }
    }
}
