using System.Net;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.Deployment.Tests.Monitoring;

/// <summary>
/// What Prometheus gets from a Storefront on real servers, while memcached is restarted, and keys are read and written.
/// </summary>
public sealed class LiveScrape : IAsyncLifetime
{
    private readonly List<Sample> _samples = [];

    /// <summary>What the shop answers at each address that a probe asks.</summary>
    public Dictionary<string, HttpStatusCode> Statuses { get; } = [];

    /// <summary>Whether a name was among the samples.</summary>
    public bool Has(string metric) => _samples.Any(sample => sample.Name == metric);

    /// <summary>The labels that the samples of a metric have.</summary>
    public IReadOnlySet<string> LabelsOf(string metric) =>
        _samples.Where(sample => sample.Name == metric).SelectMany(sample => sample.Labels.Keys).ToHashSet();

    public async ValueTask InitializeAsync()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        await using var shop = await ShopProcess.StartNewAsync(memcached.Address, zooKeeper.Address);
        foreach (var path in new[] { "/health/live", "/health/ready" })
        {
            await Eventually.BecomesTrueAsync(
                async () => (Statuses[path] = await shop.StatusOfAsync(path)) != HttpStatusCode.ServiceUnavailable, "the shop is warm");
        }

        // Each round does what the metrics count. Metrics of failures need one, and come back with the server.
        async Task<bool> IsCompleteAsync()
        {
            // Of the near hits a sample is measured: one in 1,024 of each thread.
            await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
            {
                await shop.UseAsync();
                await shop.ReadNearAsync(times: Has("nearcache_near_confirmation_age_seconds_bucket") ? 1 : 200);
            }));
            if (!Has("nearcache_remote_failures_total"))
            {
                memcached.Kill();
                await shop.UseAsync();
                await memcached.StartAsync();
            }

            Add(await shop.ScrapeAsync());
            return Missing().Count == 0;
        }

        try
        {
            await Eventually.BecomesTrueAsync(IsCompleteAsync, "every metric is scraped", TimeSpan.FromMinutes(5));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"Never scraped: {string.Join(", ", Missing())}", e);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private List<string> Missing() => [.. Names.OfProcesses.Where(name => !Has(name))];

    private void Add(string text)
    {
        var known = _samples.Select(sample => sample.Series).ToHashSet();
        _samples.AddRange(Sample.Parse(text).Where(sample => known.Add(sample.Series)));
    }
}
