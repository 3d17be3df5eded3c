using NearCache.Coherence.Ledger;
using NearCache.Loops;
using NearCache.Memcached;

namespace NearCache.Coherence.Identity;

/// <summary>
/// Looks where the names of the servers lead now: reads the identity on a short-lived connection to each, about once a minute, and on all
/// connections of a server that has several.
/// </summary>
/// <remarks>
/// One server after another, so that a process has at most one more connection at a time. A name with several addresses is probed at once:
/// its keys are not near before. A name in a conflict is probed each second until its case is certain.
/// </remarks>
internal sealed class IdentityProbe(CoherenceContext context, ServerDirectory servers) : IAsyncDisposable
{
    private const long Period = 60_000;
    private const long ConnectionsPeriod = 20_000;
    private const long FirstRetry = 250;
    private const long LongestRetry = 5_000;
    private const long ExaminationPeriod = 1_000;

    private readonly BackgroundLoop _loop = new(context.Logger, "probing server identities");

    // The processes of a fleet that starts at once probe at different times.
    private long _probeAt = context.Clock.Monotonic() + (long)(Period * (0.2 + (0.8 * Random.Shared.NextDouble())));
    private long _connectionsAt = context.Clock.Monotonic() + ConnectionsPeriod;
    private long _retry = FirstRetry;

    public void Start() => _loop.Start(NextAsync);

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task NextAsync(CancellationToken stopping)
    {
        var (areAwaited, areExamined) = (false, false);
        foreach (var server in servers.All.Where(server => context.Identities.IsExamined(server.Server.Name)))
        {
            areExamined = true;
            await TryAsync(() => server.ProbeAsync(stopping)).ConfigureAwait(false);
        }

        foreach (var server in servers.All.Where(server => context.Identities.AwaitsAddresses(server.Server.Name)))
        {
            await TryAsync(() => CompareAddressesAsync(server, stopping)).ConfigureAwait(false);
            areAwaited |= context.Identities.AwaitsAddresses(server.Server.Name);
        }

        var now = context.Clock.Monotonic();
        if (now >= _connectionsAt)
        {
            _connectionsAt = now + Spread(ConnectionsPeriod);
            foreach (var server in servers.All)
            {
                await TryAsync(server.CompareConnectionsAsync).ConfigureAwait(false);
            }
        }

        if (now >= _probeAt)
        {
            _probeAt = now + Spread(Period);
            foreach (var server in servers.All)
            {
                await TryAsync(() => server.ProbeAsync(stopping)).ConfigureAwait(false);
            }
        }

        // The list of servers may change meanwhile.
        _retry = areAwaited ? Math.Min(2 * _retry, LongestRetry) : FirstRetry;
        var pause = areAwaited ? _retry : areExamined ? ExaminationPeriod : LongestRetry;
        var wait = Math.Min(Math.Min(_probeAt, _connectionsAt) - context.Clock.Monotonic(), pause);
        await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(wait, 1)), context.Time, stopping).ConfigureAwait(false);
    }

    private static long Spread(long period) => (long)(period * (0.8 + (0.4 * Random.Shared.NextDouble())));

    private static async Task CompareAddressesAsync(CoherentServer server, CancellationToken cancellationToken)
    {
        if (!await server.HasOneAddressAsync(cancellationToken).ConfigureAwait(false))
        {
            await server.ProbeAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (MemcachedException)
        {
            context.Metrics.RemoteFailed("identity");
        }
        catch (ObjectDisposedException)
        {
            // The server was just removed from the list.
        }
    }
}
