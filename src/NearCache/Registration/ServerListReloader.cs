using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;

namespace NearCache;

/// <summary>Applies the list of memcached servers after a configuration reload.</summary>
internal sealed class ServerListReloader(NearCacheClient client, IEnumerable<string> servers, ILogger logger)
{
    private readonly Lock _lock = new();   // guards the list and the work, which runs in the order of the reloads
    private string[] _servers = [.. servers];

    /// <summary>Gets the pending work.</summary>
    public Task Work { get; private set; } = Task.CompletedTask;

    /// <summary>Applies a list of servers.</summary>
    public void Reload(IEnumerable<string> servers)
    {
        string[] next = [.. servers];
        lock (_lock)
        {
            if (!next.SequenceEqual(_servers))
            {
                _servers = next;
                Work = ApplyAsync(Work, next);
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
            logger.ReloadRefused(e.Message);
        }
    }
}
