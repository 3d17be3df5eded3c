using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using NearCache.IntegrationTests;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.Deployment.Tests.Releases;

/// <summary>
/// The ReleaseReplay sample, as a user starts it: a short release of four pods, and with <c>NEARCACHE_FULL=1</c> every run with every
/// disturbance.
/// </summary>
public sealed partial class ReleaseReplayTests(ITestOutputHelper output)
{
    // Only a defect reaches it.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_release_while_memcached_restarts_fails_no_request_and_opens_no_connection_without_an_owner()
    {
        var (results, page) = await ReplayAsync(
            "--pods", "4", "--rate", "80", "--seconds", "12", "--patience", "6", "--runs", "nearcache", "--disturbances", "restart",
            "--program", Repository.Sample("ReleaseReplay"));

        var result = Assert.Single(results);
        Assert.Equal(("held", 0L), (result.Bound, result.Failed));
        Assert.True(result.Served > 0);
        Assert.Equal(2, result.Owners.Count);
        Assert.All(result.Owners, owners => Assert.Matches(@"^cache-[12]: NearCache ([1-9]\d*), expected \1; unaccounted 0\.$", owners));
        Assert.Equal(4, page.Split("<svg").Length - 1);
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ending_the_replay_ends_its_memcacheds_and_pods()
    {
        Require.Program("memcached");
        var folder = Directory.CreateTempSubdirectory("nearcache-test-").FullName;
        using var process = Start(folder, "--pods", "2", "--runs", "nearcache", "--program", Repository.Sample("ReleaseReplay"));
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await Eventually.BecomesTrueAsync(() => WorkingIn(folder) >= 5, "the replay, two memcacheds and two pods run", Longest);

        ProcessSignal.Send(process.Id, ProcessSignal.Terminate);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Longest, TestContext.Current.CancellationToken);

        Assert.Equal((143, ""), (process.ExitCode, await errors));
        await Eventually.BecomesTrueAsync(() => WorkingIn(folder) == 0, "no process of the replay is left", Longest);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Every_run_with_every_disturbance_keeps_the_bound_of_NearCache()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("NEARCACHE_FULL") == "1", "takes half an hour: NEARCACHE_FULL=1");

        var (results, _) = await ReplayAsync("--disturbances", "all", "--program", Repository.Sample("ReleaseReplay"));

        Assert.Equal(28, results.Count);
        Assert.All(results.Where(result => result.Run != "Naive client"), result => Assert.Equal("held", result.Bound));
        var calm = results.Single(result => result is { Run: "NearCache", Disturbance: "none" });
        Assert.Equal(0, calm.Failed);
    }

    private async Task<(IReadOnlyList<Replayed> Results, string Page)> ReplayAsync(params string[] settings)
    {
        Require.Program("memcached");
        var folder = Directory.CreateTempSubdirectory("nearcache-test-").FullName;
        var report = Path.Combine(folder, "report.html");
        using var process = Start(folder, [.. settings, "--report", report]);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var printed = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        output.WriteLine($"[FIGURE] {printed}");
        Assert.Equal((0, ""), (process.ExitCode, await errors));
        var page = await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken);
        Directory.Delete(folder, recursive: true);
        return ([.. Replayed.Parse(printed)], page);
    }

    private static Process Start(string folder, params string[] settings) => Process.Start(
        new ProcessStartInfo("dotnet", [Repository.Sample("ReleaseReplay"), .. settings])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        })!;

    // The replay, and what it has started: they work in its folder.
    private static int WorkingIn(string folder) => Directory.EnumerateDirectories("/proc").Count(process =>
    {
        try
        {
            return new DirectoryInfo(Path.Combine(process, "cwd")).LinkTarget == folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    /// <summary>One line of the summary, with the owners of the connections at the end.</summary>
    private sealed partial record Replayed(string Run, string Disturbance, int Peak, string Bound, long Failed, long Served)
    {
        public List<string> Owners { get; } = [];

        public static IEnumerable<Replayed> Parse(string printed)
        {
            Replayed? last = null;
            foreach (var line in printed[printed.LastIndexOf("peak connections", StringComparison.Ordinal)..].Split('\n'))
            {
                if (Line().Match(line) is { Success: true } match)
                {
                    long Number(int group) => long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
                    yield return last = new Replayed(
                        match.Groups[1].Value, match.Groups[2].Value, (int)Number(3), match.Groups[4].Value, Number(5), Number(6));
                }
                else if (line.StartsWith("    at the end, ", StringComparison.Ordinal))
                {
                    last!.Owners.Add(line["    at the end, ".Length..]);
                }
            }
        }

        [GeneratedRegex(@"^(\S.*?)\s{2,}(\S+)\s+(\d+)\s+(none|held|broken)\s+(\d+)\s+(\d+)\s")]
        private static partial Regex Line();
    }
}
