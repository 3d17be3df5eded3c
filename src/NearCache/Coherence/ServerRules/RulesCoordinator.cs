using NearCache.Coherence.Ledger;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Diagnostics;
using NearCache.Memcached.Protocol;
using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>
/// Keeps the rules of this process: told by the registry, by every server and by the configuration, and carried to every server. Reads and
/// writes ask <see cref="RuleDecisions"/>.
/// </summary>
internal sealed class RulesCoordinator : IAsyncDisposable
{
    private readonly Lock _lock = new();   // guards changes of what is in force; servers' locks are taken inside it, never the other way
    private readonly RuleTable _table;
    private readonly RulesInForce _inForce;
    private readonly RulesOnServers _servers;
    private readonly CoherenceContext _context;
    private readonly PendingStops _pendingStops = new();

    /// <param name="table">Owned from now on.</param>
    /// <param name="keyPrefix">Of the cache: rules are written without it.</param>
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
        _inForce = new RulesInForce(
            table, configured, _servers, context.Clock, context.Logger, context.LogBudget, keyPrefix, context.HasCounters);
        _inForce.Advise();
    }

    /// <summary>The revision that is applied.</summary>
    public long Revision => _table.Applied.Revision;

    /// <summary>The rules at work, also those that are stopped.</summary>
    public IReadOnlyCollection<ActiveRule> Active => _table.Matcher.Rules;

    /// <summary>Those, and the dry runs.</summary>
    public IReadOnlyCollection<ActiveRule> Counted =>
        _table.Tried is { } tried ? [.. _table.Matcher.Rules, .. tried.Rules] : _table.Matcher.Rules;

    /// <summary>The stops that count here.</summary>
    public StopSet Stops => _table.Stops;

    /// <summary>Whether every set that was found can be read here.</summary>
    public bool AreReadable => !_table.IsUnreadable;

    /// <inheritdoc cref="RulesInForce.Watch"/>
    public RegistryWatch Watch => _inForce.Watch;

    /// <summary>
    /// Told when other stops count than before, and whether this process has put one itself. Set before anything is started.
    /// </summary>
    public Action<bool>? StopsChanged
    {
        set => _inForce.StopsChanged = value;
    }

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

    /// <summary>Looks after the rules on these servers, too.</summary>
    public void Add(params IEnumerable<CoherentServer> servers) => _servers.Add(servers);

    /// <summary>Looks no longer after the rules on a server that the cache does not use any more.</summary>
    public async Task RemoveAsync(CoherentServer server)
    {
        await _servers.RemoveAsync(server.Rules).ConfigureAwait(false);
        lock (_lock)
        {
            _inForce.ServerGone(server.Server.Name);
        }
    }

    /// <summary>What counts where a rule does not say has changed.</summary>
    public void Reload(RuleDefaults defaults)
    {
        lock (_lock)
        {
            _table.Reload(defaults);
        }
    }

    /// <summary>
    /// The configuration was loaded again, and has no mistake by itself. Where there is no registry, its rules are in force when this
    /// returns, or as soon as a server was looked at.
    /// </summary>
    public void Configure(IEnumerable<RuleOptions> rules)
    {
        lock (_lock)
        {
            _inForce.Configure(rules);
        }
    }

    /// <summary>Asks what is known of the rules outside of ZooKeeper: here, and on every server, each of which is asked now.</summary>
    public async Task<RegistrySurvey> SurveyAsync(CancellationToken cancellationToken)
    {
        var servers = _context.HasCounters ? await _servers.LookAsync(cancellationToken).ConfigureAwait(false) : [];
        lock (_lock)
        {
            return new RegistrySurvey(_inForce.Document, servers, _inForce.Seed);
        }
    }

    /// <summary>The registry holds this.</summary>
    public void RegistryRead(RegistryDocument document)
    {
        lock (_lock)
        {
            _inForce.RegistryRead(document);
        }

        _pendingStops.FoundOutside(document.Stops);
    }

    /// <summary>The registry holds something that cannot be read here.</summary>
    public void RegistryUnreadable(UnreadableReason why)
    {
        lock (_lock)
        {
            _inForce.RegistryUnreadable(why);
        }
    }

    /// <summary>Puts an edited set in force that follows this one, where there is no registry.</summary>
    /// <returns>False: another one is in force by now.</returns>
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

    /// <summary>Puts a stop: it counts here when this returns, and everything outside is told without delay.</summary>
    /// <returns>Completes when a memcached server or the registry has it.</returns>
    /// <exception cref="NearCacheException">There are too many stops already.</exception>
    public Task Put(Stop stop)
    {
        var told = _pendingStops.Add(stop.Id);
        lock (_lock)
        {
            _inForce.Stop(StopSet.Of([stop]), isOwn: true);
            if (!_table.Stops.Stops.Contains(stop))
            {
                throw new NearCacheException($"There are {StopSet.Most} stops already, and no more are kept: clear those that are over.");
            }
        }

        _context.Logger.Stopped(stop.Rule ?? "everything", stop.Who, stop.Why, stop.Id);
        if (!_context.IsShared)
        {
            _pendingStops.FoundOutside(Stops);
        }

        return told;
    }

    /// <summary>Logs how many lines were left out and what is in force now, as soon as the log budget has a line for it.</summary>
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

    /// <summary>
    /// A server's item was read: the stops in it are merged into those that this process knows, then the leases are told, then what that
    /// means is done.
    /// </summary>
    /// <remarks>In one piece, so that no stop can come between the comparison with the item and its use.</remarks>
    /// <param name="server">The server.</param>
    /// <param name="item">Its answer.</param>
    /// <param name="tell">Tells the server's leases.</param>
    /// <returns>False: the server could not say.</returns>
    public bool Receive(string server, in MetaResponse item, Func<RulesReading, RulesReadEffect> tell)
    {
        if (RuleTranslation.Read(item, server, _servers.Carry) is not { } found)
        {
            return false;
        }

        lock (_lock)
        {
            _inForce.Stop(found.Stops);
            _inForce.ServerRead(server, found, tell(found.Against(_table.Stops)));
        }

        if (_context.HasCounters)
        {
            _pendingStops.FoundOutside(found.Stops);
        }

        return true;
    }

    /// <summary>The item that this process would write.</summary>
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
/// <param name="Known">What is in force in this process; revision 0: nothing.</param>
/// <param name="Servers">What each memcached server carries; null: it has not answered.</param>
/// <param name="Configured">What a registry of this process's configuration begins with.</param>
internal sealed record RegistrySurvey(
    RegistryDocument Known, IReadOnlyList<(string Server, RulesItemContent? Found)> Servers, RegistryDocument Configured);
