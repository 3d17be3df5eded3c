using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using NearCache.Tests.Creating;
using NearCache.TestSupport;

namespace NearCache.Tests.Health;

public sealed class HealthCheckTests : IAsyncDisposable
{
    private readonly CacheFixture _shelf = new();

    public async ValueTask DisposeAsync() => await _shelf.DisposeAsync();

    [Fact]
    public async Task A_cache_whose_servers_answer_is_healthy_at_once()
    {
        var check = new NearCacheHealthCheck(_shelf.Make());

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(check)).Status);
    }

    [Fact]
    public async Task Readiness_waits_for_a_dead_memcached_only_so_long_and_the_details_are_degraded()
    {
        _shelf.IsAway = true;
        var cache = _shelf.Make(options => options.WarmUp = TimeSpan.FromSeconds(3));
        var (ready, details) = (new NearCacheHealthCheck(cache), new NearCacheDetailedHealthCheck(cache));
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(ready)).Status);
        _shelf.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(ready)).Status);
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(details)).Status);

        await Eventually.BecomesTrueAsync(
            async () =>
            {
                _shelf.Time.Advance(TimeSpan.FromMilliseconds(100));
                return (await CheckAsync(ready)).Status == HealthStatus.Healthy;
            },
            "it is ready");

        Assert.Equal(HealthStatus.Degraded, (await CheckAsync(details)).Status);
        Assert.Contains("shelf is not confirmed", (await CheckAsync(details)).Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_memcached_that_dies_later_never_takes_a_process_out_of_service()
    {
        var cache = _shelf.Make();
        _shelf.IsAway = true;
        _shelf.Time.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(new NearCacheHealthCheck(cache))).Status);
        Assert.Equal(HealthStatus.Degraded, (await CheckAsync(new NearCacheDetailedHealthCheck(cache))).Status);
    }

    [Fact]
    public async Task A_stop_degrades_the_details_alone()
    {
        var cache = _shelf.Make();
        await cache.Rules.StopAsync(null, new EditReason { Who = "Alice", Why = "a drill" });

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(new NearCacheHealthCheck(cache))).Status);
        var details = await CheckAsync(new NearCacheDetailedHealthCheck(cache));
        Assert.Equal((HealthStatus.Degraded, "everything is stopped by Alice."), (details.Status, details.Description));
        Assert.Equal("Alice", Assert.Single(cache.Snapshot().Stops).Who);
        Assert.Contains("by Alice", (string)details.Data["stops"], StringComparison.Ordinal);
    }

    [Fact]
    public void ZooKeeper_degrades_the_details_alone_and_the_description_says_by_what()
    {
        var well = new CoordinationSnapshot
        {
            Namespace = "Whole",
            IsMember = true,
            RepliedBefore = TimeSpan.FromSeconds(20),
            SilentFor = TimeSpan.FromSeconds(20),
            SlotReadBefore = TimeSpan.FromHours(3),
            AnnouncedBefore = null,
            Requests = 10,
            Failures = 0,
            Failing = [],
        };
        var now = _shelf.Make().Snapshot() with { ZooKeeper = "Connected", Coordination = well };
        Assert.Empty(HealthDetails.ProblemsOf(now));
        Assert.Equal("10800 s ago", HealthDetails.Of(now)["zooKeeperSlotRead"]);
        Assert.Equal("never", HealthDetails.Of(now)["zooKeeperAnnounced"]);

        foreach (var (bad, says) in new (CoordinationSnapshot, string)[]
        {
            (well with { SilentFor = TimeSpan.FromSeconds(91) }, "has not replied for longer than 90 s"),
            (well with { Failing = ["Announce (the access rights do not allow it.)"] }, "Announce (the access rights do not allow it"),
            (well with { Namespace = "Damaged", Problem = "rules are missing", Command = "create /x" }, "rules are missing"),
        })
        {
            var snapshot = now with { Coordination = bad };
            Assert.Contains(says, Assert.Single(HealthDetails.ProblemsOf(snapshot)), StringComparison.Ordinal);
            Assert.Equal(HealthStatus.Healthy, NearCacheHealthCheck.Check(snapshot, null, HealthStatus.Unhealthy).Status);
        }

        Assert.Equal("create /x", HealthDetails.Of(now with { Coordination = well with { Command = "create /x" } })["zooKeeperCommand"]);
    }

    [Fact]
    public async Task A_host_that_stops_is_not_ready()
    {
        using var lifetime = new Lifetime();
        var check = new NearCacheHealthCheck(_shelf.Make(), lifetime);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(check)).Status);

        lifetime.StopApplication();

        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(check)).Status);
    }

    private static Task<HealthCheckResult> CheckAsync(IHealthCheck check) => check.CheckHealthAsync(new HealthCheckContext());

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => _stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopping.Cancel();

        public void Dispose() => _stopping.Dispose();
    }
}
