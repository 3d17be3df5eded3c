using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace NearCache;

/// <summary>
/// Reports whether this process is ready for requests as far as its cache is concerned. Use it for readiness, not for liveness.
/// </summary>
/// <remarks>
/// <para>
/// The check sends no requests; it reports the state of the cache. It fails while the cache warms up, at most for
/// <see cref="NearCacheOptions.WarmUp"/>, and after the host has begun to stop; otherwise it is healthy. A failure of memcached or
/// ZooKeeper, or a stop, does not change it: every process sees those at once, and a probe that takes all of them out of service would turn
/// a slow site into none. <see cref="NearCacheDetailedHealthCheck"/> reports them.
/// </para>
/// <para>
/// Register it with <c>AddHealthChecks().AddCheck&lt;NearCacheHealthCheck&gt;("nearcache")</c>, and use no check of a shared dependency for
/// liveness.
/// </para>
/// </remarks>
/// <param name="cache">The cache.</param>
/// <param name="lifetime">Signals that the host stops. Default: none.</param>
public sealed class NearCacheHealthCheck(NearCacheClient cache, IHostApplicationLifetime? lifetime = null) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Task.FromResult(Check(cache.Snapshot(), lifetime, context.Registration?.FailureStatus ?? HealthStatus.Unhealthy));
    }

    internal static HealthCheckResult Check(NearCacheSnapshot now, IHostApplicationLifetime? lifetime, HealthStatus failure)
    {
        var data = HealthDetails.Of(now);
        return lifetime?.ApplicationStopping.IsCancellationRequested == true
            ? new HealthCheckResult(failure, "The host is stopping: running requests complete, and no new ones should arrive.", data: data)
            : now.IsWarm ? HealthCheckResult.Healthy(data: data)
            : new HealthCheckResult(failure, "The cache is warming up (WarmUp).", data: data);
    }
}
