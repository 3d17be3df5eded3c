using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using NearCache.Diagnostics;

namespace NearCache;

/// <summary>Gives the cache the list of memcached servers that the configuration names after it was loaded again. Of all settings, this is the one that changes while the host runs.</summary>
/// <remarks>The factory is asked, not the monitor: what the monitor throws for settings with a mistake would end up in whoever reloads the configuration.</remarks>
internal sealed class ServerListReload(
    NearCacheClient client, IOptionsFactory<NearCacheOptions> factory, IOptions<NearCacheOptions> options, IEnumerable<IOptionsChangeTokenSource<NearCacheOptions>> sources, ILoggerFactory loggers)
    : IHostedService
{
    private readonly ILogger _logger = loggers.CreateLogger("NearCache");
    private readonly Lock _lock = new();   // guards the list and the work, which goes on in the order of the reloads
    private string[] _servers = [.. options.Value.Memcached.Servers];
    private Task _work = Task.CompletedTask;
    private IDisposable[] _subscriptions = [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscriptions = [.. sources.Select(source => ChangeToken.OnChange(source.GetChangeToken, Reload))];
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Dispose();
        }

        await _work.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Reload()
    {
        string[] servers;
        try
        {
            servers = [.. factory.Create(Options.DefaultName).Memcached.Servers];
        }
        catch (OptionsValidationException e)
        {
            _logger.ReloadRefused(e.Message);
            return;
        }

        lock (_lock)
        {
            if (!servers.SequenceEqual(_servers))
            {
                _servers = servers;
                _work = ApplyAsync(_work, servers);
            }
        }
    }

    private async Task ApplyAsync(Task before, string[] servers)
    {
        await before.ConfigureAwait(false);
        try
        {
            await client.SetServersAsync(servers).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or ObjectDisposedException)
        {
            _logger.ReloadRefused(e.Message);
        }
    }
}
