namespace NearCache.Cli.Tests.Commands;

/// <summary>Read-only runs change nothing, secrets and hostile text do not reach the terminal, and errors are one line.</summary>
public sealed class SafetyTests
{
    private static readonly string[][] Writing =
    [
        ["rules", "add", "a", "--match", "a:*", "--why", "x"], ["rules", "set", "products", "--dry-run", "true", "--why", "x"],
        ["rules", "enable", "products", "--why", "x"], ["rules", "disable", "products", "--why", "x"],
        ["rules", "remove", "products", "--why", "x"], ["rules", "promote", "products", "--why", "x"],
        ["rules", "undo", "1", "--why", "x"], ["rules", "apply", "-f", "rules.json", "--yes", "--why", "x"],
        ["stop", "products", "--why", "x"], ["stop", "--all", "--why", "x"], ["resume", "abc", "--why", "x"],
        ["key", "remove", "product:1", "--yes"], ["clean", "--yes"],
    ];

    private static readonly string[][] Reading =
    [
        ["doctor"], ["doctor", "--json"], ["rules", "list"], ["rules", "list", "--json"], ["rules", "history"],
            ["rules", "show", "products"],
        ["rules", "export"], ["stops"], ["stops", "--json"], ["processes"], ["processes", "--json"],
        ["znodes", "--for", "1"], ["clean", "--dry-run"],
    ];

    [Fact]
    public async Task Read_only_runs_refuse_every_command_that_changes_something()
    {
        await using var fleet = new FleetOnFakes();
        using var folder = new TemporaryFolder();
        folder.Write("rules.json", """{ "Rules": [ { "Name": "a", "Match": "a:*" } ] }""");
        foreach (var arguments in Writing)
        {
            var run = await fleet.RunAsync(new Machine { Folder = folder.Path }, [.. arguments, "--read-only"]);
            Assert.True(run.Code == 2, $"{string.Join(' ', arguments)}: {run}");
            Assert.StartsWith("nearcache: Nothing was changed: the connection is read-only", run.Error, StringComparison.Ordinal);
        }

        Assert.All(fleet.Memcached, server => Assert.Empty(server.Commands));
        Assert.Empty(fleet.ZooKeeper.Requests);
    }

