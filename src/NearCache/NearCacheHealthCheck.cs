using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace NearCache;

/// <summary>Whether requests should come to this process, as far as its cache is concerned: a check for readiness, never for liveness.</summary>
/// <remarks>
/// <para>It asks nobody: it tells what the cache knows. It fails while the cache warms up, at most for <see cref="NearCacheOptions.WarmUp"/>, and from the moment at which the host is told to stop.
/// memcached or ZooKeeper being away is degraded: every process sees that at once, and taking them all out of service would make of a slow site none.</para>
/// <para>Register it with <c>AddHealthChecks().AddCheck&lt;NearCacheHealthCheck&gt;("nearcache")</c>, and let liveness look at no check of a shared dependency.</para>
/// </remarks>
/// <param name="cache">The cache.</param>
/// <param name="lifetime">Tells when the host stops. Default: nobody does.</param>
public sealed class NearCacheHealthCheck(NearCacheClient cache, IHostApplicationLifetime? lifetime = null) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Task.FromResult(Check(cache.Snapshot(), context.Registration?.FailureStatus ?? HealthStatus.Unhealthy));
    }

    private HealthCheckResult Check(NearCacheSnapshot now, HealthStatus failure)
    {
        var data = new Dictionary<string, object>
        {
            ["nearEntries"] = now.NearEntries,
            ["zooKeeper"] = now.ZooKeeper,
            ["rulesRevision"] = now.RulesRevision,
        };
        if (now.Neighbours is { Count: > 0 } neighbours)
        {
            data["zooKeeperNeighbours"] = string.Join(", ", neighbours);
        }

        if (now.Budgets is { QuotaRefusals: > 0 } budgets)
        {
            data["zooKeeperQuotaRefusals"] = budgets.QuotaRefusals;
        }

        if (lifetime?.ApplicationStopping.IsCancellationRequested == true)
        {
            return new HealthCheckResult(failure, "The host stops: what is under way is finished, and nothing new should come.", data: data);
        }

        if (!now.IsWarm)
        {
            return new HealthCheckResult(failure, "The cache warms up (WarmUp).", data: data);
        }

        string[] worries =
        [
            .. now.Servers.Where(server => !server.IsServedNear).Select(server => $"{server.Name} is not confirmed, its keys are not served near"),
            .. now.ZooKeeper is "None" or "Connected" ? Array.Empty<string>() : [$"ZooKeeper is {now.ZooKeeper}, changes elsewhere are seen within about a second"],
            .. now.AreRulesReadable ? Array.Empty<string>() : ["the rules cannot be read, nothing is served near"],
            .. now.Rules.Where(rule => rule.ChurnBreaker != ChurnBreakerState.Closed)
                .Select(rule => $"the churn breaker of rule {rule.Name} is {(rule.ChurnBreaker == ChurnBreakerState.Open ? "open" : "half-open")}, changes of its keys elsewhere are seen within about a second"),
        ];
        return worries.Length == 0 ? HealthCheckResult.Healthy(data: data) : HealthCheckResult.Degraded(string.Join("; ", worries) + ".", data: data);
    }
}
