using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.ServerRules;
using NearCache.Remote;

namespace NearCache.Coherence;

/// <summary>
/// The drivers of the servers that the cache has now, and which of them owns a key; changes them when the list of servers changes.
/// </summary>
internal sealed class CoherentServers : IAsyncDisposable, IDisposable
{
    private readonly CoherenceContext _context;
    private readonly RulesCoordinator _rules;
    private readonly SemaphoreSlim _changing = new(1);
    private volatile Placement _now;
    private volatile bool _isDisposed;

    /// <param name="remote">Owned from now on.</param>
    public CoherentServers(IRemote remote, CoherenceContext context, RulesCoordinator rules)
    {
        (_context, _rules) = (context, rules);
        _now = new Placement(remote, [.. remote.Servers.Select(server => new CoherentServer(server, context))]);
    }

    /// <summary>Called whenever the list has been replaced, and before anything of the old one is ended.</summary>
    public Action<IReadOnlyList<CoherentServer>>? Changed { get; set; }

    /// <summary>All of them, as they are now.</summary>
    public IReadOnlyList<CoherentServer> All => _now.Drivers;

    /// <summary>The driver of the server that owns a physical key. Whoever fills read <see cref="ProcessEpochs.Ring"/> before.</summary>
    public CoherentServer OwnerOf(ReadOnlySpan<byte> key)
    {
        var now = _now;
        return now.Drivers[now.Remote.IndexOf(key)];
    }

    /// <summary>Everything that decides where a key is, as text: which server has it, and by which prefix.</summary>
    public string PlacementText => _context.Prefix.Describe(_now.Remote.Placement);

    public void Start()
    {
        foreach (var driver in All)
        {
            driver.Start();
        }
    }

    /// <summary>
    /// Replaces the list of servers. What is kept near is void when the task ends, and so is what was read before and would still be kept.
    /// </summary>
    /// <exception cref="NotSupportedException">The remote has no such list.</exception>
    /// <exception cref="ArgumentException">The list has mistakes; nothing was changed.</exception>
    public async Task ChangeAsync(IEnumerable<string> servers)
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            var before = _now;
            if (before.Remote is not IChangingRemote remote)
            {
                throw new NotSupportedException("Only a cache on memcached has a list of servers that can be replaced.");
            }

            var (next, retired) = remote.Change(servers);
            var drivers = next.Servers.Select(server => Array.Find(before.Drivers, driver => driver.Server == server) ?? New(server))
                .ToArray();
            _now = new Placement(next, drivers);
            Changed?.Invoke(drivers);

            // Only now: who reads the old generation and the new list throws its fill away, never the other way round.
            _context.Epochs.RaiseRing();
            foreach (var driver in before.Drivers.Union(drivers))
            {
                driver.Void(FlushReason.ServersChanged);
            }

            foreach (var driver in before.Drivers.Except(drivers))
            {
                await _rules.RemoveAsync(driver).ConfigureAwait(false);
                await driver.DisposeAsync().ConfigureAwait(false);
            }

            await retired.ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        _isDisposed = true;
        _changing.Release();
        foreach (var driver in All)
        {
            await driver.DisposeAsync().ConfigureAwait(false);
        }

        await _now.Remote.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Closes the connections now and waits for nothing. To be followed by <see cref="DisposeAsync"/>.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _now.Remote.Dispose();
    }

    private CoherentServer New(IRemoteServer server)
    {
        var driver = new CoherentServer(server, _context);
        _rules.Add(driver);
        driver.Start();
        return driver;
    }

    private sealed record Placement(IRemote Remote, CoherentServer[] Drivers);
}
