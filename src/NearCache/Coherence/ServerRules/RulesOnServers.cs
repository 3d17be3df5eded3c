using NearCache.Coherence.Ledger;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>
/// The rules on every server that the cache has: each has been told what is in force in this process, also one that came later.
/// </summary>
/// <param name="make">Makes the rules on a server, where this set is in force.</param>
/// <param name="asMatched">A rule as keys are compared with it.</param>
internal sealed class RulesOnServers(Func<CoherentServer, LeasedRuleSet, ServerRulesSync> make, Func<Rule, Rule> asMatched) : IAsyncDisposable
{
    // guards the list and what it has been told; the locks of ServerRulesSync are taken inside it, never the other way
    private readonly Lock _lock = new();
    private volatile ServerRulesSync[] _servers = [];   // replaced, never changed
    private volatile CompiledSet _compiled = new(RuleSet.Empty, LeasedRuleSet.None);
    private LeasedRuleSet _applied = LeasedRuleSet.None;
    private bool _bumpsEverything;

    /// <summary>Reads the item of each server now; null: it does not answer.</summary>
    public async Task<IReadOnlyList<(string Server, RulesItemContent? Found)>> LookAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(
            _servers.Select(
                async server =>
                    (server.Name, await server.LookAsync(Carry, cancellationToken).ConfigureAwait(false)))).ConfigureAwait(false);

    /// <summary>Begins to look after the rules on these servers.</summary>
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

    /// <summary>Looks no longer after the rules on a server that the cache does not use any more.</summary>
    public ValueTask RemoveAsync(IServerRules removed)
    {
        lock (_lock)
        {
            _servers = [.. _servers.Where(rules => rules != removed)];
        }

        return removed.DisposeAsync();
    }

    /// <summary>The form in which the leases know a set. Servers carry the same one mostly: it is compiled once.</summary>
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

    /// <summary>A set is in force in this process.</summary>
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

    /// <summary>This process knows other stops than before.</summary>
    public void StopsChanged(bool isUrgent)
    {
        foreach (var server in _servers)
        {
            server.StopsChanged(isUrgent);
        }
    }

    /// <summary>A stop is about to end, and other processes may not announce yet what they write: nothing is filled for a lease.</summary>
    public void RestartLeases()
    {
        foreach (var server in _servers)
        {
            server.CountersLost();
        }
    }

    /// <summary>Whether every write is counted here, whatever the servers carry.</summary>
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
