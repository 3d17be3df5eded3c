using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.ServerRules;
using NearCache.Memcached;
using NearCache.Remote;

namespace NearCache.Coherence;

/// <summary>
/// The servers of the cache, and the owner of each key. Replaces the servers when the list of servers changes. The main type of the folder,
/// which joins the areas of coherence below it.
/// </summary>
internal sealed class CoherentServers : IAsyncDisposable, IDisposable
{
    private readonly CoherenceContext _context;
    private readonly RulesCoordinator _rules;
    private readonly ServerDirectory _directory;
    private readonly IConfirmation? _confirmation;
    private readonly SemaphoreSlim _changing = new(1);
    private volatile Placement _now;
    private volatile bool _isDisposed;

    /// <param name="remote">The remote, owned by this object.</param>
    /// <param name="directory">Receives the servers, and each replaced list before any old server is disposed.</param>
    /// <param name="confirmation">Confirms a remote without counters; null if the servers have counters.</param>
    public CoherentServers(
        IRemote remote, CoherenceContext context, RulesCoordinator rules, ServerDirectory directory, IConfirmation? confirmation)
    {
        (_context, _rules, _directory, _confirmation) = (context, rules, directory, confirmation);
        _now = new Placement(remote, [.. remote.Servers.Select(server => new CoherentServer(server, context, confirmation))]);
        directory.Replace(remote.Placement, All);
    }

    /// <summary>Gets the present servers.</summary>
    public IReadOnlyList<CoherentServer> All => _now.Drivers;

    /// <summary>Gets the connected sockets.</summary>
    public IReadOnlyList<MemcachedConnectionInfo> Connections => _now.Remote.Connections;

    /// <summary>Returns the server that owns a physical key. For a fill, <see cref="ProcessEpochs.Ring"/> must be read before.</summary>
    public CoherentServer OwnerOf(ReadOnlySpan<byte> key)
    {
        var now = _now;
        return now.Drivers[now.Remote.IndexOf(key)];
    }

    public void Start()
    {
        foreach (var driver in All)
        {
            driver.Start();
        }
    }

    /// <summary>
    /// Replaces the list of servers. When the task completes, all near entries are void, and so are the fills of reads that began before.
    /// </summary>
    /// <exception cref="NotSupportedException">The remote has no list of servers.</exception>
    /// <exception cref="ArgumentException">The list has mistakes, and nothing was changed.</exception>
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
            _directory.Replace(next.Placement, drivers);
            _context.Identities.Keep(next.Servers.Select(server => server.Name).ToHashSet());

            // Raised last: a fill with the old generation and the new list is discarded, and the reverse cannot happen.
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

    /// <summary>Closes the connections without waiting. <see cref="DisposeAsync"/> must follow.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _now.Remote.Dispose();
    }

    private CoherentServer New(IRemoteServer server)
    {
        var driver = new CoherentServer(server, _context, _confirmation);
        _rules.Add(driver);
        driver.Start();
        return driver;
    }

    private sealed record Placement(IRemote Remote, CoherentServer[] Drivers);
}