    [Fact]
    public async Task Hostile_text_of_an_author_reaches_no_terminal()
    {
        await using var fleet = new FleetOnFakes();
        var process = await fleet.StartAsync();
        const string Evil = "\u001b]0;owned\u0007\u001b[2J[red]x[/]\u202e\r\nnearcache: all is well";
        await process.Rules.ChangeAsync(
            "products", rule => rule.Preload.Add("product:\u001b[31m"), new EditReason { Who = Evil, Why = Evil },
            TestContext.Current.CancellationToken);
        await process.Rules.StopAsync("site", new EditReason { Who = Evil, Why = Evil }, TestContext.Current.CancellationToken);

        foreach (var isTerminal in (bool[])[false, true])
        {
            var runs = await Task.WhenAll(Reading.Select(
                arguments => fleet.RunAsync(new Machine { IsTerminal = isTerminal }, [.. arguments, "--no-color"])));
            foreach (var run in runs)
            {
                Assert.DoesNotContain(run.Output + run.Error, letter => char.IsControl(letter) && letter != '\n');
                Assert.DoesNotContain('\u202e', run.Output);
                Assert.DoesNotContain(run.Output.Split('\n'), line => line.StartsWith("nearcache: all is well", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public async Task Passwords_are_never_written()
    {
        await using var fleet = new FleetOnFakes();
        await fleet.StartAsync();
        using var folder = new TemporaryFolder();
        folder.Write("appsettings.json", $$"""
            { "NearCache": {
              "Namespace": "shop",
              "Memcached": { "Servers": [ "{{fleet.Memcached[0].Address}}", "{{fleet.Memcached[1].Address}}" ],
                "UserName": "shop", "Password": "s3cret-1" },
              "ZooKeeper": { "ConnectionString": "{{fleet.ZooKeeper.ConnectionString}}",
                "Authentications": [ { "Scheme": "digest", "Credentials": "shop:s3cret-2" } ] } } }
            """);
        var runs = await Task.WhenAll(Reading.Select(
            arguments => ToolRun.OfAsync(new Machine { Folder = folder.Path }, [.. arguments, "-c", "appsettings.json"])));
        foreach (var run in runs)
        {
            Assert.DoesNotContain("s3cret", run.Output + run.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("\"docter\" is no command, option or argument of nearcache. See: nearcache --help", "docter")]
    [InlineData("\"--jsn\" is no command, option or argument of nearcache rules list.", "rules", "list", "--jsn")]
    [InlineData("Required command was not provided.")]
    [InlineData("There is no file", "doctor", "-c", "none.json")]
    [InlineData("No fleet is named", "doctor")]
    [InlineData("--timeout is 900, but must be from 0.1 to 60 seconds.", "doctor", "--memcached", "127.0.0.1:1", "--timeout", "900")]
    [InlineData("--count is 0, but must be at least 1.", "top", "--count", "0", "--memcached", "127.0.0.1:1")]
    [InlineData("--count is -3, but must be at least 1.", "hot", "--count", "-3", "--memcached", "127.0.0.1:1")]
    [InlineData("Cannot parse argument 'x' for option '--timeout' as a number. See: ", "stops", "--timeout", "x")]
    [InlineData("Cannot parse argument 'x' for command 'undo' as a number. See: ", "rules", "undo", "x", "--why", "y")]
    [InlineData("Must be one of: 'hits' 'reads' 'failures'", "top", "--sort", "foo")]
    [InlineData("--who is empty", "stop", "--all", "--why", "x", "--who", " ", "--memcached", "127.0.0.1:1")]
    [InlineData("--wait is 01:00:00, but must be from 00:00:00 to 00:05:00.", "stop", "--all", "--why", "x", "--wait", "1h", "--who", "a",
        "--memcached", "127.0.0.1:1")]
    [InlineData("\"tomorrow\" is no time", "bundle", "--at", "tomorrow")]
    [InlineData("There is no contexts file for the context \"shop\".", "doctor", "--context", "shop")]
    public async Task A_mistake_is_one_line_on_standard_error(string message, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var run = await ToolRun.OfAsync(new Machine { Folder = folder.Path }, arguments);

        Assert.Equal((2, ""), (run.Code, run.Output));
        Assert.StartsWith("nearcache: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task A_reader_of_the_output_that_has_ended_ends_the_command_without_a_word()
    {
        await using var fleet = new FleetOnFakes();
        await fleet.StartAsync();
        await using var tool = ToolProcess.Start(Path.GetTempPath(), ["top", "--interval", "1s", .. fleet.Names]);

        await tool.ReadLineAsync();
        tool.CloseOutput();

        Assert.Equal((ExitCodes.OutputClosed, ""), await tool.EndAsync());
    }

    [Fact]
    public async Task A_removed_key_is_gone_and_a_question_without_an_answer_removes_nothing()
    {
        await using var fleet = new FleetOnFakes();
        var process = await fleet.StartAsync();

        var asked = await fleet.RunAsync(new Machine { IsTerminal = true, Input = "n\n" }, "key", "remove", "product:1");
        Assert.Equal(2, asked.Code);
        Assert.True((await process.GetAsync<string>("product:1", TestContext.Current.CancellationToken)).HasValue);
        var removed = await fleet.RunAsync("key", "remove", "product:1", "--yes");
        Assert.True(removed.Code == 0, removed.ToString());
        Assert.StartsWith("Removed product:1.", removed.Output, StringComparison.Ordinal);
        Assert.StartsWith("product:1 was not there.", (await fleet.RunAsync("key", "remove", "product:1", "--yes")).Output,
            StringComparison.Ordinal);
        var invalid = await fleet.RunAsync("key", "remove", "two words\nlines", "--yes");
        Assert.Equal(2, invalid.Code);
        Assert.Single(invalid.Error.TrimEnd('\n').Split('\n'));
    }
}
