using System.Diagnostics;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Rules;

/// <summary>The IncidentReplay sample, as a user starts it: takes minutes, so only with <c>NEARCACHE_FULL=1</c>.</summary>
public sealed class IncidentReplayTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_replay_shows_the_stories_and_writes_a_report_that_needs_nothing_else()
    {
        Assert.SkipUnless(TestScale.IsFull, "takes minutes: NEARCACHE_FULL=1");
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        await using var broker = await RabbitMqProcess.StartNewAsync();
        var report = Path.Combine(memcached.Folder, "report.html");
        string[] arguments =
        [
            Repository.Sample("IncidentReplay"), "--zookeeper", zooKeeper.Address, "--memcached", memcached.Address,
            "--seconds", "10", "--locks", "2000", "--znodes", "20000", "--report", report, "--rabbitmq", broker.Address,
        ];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;

        var printed = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        output.WriteLine($"[FIGURE] {printed}");
        Assert.Equal(0, process.ExitCode);
        var page = await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken);
        Assert.Equal(3, page.Split("<svg").Length - 1);
        Assert.Contains("NearCache, mistaken rule, RabbitMQ", page, StringComparison.Ordinal);
        Assert.Contains("The churn breaker tripped after", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
    }
}
