using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using NearCache.Diagnostics;

namespace NearCache;

/// <summary>
/// Creates a cache when the host starts, applies configuration reloads, and disposes the cache within the time the host allows.
/// </summary>
/// <remarks>
/// The cache is disposed after every other service has stopped, because they may use it until then. The container disposes it again, which
/// has no effect. A reload uses the options factory rather than the monitor, because an exception of the monitor for invalid settings would
/// reach the code that reloads the configuration.
/// </remarks>
internal sealed class NearCacheHostedService : IHostedLifecycleService, IDisposable
{
    private readonly string _name;
    private readonly NearCacheClient _client;
    private readonly IOptionsFactory<NearCacheOptions> _options;
    private readonly CacheConfigurationSection[] _sources;
    private readonly ILogger _logger;
    private readonly ServerListReloader _servers;
    private readonly List<IDisposable> _subscriptions = [];

    public NearCacheHostedService(
        string name,
        NearCacheClient client,
        NearCacheOptions started,
        IOptionsFactory<NearCacheOptions> options,
        IEnumerable<CacheConfigurationSection> sources,
        ILogger logger)
    {
        (_name, _client, _options, _logger) = (name, client, options, logger);
        _sources = [.. sources.Where(source => source.Name == name)];
        _servers = new ServerListReloader(client, started.Memcached.Servers, logger);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscriptions.AddRange(_sources.Select(source => ChangeToken.OnChange(source.Section.GetReloadToken, Reload)));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return _servers.Work.WaitAsync(cancellationToken);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => _client.DisposeAsync().AsTask().WaitAsync(cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Dispose();
        }
    }

    private void Reload()
    {
        try
        {
            var next = _options.Create(_name);
            _client.Reload(next);
            _servers.Reload(next.Memcached.Servers);
        }
        catch (OptionsValidationException e)
        {
            _logger.ReloadRefused(string.Join(' ', e.Failures));
        }
    }
}
