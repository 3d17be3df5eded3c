using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Reports;

/// <summary>What a cache reports of itself.</summary>
public sealed class OwnReportTests
{
    private const int ServerDown = 2100;
    private const int NoConnection = 3001;

    [Fact]
    public async Task The_detail_has_the_identity_of_each_server_and_counts_the_warnings_of_the_clients()
    {
        await using var one = FakeMemcached.Start();
        await using var two = FakeMemcached.Start();
        await using var cache = new NearCacheClient(new NearCacheOptions
        {
            Memcached = { Servers = { one.Address, two.Address } },
            ZooKeeper = { ConnectionString = "127.0.0.1:1", ReconnectDelay = TimeSpan.FromMilliseconds(10) },
            Reports = { Interval = TimeSpan.FromSeconds(1) },
        });
        ProcessDetail? detail = null;
        await Eventually.BecomesTrueAsync(
            async () => (detail = await OwnAsync(cache))?.Servers is { Count: 2 } servers
                && servers.All(server => server.Identity is not null),
            "both identities are reported");
        Assert.NotEqual(detail!.Servers[0].Identity, detail.Servers[1].Identity);
        Assert.DoesNotContain(ServerDown, detail.Warnings.Keys);

        two.Kill();

        await Eventually.BecomesTrueAsync(
            async () => (detail = await OwnAsync(cache))?.Warnings.ContainsKey(ServerDown) == true, "the failure is counted");
        Assert.InRange(detail!.Warnings[NoConnection], 1, long.MaxValue);
    }

    private static async Task<ProcessDetail?> OwnAsync(NearCacheClient cache)
    {
        var reports = await cache.GetReportsAsync(TestContext.Current.CancellationToken);
        return reports.Processes.SingleOrDefault(process => process.Summary is not null) is { } own
            ? await cache.GetReportAsync(own.Id, TestContext.Current.CancellationToken)
            : null;
    }
}
