using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using NearCache.TestSupport;
using NearCache.Tests.Paths;

namespace NearCache.Tests;

public sealed class HealthCheckTests : IAsyncDisposable
{
    private readonly Shelf _shelf = new();

    public async ValueTask DisposeAsync() => await _shelf.DisposeAsync();

    [Fact]
    public async Task A_cache_whose_servers_answer_is_healthy_at_once()
    {
        var check = new NearCacheHealthCheck(_shelf.Make());

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(check)).Status);
    }

    [Fact]
    public async Task Readiness_waits_for_a_dead_memcached_only_so_long_and_then_is_degraded()
    {
        _shelf.IsAway = true;
        var check = new NearCacheHealthCheck(_shelf.Make(options => options.WarmUp = TimeSpan.FromSeconds(3)));
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(check)).Status);
        _shelf.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(check)).Status);

        await Eventually.BecomesTrueAsync(
            async () =>
            {
                _shelf.Time.Advance(TimeSpan.FromMilliseconds(100));
                return (await CheckAsync(check)).Status == HealthStatus.Degraded;
            },
            "it is degraded");

        Assert.Contains("shelf is not confirmed", (await CheckAsync(check)).Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_memcached_that_dies_later_never_takes_a_process_out_of_service()
    {
        var check = new NearCacheHealthCheck(_shelf.Make());
        _shelf.IsAway = true;
        _shelf.Time.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(HealthStatus.Degraded, (await CheckAsync(check)).Status);
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

    private static Task<HealthCheckResult> CheckAsync(NearCacheHealthCheck check) => check.CheckHealthAsync(new HealthCheckContext());

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
