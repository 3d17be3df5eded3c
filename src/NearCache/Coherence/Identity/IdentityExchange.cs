using NearCache.Coherence.Core;
using NearCache.Coherence.Identity.Core;
using NearCache.Coherence.Ledger;
using NearCache.Loops;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;

namespace NearCache.Coherence.Identity;

/// <summary>
/// Tells other processes through each server what this process knows of the identities behind the names of all other servers, and hears
/// what they know. Reads the item of each server about every 20 seconds, and sooner after a change here.
/// </summary>
/// <remarks>Written only by compare-and-set, so one process of the fleet writes what all have seen.</remarks>
internal sealed class IdentityExchange : IAsyncDisposable
{
    private const long Period = 20_000;
    private const long FirstAfter = 1_000;

    // All processes notice a restart within a second. The first one writes it, and the others find it written.
    private const long Spread = 1_000;

    // 30 days, renewed by each read: the history of a name outlives a weekend without processes.
    private const int Lifetime = 2_592_000;
    private const int MaxTries = 3;

    private readonly CoherenceContext _context;
    private readonly IdentityReconciler _reconciler;
    private readonly ServerDirectory _servers;
    private readonly Action _exchanged;
    private readonly BackgroundLoop _loop;
    private readonly LoopSignal _changed;
    private long _wait = FirstAfter;

    /// <param name="exchanged">Called after each exchange.</param>
    public IdentityExchange(CoherenceContext context, IdentityReconciler reconciler, ServerDirectory servers, Action exchanged)
    {
        (_context, _reconciler, _servers, _exchanged) = (context, reconciler, servers, exchanged);
        _changed = new LoopSignal(context.Time);
        _loop = new BackgroundLoop(context.Logger, "comparing server identities");
    }

    public void Start() => _loop.Start(NextAsync);

    /// <summary>Lets the next exchange happen soon.</summary>
    public void Hasten() => _changed.Set();

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task NextAsync(CancellationToken stopping)
    {
        await _changed.WaitAsync(_wait, stopping).ConfigureAwait(false);
        await Task.Delay(TimeSpan.FromMilliseconds(Spread * Random.Shared.NextDouble()), _context.Time, stopping).ConfigureAwait(false);
        _wait = (long)(Period * (0.9 + (0.2 * Random.Shared.NextDouble())));
        foreach (var server in _servers.All)
        {
            await ExchangeAsync(server).ConfigureAwait(false);
        }

        _exchanged();
    }

    private async Task ExchangeAsync(CoherentServer server)
    {
        try
        {
            for (var tries = 0; tries < MaxTries && !await TryExchangeAsync(server).ConfigureAwait(false); tries++)
            {
                // Another process wrote the item meanwhile.
            }
        }
        catch (MemcachedException)
        {
            _context.Metrics.RemoteFailed("identities");
        }
        catch (NearCacheException)
        {
            _context.Metrics.RemoteFailed("identities");
        }
        catch (ObjectDisposedException)
        {
            // The server was just removed from the list.
        }
    }

    // False: the item was changed between the read and the write.
    private async Task<bool> TryExchangeAsync(CoherentServer server)
    {
        var (name, key, life) = (server.Server.Name, _context.Names.Identities, server.Epoch);
        var read = MetaCommand.Get(key, MetaFields.Value | MetaFields.Cas) with { TimeToLive = Lifetime };
        var reply = await server.Server.ExecuteAsync(new[] { read }).ConfigureAwait(false);
        var item = reply.Responses[0];
        if (item.Status is not (MetaStatus.Ok or MetaStatus.Miss))
        {
            return true;
        }

        if (!IdentityDocument.TryDecode(item.Status == MetaStatus.Ok ? item.Value : default, out var stored, out var isNewer))
        {
            if (isNewer)
            {
                return true;
            }

            stored = IdentityDocument.Empty;
        }

        var now = _context.Clock.Monotonic();
        if (_reconciler.Reconcile(name, name, stored, PlacementComparison.BeatEvery, now) is not { } document)
        {
            return true;
        }

        var content = document.Encode();
        if (content.Length > IdentityDocument.MaxBytes)
        {
            return true;
        }

        var write = MetaCommand.Set(key, content, Lifetime);
        var written = item.Status == MetaStatus.Ok
            ? await server.CompareAsync(new CasOrigin(life, reply.ConnectionId), write with { CompareCas = item.Cas }).ConfigureAwait(false)
            : await server.Server.ExecuteAsync(write with { Mode = MetaSetMode.Add }, CancellationToken.None).ConfigureAwait(false);
        if (written.Status == MetaStatus.Ok)
        {
            _reconciler.Stored(name, document, PlacementComparison.BeatEvery, now);
        }

        return written.Status is not (MetaStatus.Exists or MetaStatus.NotStored or MetaStatus.NotFound);
    }
}
