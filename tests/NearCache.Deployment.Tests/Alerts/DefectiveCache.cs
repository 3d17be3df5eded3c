using NearCache.IntegrationTests.Monitoring;
using NearCache.TestSupport;

namespace NearCache.Deployment.Tests.Alerts;

/// <summary>A cache whose gate is held open while its audits fail, so that it serves what another has changed, and the other.</summary>
internal sealed class DefectiveCache : IAsyncDisposable
{
    private readonly NearCacheClient _reader;
    private readonly NearCacheClient _writer;
    private readonly RemoteWithoutAudits _remote;

    public DefectiveCache(string memcached)
    {
        var options = OptionsFor(memcached, isDefective: true);
        _remote = new RemoteWithoutAudits(options);
        _reader = new NearCacheClient(options, _remote, new TestSupport.Diagnostics.LogRecorder());
        _writer = new NearCacheClient(OptionsFor(memcached, isDefective: false));
    }

    /// <summary>Reads near what was changed, until the monitor has noticed it.</summary>
    public async Task ServeStaleAsync(CancellationToken stopping)
    {
        await Eventually.BecomesTrueAsync(
            async () => await _reader.GetOrCreateAsync("product:1", _ => ValueTask.FromResult(1)) > 0
                && _reader.Snapshot().NearEntries == 1,
            "the key is near");
        _remote.FailsAudits = true;
        await _writer.SetAsync("product:1", 2, cancellationToken: stopping);
        while (!stopping.IsCancellationRequested && _reader.Snapshot().Monitor!.Violations == 0)
        {
            for (var time = 0; time < 2000; time++)
            {
                await _reader.GetOrCreateAsync("product:1", _ => ValueTask.FromResult(1), cancellationToken: stopping);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, stopping);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        await _writer.DisposeAsync();
    }

    private static NearCacheOptions OptionsFor(string memcached, bool isDefective) => new()
    {
        Namespace = "defective",
        MaxStaleness = TimeSpan.FromSeconds(3),
        RuleLease = TimeSpan.FromSeconds(1.5),
        Memcached = { Servers = { memcached } },
        Monitor = { ChecksPerSecond = 20 },
        Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        Seams = { HoldGateOpen = isDefective },
    };
}
