using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace NearCache;

/// <summary>
/// Whether requests should come to this process, as far as its cache is concerned: a check for readiness, never for liveness.
/// </summary>
/// <remarks>
/// <para>
/// It asks nobody: it tells what the cache knows. It fails while the cache warms up, at most for <see cref="NearCacheOptions.WarmUp"/>, and
/// from the moment at which the host is told to stop; else it is healthy. It never changes because memcached or ZooKeeper is away, or
/// because of a stop: every process sees that at once, and a probe that takes them all out of service would make of a slow site none.
/// <see cref="NearCacheDetailedHealthCheck"/> tells of these.
/// </para>
/// <para>
/// Register it with <c>AddHealthChecks().AddCheck&lt;NearCacheHealthCheck&gt;("nearcache")</c>, and let liveness look at no check of a
/// shared dependency.
/// </para>
/// </remarks>
/// <param name="cache">The cache.</param>
/// <param name="lifetime">Tells when the host stops. Default: nobody does.</param>
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
            ? new HealthCheckResult(failure, "The host stops: what is under way is finished, and nothing new should come.", data: data)
            : now.IsWarm ? HealthCheckResult.Healthy(data: data)
            : new HealthCheckResult(failure, "The cache warms up (WarmUp).", data: data);
    }
}
