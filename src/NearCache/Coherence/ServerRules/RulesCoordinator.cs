using NearCache.Coherence.Ledger;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Diagnostics;
using NearCache.Memcached.Protocol;
using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>
/// Holds the rules of this process: applies those of the registry, of every server and of the configuration, and carries them to
/// every server. Reads and writes use <see cref="RuleDecisions"/>.
/// </summary>
internal sealed class RulesCoordinator : IKnownRules, IAsyncDisposable
{
    private readonly Lock _lock = new();   // guards changes of what is in force; locks of servers are taken inside it, never the other way
    private readonly RuleTable _table;
    private readonly RulesInForce _inForce;
    private readonly RulesOnServers _servers;
    private readonly CoherenceContext _context;
    private readonly PendingStops _pendingStops = new();

    /// <param name="table">The rule table, owned by this object.</param>
    /// <param name="keyPrefix">The key prefix of the cache. Rules are written without it.</param>
    public RulesCoordinator(RuleTable table, ConfiguredRules configured, CoherenceContext context, RuleLeaseTimes times, string keyPrefix)
    {
        _table = table;
        _context = context;
        _servers = new RulesOnServers(
            (server, applied) =>
            {
                var rules = new ServerRulesSync(server, this, context, times, applied);
                server.Rules = rules;
                return rules;
            },
            table.AsMatched);
        RegistrySignal = new RegistrySignal(context.Time);
        _inForce = new RulesInForce(
            table, configured, _servers, RegistrySignal, context.Clock, context.Logger, context.LogBudget, keyPrefix, context.HasCounters);
        _inForce.Advise();
    }

    /// <summary>Gets the applied revision.</summary>
    public long Revision => _table.Applied.Revision;

    /// <summary>Gets the enabled rules, including those that are stopped.</summary>
    public IReadOnlyCollection<ActiveRule> Active => _table.Matcher.Rules;

    /// <summary>Gets the enabled rules and the dry runs.</summary>
    public IReadOnlyCollection<ActiveRule> Counted =>
        _table.Tried is { } tried ? [.. _table.Matcher.Rules, .. tried.Rules] : _table.Matcher.Rules;

    /// <summary>Gets the stops that count in this process.</summary>
    public StopSet Stops => _table.Stops;

    /// <summary>Gets whether every set that was found can be read.</summary>
    public bool AreReadable => !_table.IsUnreadable;

    /// <inheritdoc cref="RulesInForce.Watch"/>
    public RegistryWatch Watch => _inForce.Watch;

    /// <summary>Gets the signal of the loop that follows the registry.</summary>
    public RegistrySignal RegistrySignal { get; }

