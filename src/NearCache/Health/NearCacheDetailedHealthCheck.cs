using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace NearCache;

/// <summary>
/// Reports every problem of a cache, for people and dashboards. Do not use it for a probe that takes processes out of service.
/// </summary>
/// <remarks>
/// <para>
/// As <see cref="NearCacheHealthCheck"/>, and <see cref="HealthStatus.Degraded"/> while a memcached server is not confirmed, a name is not
/// one server, other processes place keys elsewhere, ZooKeeper is away or has not replied for 90 s, requests to it are refused, nodes of
/// the namespace are missing, the rules cannot be read, or a stop is in force. The description names the problems; the data hold figures,
/// and the command that repairs the namespace. The check sends no requests.
/// </para>
/// <para>
/// Register it in addition to the other check, with a separate tag:
/// <c>AddHealthChecks().AddCheck&lt;NearCacheDetailedHealthCheck&gt;("nearcache-details", tags: ["details"])</c>.
/// </para>
/// </remarks>
/// <param name="cache">The cache.</param>
/// <param name="lifetime">Signals that the host stops. Default: none.</param>
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
