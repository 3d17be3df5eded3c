using Microsoft.Extensions.Hosting;

namespace NearCache;

/// <summary>Makes the cache when the host starts, so that it is connected before the first request. The container ends it.</summary>
internal sealed class NearCacheStarter(NearCacheClient client) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = client;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
