using System.Diagnostics;
using System.Globalization;
using System.Text;
using NearCache.TestSupport;
using NearCache.ZooKeeper;

namespace NearCache.IntegrationTests.Rules;

/// <summary>Removal of nodes of an older or foreign layout below a live namespace.</summary>
/// <remarks>3,000 znodes in one parent; the 220,000 of the outage with <c>NEARCACHE_FULL=1</c>.</remarks>
public sealed class CleanerTests(ITestOutputHelper output)
{
    private const string Home = "/nearcache/rules";
    private const string Keys = Home + "/keys";

    [Fact]
    public async Task A_znode_per_key_goes_at_the_rate_that_was_asked_for_and_the_living_namespace_stays_as_it_is()
    {
        var count = TestScale.Of(3_000, 220_000);
        var rate = TestScale.Of(2_000, 5_000);
        await using var fleet = await RuleFleet.StartAsync(caches: 1, javaOptions: ["-Xmx1g"]);
        await fleet.ServeNearAsync("product:1");
        await fleet.AreMembersAsync(1);
        await using var admin = new ZooKeeperClient(
            new ZooKeeperOptions { ConnectionString = fleet.ZooKeeper.Address, SessionTimeout = TimeSpan.FromSeconds(60) });
        await FillAsync(admin, Keys, count);
        await admin.CreateAsync(Home + "/members/old", null);
        await admin.CreateAsync(Home + "/slots/08", null);
        await admin.CreateAsync(Home + "/rules/backup", null);
        var own = await OwnAsync(admin);

        // The jute.maxbuffer of the servers and of this client limits requests; the list of these names is larger.
        var small = new ZooKeeperOptions { ConnectionString = fleet.ZooKeeper.Address, MaxMessageBytes = 16 * 1024 };
        var cleaner = new NamespaceCleaner(small, "rules");
        var options = new CleanerOptions { ZNodesPerSecond = rate, UntouchedFor = TimeSpan.Zero };
        var found = await cleaner.FindAsync(
            new CleanerOptions { ZNodesPerSecond = 50_000, UntouchedFor = TimeSpan.Zero },
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((count + 4, 0, 1), (found.Leftovers, found.Removed, found.Alive));

        // Cancelled halfway, and run again.
        using var half = new CancellationTokenSource();
        var broken = new Progress(report => CancelAt(report, count / 2, half));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cleaner.CleanAsync(options, broken, half.Token));
        var left = (await admin.ExistsAsync(Keys))!.Value.ChildrenCount;
        Assert.InRange(left, 1, count - 1);
        var before = await fleet.ZooKeeper.LastZxidAsync();
        var clock = Stopwatch.StartNew();
        var done = await cleaner.CleanAsync(options, cancellationToken: TestContext.Current.CancellationToken);
        clock.Stop();
        var cost = await fleet.ZooKeeper.LastZxidAsync() - before;

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"[FIGURE] cleaner: {count:N0} znodes in one parent, broken off at {count - left:N0}; the remaining {done.Removed:N0} in "
                + $"{clock.Elapsed.TotalSeconds:0.0} s at {rate:N0}/s and {done.Transactions} transactions ({cost} of the ensemble)"));
        Assert.Equal((left + 2, left + 2, 1), (done.Leftovers, done.Removed, done.Alive));
        Assert.Null(await admin.ExistsAsync(Keys));
        Assert.Equal(own, await OwnAsync(admin));
        Assert.True(clock.Elapsed.TotalSeconds > 0.9 * (left - 100) / rate, "it keeps to its rate");
        Assert.InRange(done.Transactions, left / 100, (left / 100) + 5);
        await fleet.ServeNearAsync("product:1");
        Assert.Equal(
            new CleanerReport { Leftovers = 0, Removed = 0, Alive = 1, Young = 0, Transactions = 0 },
            await cleaner.CleanAsync(options, cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_is_alive_or_was_written_lately_stays_with_everything_above_it()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 1);
        await Eventually.BecomesTrueAsync(() => fleet.Caches[0].Snapshot().RulesRevision == 1, "the namespace is there");
        await using var admin = new ZooKeeperClient(fleet.ZooKeeper.Address);
        foreach (var path in new[] { Keys, Keys + "/deep", Keys + "/deep/deeper", Keys + "/deep/deeper/leaf", Keys + "/used" })
        {
            await admin.CreateAsync(path, null);
        }

        await admin.CreateAsync(Keys + "/used/now", null, ZNodeMode.Ephemeral);
        var cleaner = new NamespaceCleaner(new ZooKeeperOptions { ConnectionString = fleet.ZooKeeper.Address }, "rules");

        // This machine's clock determines the age of a node.
        var young = await cleaner.CleanAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), (young.Leftovers, young.Removed));

        var done = await cleaner.CleanAsync(
            new CleanerOptions { UntouchedFor = TimeSpan.Zero }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(3, done.Removed);
        Assert.Equal(["used"], (await admin.GetChildrenAsync(Keys)).Names);
        Assert.Equal(["now"], (await admin.GetChildrenAsync(Keys + "/used")).Names);
    }

    [Fact]
    public async Task What_cannot_be_done_is_said_before_anything_is_removed()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 0);
        var zooKeeper = new ZooKeeperOptions { ConnectionString = fleet.ZooKeeper.Address };
        await using var admin = new ZooKeeperClient(zooKeeper);
        await admin.CreateAsync("/nearcache", null);
        Assert.Equal(
            new CleanerReport { Leftovers = 0, Removed = 0, Alive = 0, Young = 0, Transactions = 0 },
            await new NamespaceCleaner(zooKeeper, "rules").CleanAsync(cancellationToken: TestContext.Current.CancellationToken));
        await admin.CreateAsync(Home, null);
        await FillAsync(admin, Keys, 300);
        var everything = new CleanerOptions { UntouchedFor = TimeSpan.Zero, MaxListBytes = 1024 };

        // 300 names cannot fit in the first, might fit in the second, and do not.
        var cleaner = new NamespaceCleaner(
            new ZooKeeperOptions { ConnectionString = fleet.ZooKeeper.Address, MaxMessageBytes = 1024 }, "rules");
        Assert.Contains(
            "MaxListBytes",
            (await Assert.ThrowsAsync<NearCacheException>(() => cleaner.CleanAsync(everything))).Message,
            StringComparison.Ordinal);
        everything.MaxListBytes = 1500;
        Assert.Contains(
            "has 300 children",
            (await Assert.ThrowsAsync<NearCacheException>(() => cleaner.CleanAsync(everything))).Message,
            StringComparison.Ordinal);

        await admin.CreateAsync(Home + "/config", Encoding.ASCII.GetBytes("""{"format":2,"slots":8}"""));
        Assert.Contains(
            "newer layout",
            (await Assert.ThrowsAsync<NearCacheException>(() => new NamespaceCleaner(zooKeeper, "rules").CleanAsync())).Message,
            StringComparison.Ordinal);

        await admin.DeleteAsync(Home + "/config");
        await admin.SetAclAsync(Keys, [.. ZNodeAcl.ReadableByAll]);
        var refused = await Assert.ThrowsAsync<NearCacheException>(
            () => new NamespaceCleaner(zooKeeper, "rules").CleanAsync(new CleanerOptions { UntouchedFor = TimeSpan.Zero }));
        Assert.Contains("Authentications", refused.Message, StringComparison.Ordinal);
        Assert.Equal(300, (await admin.ExistsAsync(Keys))!.Value.ChildrenCount);
    }

    private static void CancelAt(CleanerReport report, int removed, CancellationTokenSource source)
    {
        if (report.Removed >= removed)
        {
            source.Cancel();
        }
    }

    private static async Task FillAsync(ZooKeeperClient admin, string parent, int count)
    {
        await admin.CreateAsync(parent, null);
        var batches = Enumerable.Range(0, count).Select(
            i => MultiOperation.Create(
                string.Create(CultureInfo.InvariantCulture, $"{parent}/lock:order:{i:0000000}:pay"), "held"u8.ToArray())).Chunk(500);
        await Parallel.ForEachAsync(
            batches,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (batch, cancellationToken) => await admin.MultiAsync(batch, cancellationToken));
    }

    // All nodes that NearCache uses, with the versions that reveal a change.
    private static async Task<List<string>> OwnAsync(ZooKeeperClient admin)
    {
        string[] paths =
        [
            Home + "/config",
            Home + "/rules",
            .. Enumerable.Range(0, 8).Select(slot => string.Create(CultureInfo.InvariantCulture, $"{Home}/slots/{slot:00}")),
        ];
        string[] members = [.. (await admin.GetChildrenAsync(Home + "/members")).Names.Where(name => name != "old")
            .Select(name => $"{Home}/members/{name}")];
        var own = new List<string>();
        foreach (var path in paths.Concat(members))
        {
            var stat = (await admin.ExistsAsync(path))!.Value;
            own.Add(string.Create(CultureInfo.InvariantCulture, $"{path} {stat.CreatedZxid} {stat.ModifiedZxid} {stat.EphemeralOwner}"));
        }

        return own;
    }

    private sealed class Progress(Action<CleanerReport> report) : IProgress<CleanerReport>
    {
        public void Report(CleanerReport value) => report(value);
    }
}
