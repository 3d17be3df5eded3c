using Microsoft.Extensions.Logging;
using NearCache.Coherence;
using NearCache.Loops;
using NearCache.Memcached;
using NearCache.Memcached.Topology;

namespace NearCache.Composition;

/// <summary>
/// Keeps the list of servers equal to the addresses of the configured names, if every address is a server
/// (<see cref="NearCacheOptions.EveryAddressIsAServer"/>).
/// </summary>
/// <remarks>
/// Until a name is resolved for the first time, it is a server to which nothing connects. A name that cannot be resolved later keeps its
/// addresses.
/// </remarks>
internal sealed class AddressDiscovery : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    private readonly MemcachedOptions _options;
    private readonly CoherentServers _servers;
    private readonly TimeProvider _time;
    private readonly BackgroundLoop _loop;
    private readonly SemaphoreSlim _changing = new(1);   // guards everything below
    private Dictionary<string, IReadOnlyList<string>> _known = [];
    private IReadOnlyList<string> _names;
    private IReadOnlyList<string> _present;
    private TimeSpan _retry = FirstRetry;

    /// <param name="options">The settings, with the configured names and the resolver.</param>
    /// <param name="servers">The servers.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logs a failure of the loop.</param>
    public AddressDiscovery(MemcachedOptions options, CoherentServers servers, TimeProvider time, ILogger logger)
    {
        (_options, _servers, _time) = (options, servers, time);
        _names = _present = [.. options.Servers];
        _loop = new BackgroundLoop(logger, "resolving server names");
    }

    public void Start() => _loop.Start(NextAsync);

    /// <summary>Replaces the names. When the task completes, the list of servers has their addresses.</summary>
    /// <exception cref="ArgumentException">The list has mistakes, and nothing was changed.</exception>
    public async Task ChangeAsync(IEnumerable<string> names)
    {
        var list = names.ToArray();
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            await ApplyAsync(list, CancellationToken.None).ConfigureAwait(false);
            _names = list;
        }
        finally
        {
            _changing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync().ConfigureAwait(false);
        _changing.Dispose();
    }

    private async Task NextAsync(CancellationToken stopping)
    {
        await _changing.WaitAsync(stopping).ConfigureAwait(false);
        bool areResolved;
        try
        {
            areResolved = await ApplyAsync(_names, stopping).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }

        _retry = areResolved ? FirstRetry : _retry * 2 < LongestRetry ? _retry * 2 : LongestRetry;
        await Task.Delay(areResolved ? Period : _retry, _time, stopping).ConfigureAwait(false);
    }

    // Requires _changing. Returns whether every name is resolved.
    private async Task<bool> ApplyAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var known = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var name in names)
        {
            if ((await AddressExpansion.ExpandAsync(name, _options, _time, cancellationToken).ConfigureAwait(false)
                ?? _known.GetValueOrDefault(name)) is { } addresses)
            {
                known[name] = addresses;
            }
        }

        string[] next = [.. names.SelectMany(name => known.GetValueOrDefault(name) ?? [name]).Distinct()];
        if (!next.SequenceEqual(_present))
        {
            await _servers.ChangeAsync(next).ConfigureAwait(false);
            _present = next;
        }

        _known = known;
        return known.Count == names.Count;
    }
}
