namespace NearCache.Cli.Tests.Commands;

/// <summary>Rules are edited, and applied from files, against fake servers.</summary>
public sealed class RulesCommandsTests
{
    private const string Why = "--why";

    [Fact]
    public async Task Rules_are_added_changed_listed_and_undone_with_author_and_reason()
    {
        await using var fleet = new FleetOnFakes();
        await fleet.StartAsync();

        var added = await fleet.RunAsync(
            "rules", "add", "menus", "--match", "menu:*", "--near-lifetime", "00:05:00", "--max-entries", "100", Why, "lunch");
        Assert.True(added.Code == 0, added.ToString());
        Assert.Contains("Revision 2. Undo: nearcache rules undo 2", added.Output, StringComparison.Ordinal);
        Assert.Contains("+ menus (Match: menu:*, NearLifetime: 00:05:00, MaxEntries: 100)", added.Output, StringComparison.Ordinal);

        var set = await fleet.RunAsync("rules", "set", "menus", "--near-lifetime", "default", "--max-writes", "2.5", Why, "slow", "--who",
            "Bob");
        Assert.True(set.Code == 0, set.ToString());
        Assert.Contains("~ menus  NearLifetime: 00:05:00 → default", set.Output, StringComparison.Ordinal);
        Assert.Contains("~ menus  MaxWritesPerSecond: default → 2.5", set.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("MaxEntries", set.Output, StringComparison.Ordinal);

        var list = await fleet.RunAsync("rules", "list");
        Assert.Matches(@"menus\s+menu:\*\s+on\s+0\s+0\s+0", list.Output);
        Assert.Contains("Revision 3, 3 rules.", list.Output, StringComparison.Ordinal);

        var undone = await fleet.RunAsync("rules", "undo", "3", Why, "wrong");
        Assert.Equal(0, undone.Code);
        var history = await fleet.RunAsync("rules", "history");
        Assert.Matches(@"(?m)^2  .* alice \(claimed\): lunch$", history.Output);
        Assert.Matches(@"(?m)^3  .* Bob \(claimed\): slow$", history.Output);
        Assert.Matches(@"(?m)^4  .* alice \(claimed\): wrong$", history.Output);

        var show = await fleet.RunAsync("rules", "show", "menus");
        Assert.Matches(@"NearLifetime:\s+00:05:00", show.Output);
        Assert.Contains("lunch", show.Output, StringComparison.Ordinal);

        foreach (var verb in (string[])["disable", "enable", "remove"])
        {
            Assert.Equal(0, (await fleet.RunAsync("rules", verb, "menus", Why, "a test")).Code);
        }

        var gone = await fleet.RunAsync("rules", "show", "menus");
        Assert.Equal((2, ""), (gone.Code, gone.Output));
        Assert.Equal("nearcache: There is no rule \"menus\" in revision 7. There are: products, site.\n", gone.Error);
    }

    [Fact]
    public async Task Apply_is_idempotent_and_shows_exactly_what_it_changes()
    {
        await using var fleet = new FleetOnFakes();
        await fleet.StartAsync();
        using var folder = new TemporaryFolder();
        var machine = new Machine { Folder = folder.Path };

        var export = await fleet.RunAsync(machine, "rules", "export");
        folder.Write("rules.json", export.Output);
        var same = await fleet.RunAsync(machine, "rules", "apply", "-f", "rules.json", "--prune", Why, "nothing");
        Assert.Equal((0, "No difference: revision 1 is so already.\n"), (same.Code, same.Output));

        folder.Write("rules.json", """
            { "Rules": [
              { "Name": "products", "Match": "product:*", "NearLifetime": "00:02:00" },
              { "Name": "menus", "Match": "menu:*" } ] }
            """);
        const string Difference =
            "- site (Match: site)\n~ products  NearLifetime: default → 00:02:00\n+ menus (Match: menu:*)\n3 rules would change in "
                + "revision 1.\n";
        var diff = await fleet.RunAsync(machine, "rules", "diff", "-f", "rules.json", "--prune");
        Assert.Equal(1, diff.Code);
        Assert.Equal(Sorted(Difference), Sorted(diff.Output));

        // Without a terminal nothing is assumed.
        var asked = await fleet.RunAsync(machine, "rules", "apply", "-f", "rules.json", "--prune", Why, "release");
        Assert.Equal(2, asked.Code);
        Assert.Contains("pass --yes", asked.Error, StringComparison.Ordinal);

        var applied = await fleet.RunAsync(machine, "rules", "apply", "-f", "rules.json", "--prune", "--yes", Why, "release");
        Assert.True(applied.Code == 0, applied.ToString());
        Assert.Superset(Sorted(Difference).ToHashSet(), Sorted(applied.Output).ToHashSet());
        Assert.Contains("Applied as revision 2.", applied.Output, StringComparison.Ordinal);
        var again = await fleet.RunAsync(machine, "rules", "apply", "-f", "rules.json", "--prune", "--yes", Why, "release");
        Assert.Equal((0, "No difference: revision 2 is so already.\n"), (again.Code, again.Output));

        var late = await fleet.RunAsync(machine, "rules", "apply", "-f", "rules.json", "--revision", "1", "--yes", Why, "release");
        Assert.Equal(2, late.Code);
        Assert.Contains("the rules have revision 2, not 1", late.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_that_apply_at_once_one_is_refused()
    {
        await using var fleet = new FleetOnFakes();
        await fleet.StartAsync();
        using var folder = new TemporaryFolder();
        folder.Write("one.json", """{ "Rules": [ { "Name": "one", "Match": "one:*" } ] }""");
        folder.Write("two.json", """{ "Rules": [ { "Name": "two", "Match": "two:*" } ] }""");

        // The other one applies while the first is asked.
        var other = new Machine { Folder = folder.Path };
        var machine = new Machine
        {
            Folder = folder.Path,
            IsTerminal = true,
            Answer = async () =>
            {
                Assert.Equal(0, (await fleet.RunAsync(other, "rules", "apply", "-f", "two.json", "--yes", Why, "first")).Code);
                return "y";
            },
        };
        var refused = await fleet.RunAsync(machine, "rules", "apply", "-f", "one.json", Why, "second");

        Assert.Equal(2, refused.Code);
        Assert.Contains("The rules have revision 2, not 1: they were edited in the meantime.", refused.Error, StringComparison.Ordinal);
        var list = await fleet.RunAsync("rules", "list");
        Assert.Contains("two:*", list.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("one:*", list.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_with_a_mistake_is_refused_before_anything_is_sent_and_the_mistake_is_named()
    {
        await using var fleet = new FleetOnFakes();
        using var folder = new TemporaryFolder();
        var machine = new Machine { Folder = folder.Path };
        async Task<string> ErrorOfAsync(string text)
        {
            var path = folder.Write("rules.json", text);
            var run = await fleet.RunAsync(machine, "rules", "apply", "-f", "rules.json", "--prune", "--yes", Why, "a test");
            Assert.Equal((2, ""), (run.Code, run.Output));
            Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
            return run.Error.Replace(path, "FILE", StringComparison.Ordinal);
        }

        Assert.Contains("Macth", await ErrorOfAsync("""{ "Rules": [ { "Name": "a", "Macth": "a:*" } ] }"""), StringComparison.Ordinal);
        Assert.Contains("NearLifetime", await ErrorOfAsync("""{ "Rules": [ { "Name": "a", "Match": "a:*", "NearLifetime": "soon" } ] }"""),
            StringComparison.Ordinal);
        Assert.Contains("FILE has no Rules", await ErrorOfAsync("""{ "Rulez": [ ] }"""), StringComparison.Ordinal);
        Assert.Contains("FILE is no valid JSON", await ErrorOfAsync("{ \"Rules\": [ }"), StringComparison.Ordinal);
        Assert.Contains("There is no file", (await fleet.RunAsync(machine, "rules", "diff", "-f", "none.json")).Error,
            StringComparison.Ordinal);
        Assert.All(fleet.Memcached, server => Assert.Empty(server.Commands));
    }

    [Fact]
    public async Task An_edit_needs_a_reason_and_a_known_author()
    {
        await using var fleet = new FleetOnFakes();
        var none = await fleet.RunAsync("rules", "remove", "products");
        Assert.Equal(2, none.Code);
        Assert.Contains("--why", none.Error, StringComparison.Ordinal);

        await fleet.StartAsync();
        var unnamed = await fleet.RunAsync(new Machine { Variables = new Dictionary<string, string>() }, "rules", "remove", "site", Why,
            "x");
        Assert.Equal((2, "nearcache: The author is not known: pass --who NAME.\n"), (unnamed.Code, unnamed.Error));
        var pipeline = new Machine { Variables = new Dictionary<string, string> { ["GITHUB_ACTOR"] = "release-bot", ["USER"] = "runner" } };
        Assert.Equal(0, (await fleet.RunAsync(pipeline, "rules", "remove", "site", Why, "x")).Code);
        Assert.Contains("release-bot (claimed): x", (await fleet.RunAsync("rules", "history")).Output, StringComparison.Ordinal);
    }

    private static string[] Sorted(string lines) =>
        [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
}
