using System.Globalization;
using System.IO.Compression;
using NearCache.Cli.Commands;

namespace NearCache.Cli.Tests.Commands;

/// <summary>The file for a bug report: what it has of the past, and what it must not have.</summary>
public sealed class BundleTests
{
    [Fact]
    public async Task A_bundle_has_no_password_even_where_its_setting_is_misspelled()
    {
        await using var fleet = new FleetOnFakes();
        await fleet.StartAsync();
        using var folder = new TemporaryFolder();
        folder.Write("appsettings.json", $$"""
            { "NearCache": { "Namespace": "shop",
              "Memcached": { "Servers": [ "{{fleet.Memcached[0].Address}}", "{{fleet.Memcached[1].Address}}" ] },
              "ZooKeeper": { "ConnectionString": "{{fleet.ZooKeeper.ConnectionString}}",
                "Authentications": [ { "Scheme": "digest", "Credentials": "shop:s3cret-1" } ] },
              "Ensemble": { "Acl": [ "digest:shop:s3cret-2:cdrwa" ] } } }
            """);
        folder.Write("wrong.json", """
            { "NearCache": { "Namespace": "../shop", "ApiKey": "s3cret-3",
              "Memcached": { "Servers": [ "a:1" ], "UserName": "shop", "Pasword": "s3cret-4", "Password": "s3cret-5" },
              "ZooKeeper": { "ConnectionString": "a:2", "Sasl": { "User": "u", "Password": "s3cret-6" },
                "Sessoin": { "Key": "s3cret-7" } } } }
            """);
        var machine = new Machine
        {
            Folder = folder.Path,
            Variables = new Dictionary<string, string>
            {
                ["NEARCACHE_MEMCACHED_PASSWORD"] = "s3cret-9",
                ["NEARCACHE_ZOOKEEPER_PASSWORD"] = "s3cret-10",
            },
        };

        var all = "";
        foreach (var (file, more) in new[] { ("appsettings.json", (string[])["--zookeeper-user", "ops"]), ("wrong.json", []) })
        {
            var run = await ToolRun.OfAsync(machine, ["bundle", "-c", file, "-f", file + ".zip", "--timeout", "1", .. more]);
            Assert.True(run.Code == 0, run.ToString());
            Assert.DoesNotContain("s3cret", run.Output + run.Error, StringComparison.Ordinal);
            all += Content(Path.Combine(folder.Path, file + ".zip"));
        }

        Assert.DoesNotContain("s3cret", all, StringComparison.Ordinal);
        Assert.Contains(fleet.ZooKeeper.ConnectionString, all, StringComparison.Ordinal);
        Assert.Contains("Pasword", all, StringComparison.Ordinal);

        // A name is not a path.
        Assert.Equal(0, (await ToolRun.OfAsync(machine, "bundle", "-c", "wrong.json")).Code);
        Assert.Single(Directory.GetFiles(folder.Path, "nearcache-*.zip"));
    }

    [Fact]
    public async Task A_bundle_of_a_time_has_the_rules_of_then_and_what_the_console_stored_around_it()
    {
        await using var fleet = new FleetOnFakes();
        var process = await fleet.StartAsync();
        await process.Rules.AddAsync(
            new RuleOptions { Name = "later", Match = "later:*" }, new EditReason { Who = "Bob", Why = "x" },
            TestContext.Current.CancellationToken);
        using var folder = new TemporaryFolder();
        var at = process.Rules.Current.History[^1].When;
        var file = folder.Write($"data/shop/{at:yyyy-MM-dd}.jsonl", string.Create(
            CultureInfo.InvariantCulture, $$$"""
            {"at":"{{{at.AddDays(-1):o}}}","level":"well","values":{"live":1}}
            {"at":"{{{at.AddMinutes(-1):o}}}","level":"well","values":{"live":2}}
            {"at":"{{{at:o}}}","level":"w
            """));

        // Before the edit, and the file of the day of the half hour before it may be another one.
        var before = at.AddTicks(-TimeSpan.TicksPerMillisecond).ToString("o", CultureInfo.InvariantCulture);
        File.Copy(file, Path.Combine(folder.Path, "data", "shop", $"{at.AddDays(-1):yyyy-MM-dd}.jsonl"));
        var run = await fleet.RunAsync(
            new Machine { Folder = folder.Path }, "bundle", "-f", "bundle.zip", "--at", before, "--data", "data");

        Assert.True(run.Code == 0, run.ToString());
        var content = Content(Path.Combine(folder.Path, "bundle.zip"), "at/");
        Assert.Contains("products", content, StringComparison.Ordinal);
        Assert.DoesNotContain("later", content, StringComparison.Ordinal);
        Assert.Contains("{\"live\":2}", content, StringComparison.Ordinal);
        Assert.DoesNotContain("{\"live\":1}", content, StringComparison.Ordinal);

        var future = await fleet.RunAsync(new Machine { Folder = folder.Path }, "bundle", "--at", "2100-01-01");
        Assert.Equal((2, "nearcache: --at is 2100-01-01 00:00:00Z, which is not over yet.\n"), (future.Code, future.Error));
    }

    [Fact]
    public void The_rules_of_a_time_are_unknown_where_an_edit_since_then_is_not_recorded()
    {
        var start = new DateTimeOffset(2026, 11, 30, 3, 0, 0, TimeSpan.Zero);
        RegistryEdit Edit(long revision, RuleChange[]? changes) => new()
        {
            Revision = revision,
            Who = "Bob",
            IsVerified = false,
            Why = "x",
            When = start.AddHours(revision),
            Changes = changes,
            ClearedStops = [],
            PutStops = [],
        };
        var old = new RuleOptions { Name = "a", Match = "a:*" };
        var now = new RuleOptions { Name = "a", Match = "b:*" };
        var rules = new RegistrySnapshot
        {
            Revision = 3,
            Rules = [new RegisteredRule { Settings = now, Since = 3 }],
            Stops = [],
            History = [Edit(1, null), Edit(2, null), Edit(3, [new RuleChange { Name = "a", Before = old, After = now }])],
        };

        Assert.Equal("b:*", Assert.Single(BundleTime.RulesAt(rules, start.AddHours(3), out var unknown)).Match);
        Assert.Null(unknown);
        Assert.Equal("a:*", Assert.Single(BundleTime.RulesAt(rules, start.AddHours(2.5), out unknown)).Match);
        Assert.Null(unknown);
        Assert.Empty(BundleTime.RulesAt(rules, start.AddHours(1.5), out unknown));
        Assert.Equal("what the edit to revision 2 changed is not recorded", unknown);
        Assert.Empty(BundleTime.RulesAt(rules with { History = [rules.History[2]] }, start, out unknown));
        Assert.Equal("the history begins at revision 3, after this time", unknown);
    }

    private static string Content(string path, string below = "")
    {
        using var zip = ZipFile.OpenRead(path);
        return string.Concat(zip.Entries.Where(entry => entry.FullName.StartsWith(below, StringComparison.Ordinal)).Select(entry =>
        {
            using var reader = new StreamReader(entry.Open());
            return $"{entry.FullName}\n{reader.ReadToEnd()}\n";
        }));
    }
}
