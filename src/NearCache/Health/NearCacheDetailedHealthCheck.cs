using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace NearCache;

/// <summary>
/// Everything that is not as it should be with a cache: for people and dashboards, never for a probe that takes processes out of service.
/// </summary>
/// <remarks>
/// <para>
/// As <see cref="NearCacheHealthCheck"/>, and <see cref="HealthStatus.Degraded"/> while a memcached server is not confirmed, ZooKeeper is
/// away or has not replied for 90 s, requests to it are refused, nodes of the namespace are missing, the rules cannot be read, or a stop is
/// in force. The description says what; the data have figures, and the command that helps where there is one. It asks nobody.
/// </para>
/// <para>
/// Register it beside the other one, with a tag of its own:
/// <c>AddHealthChecks().AddCheck&lt;NearCacheDetailedHealthCheck&gt;("nearcache-details", tags: ["details"])</c>.
/// </para>
/// </remarks>
/// <param name="cache">The cache.</param>
/// <param name="lifetime">Tells when the host stops. Default: nobody does.</param>
public sealed class NearCacheDetailedHealthCheck(NearCacheClient cache, IHostApplicationLifetime? lifetime = null) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        var now = cache.Snapshot();
        var ready = NearCacheHealthCheck.Check(now, lifetime, context.Registration?.FailureStatus ?? HealthStatus.Unhealthy);
        var worries = HealthDetails.ProblemsOf(now);
        return Task.FromResult(ready.Status != HealthStatus.Healthy || worries is []
            ? ready
            : HealthCheckResult.Degraded(string.Join("; ", worries) + ".", data: ready.Data));
    }
}
