using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Fleet;

/// <summary>
/// A fleet of an older build is upgraded process by process in its namespace, and back, while all processes read and write; afterwards
/// their logs are held against the promise.
/// </summary>
/// <remarks>
/// The older build is made of the commit that <c>NEARCACHE_UPGRADE_FROM</c> names. About 20 seconds beside that build; so many minutes as
/// <c>NEARCACHE_SOAK</c> says otherwise.
/// </remarks>
public sealed class UpgradeTests(ITestOutputHelper output)
{
    // The last commit before servers had identities and packages a version. A release takes its place.
    private const string Older = "7bf408c";
    private const int Processes = 4;
    private const int Keys = 40;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5) + TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task A_rolling_upgrade_and_its_way_back_keep_the_promise()
    {
        var folder = Directory.CreateTempSubdirectory("nearcache-test-").FullName;
        var older = await BuildAsync(Environment.GetEnvironmentVariable("NEARCACHE_UPGRADE_FROM") ?? Older, Path.Combine(folder, "older"));
        var newer = Repository.Sample("NearCache.Checker");
        var soak = Environment.GetEnvironmentVariable("NEARCACHE_SOAK") is { Length: > 0 } text
            ? TimeSpan.FromMinutes(double.Parse(text, CultureInfo.InvariantCulture))
            : TimeSpan.Zero;

        await using var one = await MemcachedProcess.StartNewAsync();
        await using var two = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperEnsemble.StartNewAsync();
        var clients = Enumerable.Range(0, Processes)
            .Select(
                member => new FleetProcess(
                    Path.Combine(folder, $"{member}.log"),
                    member,
                    Processes,
                    Keys,
                    readsPerSecond: soak > TimeSpan.Zero ? 500 : 2000,
                    $"{one.Address},{two.Address}",
                    zooKeeper)
                {
                    Program = older,
                })
            .ToArray();
        foreach (var client in clients)
        {
            // One after another, as a deployment does.
            await client.StartAsync();
        }

        await AllIsNearAsync(clients);

        var begun = Stopwatch.GetTimestamp();
        var replaced = 0;
        do
        {
            foreach (var program in new[] { newer, older })
            {
                foreach (var client in clients)
                {
                    await client.StopAsync();
                    client.Program = program;
                    await client.StartAsync();
                    if (++replaced % (Processes / 2) == 0)
                    {
                        // Half of the processes, or all: each has what all the others write near.
                        await AllIsNearAsync(clients);
                    }
                }
            }
        }
        while (Stopwatch.GetElapsedTime(begun) < soak);

        foreach (var client in clients)
        {
            await client.StopAsync();
        }

        var log = new FleetLog(clients.Select(client => client.Log));
        var checkedHits = string.Create(CultureInfo.InvariantCulture, $"{log.NearHits:N0} near hits checked, {log.Writes:N0} writes");
        var oldest = log.WorstStaleness().TotalSeconds;
        output.WriteLine($"[FIGURE] upgrade and back: {replaced} processes replaced, {checkedHits}, oldest value served {oldest:0.00} s");
        Assert.Empty(log.Violations(Bound).Take(10));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    // A key has one writer, so a process that could not read another's build would not have its keys.
    private static async Task AllIsNearAsync(FleetProcess[] clients)
    {
        var logs = clients.Select(client => (client.Log, Length: FleetLog.LengthOf(client.Log))).ToArray();
        foreach (var (log, length) in logs)
        {
            await Eventually.BecomesTrueAsync(
                () => FleetLog.NearKeys(log, length) == Keys, $"the process of {log} has all keys near", TimeSpan.FromMinutes(5));
        }
    }

    // The sources as git has them, beside this tree and without touching it.
    private static async Task<string> BuildAsync(string commit, string folder)
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("NEARCACHE_TOOLS") == "all",
            "builds an older commit: NEARCACHE_TOOLS=all runs it");
        Assert.SkipUnless(Require.IsInstalled("git"), "git is not installed, and has the sources of the older commit");
        Directory.CreateDirectory(folder);
        var archive = Path.Combine(folder, "sources.tar");
        var (missing, why) = await ToolAsync("git", "-C", Repository.Root, "archive", "-o", archive, commit);
        Assert.SkipWhen(missing != 0, $"git has no commit {commit} here: {why.Trim()}");
        await MustAsync("tar", "-xf", archive, "-C", folder);
        var project = Path.Combine(folder, "tests", "NearCache.Checker");
        await MustAsync(
            "dotnet", "build", project, "-c", "Release", "-v", "quiet", "--nologo", "-p:NuGetAudit=false;RunAnalyzersDuringBuild=false");
        return Path.Combine(folder, "artifacts", "bin", "NearCache.Checker", "release", "NearCache.Checker.dll");
    }

    private static async Task MustAsync(string program, params string[] arguments)
    {
        var (status, said) = await ToolAsync(program, arguments);
        Assert.True(status == 0, said);
    }

    private static async Task<(int Status, string Said)> ToolAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync();
        var wrong = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await said + await wrong);
    }
}
