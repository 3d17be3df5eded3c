using NearCache.Advice.Core;

namespace NearCache.Advice;

/// <summary>The advisor of a process with a cache: the reports of the fleet, and the own figures as of now.</summary>
/// <param name="fleet">Reads the reports; null if the remote cannot hold reports.</param>
/// <param name="own">Returns the figures of this process.</param>
/// <param name="registry">The rules.</param>
/// <param name="options">The settings; reloadable ones change in place.</param>
internal sealed class RuleAdvisor(FleetTraffic? fleet, Func<ProcessDetail> own, IRuleRegistry registry, NearCacheOptions options)
    : IRuleAdvisor
{
    /// <inheritdoc/>
    public async Task<FleetHotKeys> GetHotKeysAsync(CancellationToken cancellationToken = default) => fleet is null
        ? new TrafficMerge(options.Namespace).Merge([own()], live: 1)
        : await fleet.ReadAsync(own(), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<RuleAdvice> GetProposalsAsync(CancellationToken cancellationToken = default)
    {
        var hot = await GetHotKeysAsync(cancellationToken).ConfigureAwait(false);
        return new ProposalPlanner(hot, registry.Current, AdviceLimits.Of(options)).Plan();
    }
}