    /// <inheritdoc cref="RulesInForce.Document"/>
    public RegistryDocument Document
    {
        get
        {
            lock (_lock)
            {
                return _inForce.Document;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<ObservedDryRun?> FindDryRunAsync(string name, CancellationToken cancellationToken) => ValueTask.FromResult(
        Counted.FirstOrDefault(rule => rule.Name == name && rule.DryRun is not null) is { } tried
            ? new ObservedDryRun(tried.Rule.Since, tried.DryRun!.Began ?? _context.Clock.Monotonic())
            : (ObservedDryRun?)null);

    /// <summary>Starts to maintain the rules on servers.</summary>
    public void Add(params IEnumerable<CoherentServer> servers) => _servers.Add(servers);

    /// <summary>Stops maintaining the rules on a server that the cache no longer uses.</summary>
    public async Task RemoveAsync(CoherentServer server)
    {
        await _servers.RemoveAsync(server.Rules).ConfigureAwait(false);
        lock (_lock)
        {
            _inForce.ServerGone(server.Server.Name);
        }
    }

    /// <summary>Sets the defaults of settings that a rule leaves out.</summary>
    public void Reload(RuleDefaults defaults)
    {
        lock (_lock)
        {
            _table.Reload(defaults);
        }
    }

    /// <summary>
    /// Applies the rules of a reloaded and valid configuration. Without a registry they are in force when this returns, or after the
    /// first read of a server.
    /// </summary>
    public void Configure(IEnumerable<RuleOptions> rules)
    {
        lock (_lock)
        {
            _inForce.Configure(rules);
        }
    }

    /// <summary>
    /// Collects what is known of the rules outside of ZooKeeper: in this process, and on every server, which is read now.
    /// </summary>
    public async Task<RegistrySurvey> SurveyAsync(CancellationToken cancellationToken)
    {
        var servers = _context.HasCounters ? await _servers.ReadAllAsync(cancellationToken).ConfigureAwait(false) : [];
        lock (_lock)
        {
            return new RegistrySurvey(_inForce.Document, servers, _inForce.Seed);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ReadStopsAsync(CancellationToken cancellationToken)
    {
        var (_, servers, _) = await SurveyAsync(cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            foreach (var stops in servers.Select(server => server.Found?.Stops).OfType<StopSet>())
            {
                _inForce.Stop(stops);
            }
        }

        return [.. servers.Where(server => server.Found is null).Select(server => server.Server)];
    }

    /// <summary>Applies the content of the registry.</summary>
    public void RegistryRead(RegistryDocument document)
    {
        lock (_lock)
        {
            _inForce.RegistryRead(document);
        }

        _pendingStops.FoundOutside(document.Stops);
    }

    /// <summary>Records that the registry cannot be read.</summary>
    public void RegistryUnreadable(UnreadableReason why)
    {
        lock (_lock)
        {
            _inForce.RegistryUnreadable(why);
        }
    }

    /// <summary>Applies an edited set if the set with this revision is still in force. Only without a registry.</summary>
    /// <returns>False if another set is in force.</returns>
    public bool TryReplace(long revision, RegistryDocument document)
    {
        lock (_lock)
        {
            if (_table.Applied.Revision != revision)
            {
                return false;
            }

            RegistryRead(document);
            return true;
        }
    }

    /// <summary>Puts a stop. It counts in this process when this returns, and is sent to the servers and the registry at once.</summary>
    /// <returns>A task that completes when a memcached server or the registry has the stop.</returns>
    /// <exception cref="NearCacheException">There are too many stops.</exception>
    public Task Put(Stop stop)
    {
        var acknowledged = _pendingStops.Add(stop.Id);
        lock (_lock)
        {
            _inForce.Stop(StopSet.Of([stop]), isOwn: true);
            if (!_table.Stops.Stops.Contains(stop))
            {
                throw new NearCacheException($"There are {StopSet.MaxStops} stops already, which is the limit: clear those that are no "
                    + "longer needed.");
            }
        }

        _context.Logger.Stopped(stop.Rule ?? "everything", stop.Who, stop.Why, stop.Id);
        if (!_context.IsShared)
        {
            _pendingStops.FoundOutside(Stops);
        }

        return acknowledged;
    }

    /// <summary>Logs how many lines were left out and which rules are in force, as soon as the log budget has a line for it.</summary>
    public void LogLeftOut()
    {
        if (_context.LogBudget.LeftOut == 0)
        {
            return;
        }

        lock (_lock)
        {
            _inForce.LogLeftOut();
        }
    }

    /// <summary>Applies a server's rules item: merges its stops, informs the leases, and applies their effect.</summary>
    /// <remarks>Holds the lock throughout, so that no stop comes between the comparison with the item and its use.</remarks>
    /// <param name="server">The server.</param>
    /// <param name="item">The reply with the item.</param>
    /// <param name="apply">Informs the leases of the server.</param>
    /// <returns>False if the server could not reply.</returns>
    public bool Receive(string server, in MetaResponse item, Func<RulesReading, RulesReadEffect> apply)
    {
        if (RuleTranslation.Read(item, server, _servers.Carry) is not { } found)
        {
            return false;
        }

        lock (_lock)
        {
            _inForce.Stop(found.Stops);
            _inForce.ServerRead(server, found, apply(found.Against(_table.Stops)));
        }

        if (_context.HasCounters)
        {
            _pendingStops.FoundOutside(found.Stops);
        }

        return true;
    }

    /// <summary>Returns the item that a step writes.</summary>
    public RulesItem ItemToWrite(in RulesStep step)
    {
        lock (_lock)
        {
            return RuleTranslation.Write(step, _table.Applied, _table.Stops);
        }
    }

    public ValueTask DisposeAsync()
    {
        Watch.End();
        return _servers.DisposeAsync();
    }
}

/// <summary>What is known of the rules outside of ZooKeeper at one instant.</summary>
/// <param name="Known">The rules in force in this process; revision 0 if there are none.</param>
/// <param name="Servers">The content of each memcached server; null if it has not replied.</param>
/// <param name="Configured">The registry that the configuration of this process would create.</param>
internal sealed record RegistrySurvey(
    RegistryDocument Known, IReadOnlyList<(string Server, RulesItemContent? Found)> Servers, RegistryDocument Configured);
