using NearCache.Coherence.Ledger;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>The rules on every server of the cache. A server that is added later gets what is in force, too.</summary>
/// <param name="make">Creates the rules of a server where a set is in force.</param>
/// <param name="asMatched">Converts a rule to the form that is matched.</param>
internal sealed class RulesOnServers(Func<CoherentServer, LeasedRuleSet, ServerRulesSync> make, Func<Rule, Rule> asMatched)
    : IAsyncDisposable
{
    // guards the list and what its servers were given; locks of ServerRulesSync are taken inside it, never the other way
    private readonly Lock _lock = new();
    private volatile ServerRulesSync[] _servers = [];   // replaced, never changed
    private volatile CompiledSet _compiled = new(RuleSet.Empty, LeasedRuleSet.None);
    private LeasedRuleSet _applied = LeasedRuleSet.None;
    private bool _bumpsEverything;

    /// <summary>Reads the item of each server; null if a server does not reply.</summary>
    public async Task<IReadOnlyList<(string Server, RulesItemContent? Found)>> ReadAllAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(
            _servers.Select(
                async server =>
                    (server.Name, await server.ReadContentAsync(Carry, cancellationToken).ConfigureAwait(false)))).ConfigureAwait(false);

    /// <summary>Starts to maintain the rules on servers.</summary>
    public void Add(params IEnumerable<CoherentServer> servers)
    {
        ServerRulesSync[] added;
        lock (_lock)
        {
            added = [.. servers.Select(server => make(server, _applied))];
            foreach (var rules in added)
            {
                rules.BumpEverything(_bumpsEverything);
            }

            _servers = [.. _servers, .. added];
        }

        foreach (var rules in added)
        {
            rules.Start();
        }
    }

    /// <summary>Stops maintaining the rules on a server that the cache no longer uses.</summary>
    public ValueTask RemoveAsync(IServerRules removed)
    {
        lock (_lock)
        {
            _servers = [.. _servers.Where(rules => rules != removed)];
        }

        return removed.DisposeAsync();
    }

    /// <summary>Returns the form of a set that the leases use. Servers mostly carry the same set, which is compiled once.</summary>
    public LeasedRuleSet Carry(RuleSet set)
    {
        var last = _compiled;
        if (last.Set.IsSame(set))
        {
            return last.Carried;
        }

        var carried = RuleTranslation.Carry(set, asMatched);
        _compiled = new CompiledSet(set, carried);
        return carried;
    }

    /// <summary>Puts a set in force on all servers.</summary>
    public void Apply(RuleSet set)
    {
        lock (_lock)
        {
            _applied = Carry(set);
            foreach (var server in _servers)
            {
                server.Apply(_applied);
            }
        }
    }

    /// <summary>Informs all servers that the stops have changed.</summary>
    public void StopsChanged(bool isUrgent)
    {
        foreach (var server in _servers)
        {
            server.StopsChanged(isUrgent);
        }
    }

    /// <summary>Blocks fills for a lease, because a stop is about to end and other processes may not announce their writes yet.</summary>
    public void RestartLeases()
    {
        foreach (var server in _servers)
        {
            server.CountersLost();
        }
    }

    /// <summary>Sets whether every write is counted, whatever the servers carry.</summary>
    public void BumpEverything(bool value)
    {
        lock (_lock)
        {
            _bumpsEverything = value;
            foreach (var server in _servers)
            {
                server.BumpEverything(value);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync().ConfigureAwait(false);
        }
    }

    private sealed record CompiledSet(RuleSet Set, LeasedRuleSet Carried);
}
