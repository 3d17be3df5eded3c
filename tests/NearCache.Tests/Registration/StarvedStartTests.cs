using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.Tests.Registration;

/// <summary>
/// A host that starts while memcached and ZooKeeper are down and another library blocks every thread of the pool. Runs when no other test
/// does, since it takes every thread of the pool.
/// </summary>
[Collection(nameof(StarvedStartTests))]
[CollectionDefinition(nameof(StarvedStartTests), DisableParallelization = true)]
public sealed class StarvedStartTests
{
    [Fact]
    public async Task It_starts_and_is_ready_after_its_warm_up_and_stops()
    {
        var time = new ManualTime();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddNearCache(options =>
        {
            options.Memcached.Servers.Add($"127.0.0.1:{Ports.Free()}");
            options.ZooKeeper.ConnectionString = $"127.0.0.1:{Ports.Free()}";
            options.WarmUp = TimeSpan.FromSeconds(3);
        });
        using var host = builder.Build();
        StarvedThreadPool.Run(() =>
        {
            // As an application whose Main blocks: nothing here may need a thread of the pool.
            host.StartAsync().GetAwaiter().GetResult();
            var check = new NearCacheHealthCheck(host.Services.GetRequiredService<NearCacheClient>());
            Assert.Equal(HealthStatus.Unhealthy, Status(check));
            time.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal(HealthStatus.Unhealthy, Status(check));
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(HealthStatus.Healthy, Status(check));
        });
        await host.StopAsync();
    }

    private static HealthStatus Status(NearCacheHealthCheck check) =>
        check.CheckHealthAsync(new HealthCheckContext()).GetAwaiter().GetResult().Status;
}
