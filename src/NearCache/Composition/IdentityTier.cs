using NearCache.Coherence.Identity;
using NearCache.Coherence.Identity.Core;
using NearCache.Coherence.Ledger;
using NearCache.Diagnostics;
using NearCache.Loops;

namespace NearCache.Composition;

/// <summary>
/// Builds what compares servers: the register of their identities, the exchange with other processes, and the probes. Reports conflicts.
/// </summary>
internal sealed class IdentityTier : IAsyncDisposable
{
    private readonly CacheEnvironment _environment;
    private readonly ServerDirectory _servers;
    private CoherenceContext? _context;
    private IdentityExchange? _exchange;
    private BackgroundLoop? _loop;
    private IdentityProbe? _probe;
    private volatile string? _otherPlacement;

    public IdentityTier(CacheEnvironment environment, ServerDirectory servers)
    {
        (_environment, _servers) = (environment, servers);
        Register = new IdentityRegister(changed: Hasten, raised: OnConflict, cleared: OnConflictOver, explained: OnExplained);
        Reconciler = new IdentityReconciler(Register, () => [.. servers.All.Select(server => server.Server.Name)], Placement);
        environment.Metrics.ObserveConflicts(() => Register.Conflicts.Count, () => _otherPlacement is null ? 0 : 1);
    }

    /// <summary>Gets what is known of the identities of the servers.</summary>
    public IdentityRegister Register { get; }

    public IdentityReconciler Reconciler { get; }

    /// <summary>Gets or sets the exchange through ZooKeeper; null without it.</summary>
    public IdentityExchange? EnsembleExchange { get; set; }

    /// <summary>Gets the placement of keys of other processes, if it differs from that of this process; otherwise null.</summary>
    public string? OtherPlacement => _otherPlacement;

    /// <summary>Starts the exchange and the probes, unless no other process shares the servers.</summary>
    public void Start(CoherenceContext context)
    {
        _context = context;
        if (context is { IsShared: true, HasCounters: true })
        {
            var exchange = _exchange = new IdentityExchange(context, Reconciler, IdentityPacing.OfServers, ComparePlacements);
            _loop = new BackgroundLoop(context.Logger, "comparing server identities");
            _loop.Run(stopping => exchange.RunAsync(Stores, stopping));
            _probe = new IdentityProbe(context, _servers);
            _probe.Start();

            IEnumerable<IIdentityStore> Stores() => _servers.All.Select(server => new ServerIdentityStore(context, server));
        }
    }

    /// <summary>Logs when the placements of other processes begin or cease to differ. Called after each exchange.</summary>
    public void ComparePlacements()
    {
        var (own, other) = (Placement(), Reconciler.OtherPlacement(_environment.Clock.Monotonic()));
        var before = Interlocked.Exchange(ref _otherPlacement, other);
        if (other is not null && before is null)
        {
            _environment.Logger.PlacementDiffers(_environment.Options.Namespace, other, own!);
        }
        else if (other is null && before is not null)
        {
            _environment.Logger.PlacementsAgree(_environment.Options.Namespace, own ?? "");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_loop is not null && _probe is not null)
        {
            await _loop.DisposeAsync().ConfigureAwait(false);
            await _probe.DisposeAsync().ConfigureAwait(false);
        }
    }

    private string? Placement() => _context?.Prefix.Value is null ? null : _context.Prefix.Describe(_servers.Placement);

    private void Hasten(string server)
    {
        _exchange?.Hasten();
        EnsembleExchange?.Hasten();
    }

    private void OnConflict(IdentityConflict conflict) =>
        _servers.All.FirstOrDefault(server => server.Server.Name == conflict.Server)?.Close();

    private void OnExplained(IdentityConflict conflict)
    {
        _environment.Logger.ServerInConflict(conflict.Text, conflict.Server);
        _environment.Metrics.IdentityConflict(conflict.Kind.ToString());
    }

    private void OnConflictOver(string server) => _environment.Logger.ServerConflictOver(server);
}
