using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Memcached;
using NearCache.Rules;
using NearCache.Tags;

namespace NearCache.Coherence.ServerRules;

/// <summary>Decides for reads and writes by the rules in force in this process, and by the view of the key's server.</summary>
internal sealed class RuleDecisions(RuleTable table, CoherenceContext context) : IRuleDecisions
{
    /// <inheritdoc/>
    public ActiveRule? Match(ReadOnlySpan<char> key) => IsTag(key) ? table.Tags : table.Matcher.Find(key);

    /// <inheritdoc/>
    public DryRun? Try(ReadOnlySpan<char> key) => table.Tried?.Find(key)?.DryRun;

    /// <inheritdoc/>
    public bool MayFill(CoherentServer server, ActiveRule rule, in Timestamps now, out long generation)
    {
        generation = rule.Generation;

        // Every process counts the writes of tags, whatever rules there are, so no lease is waited for.
        return rule.IsOn && context.KeepsNear && (rule == table.Tags || server.Rules.View.MayFill(RuleTranslation.Identity(rule), now));
    }

    /// <inheritdoc/>
    public bool MustBump(CoherentServer server, ReadOnlySpan<char> key) => IsTag(key) || Decide(server, key) == BumpDecision.Bump;

    /// <inheritdoc/>
    public bool MayMatchNow(CoherentServer server, ReadOnlySpan<char> key) => Decide(server, key) != BumpDecision.None;

    /// <inheritdoc/>
    public ValueTask<bool> MustBumpAfterAsync(CoherentServer server, string key)
    {
        var decision = Decide(server, key);
        return decision == BumpDecision.ReadFirst && context.HasCounters
            ? ReadAndDecideAsync(server, key)
            : ValueTask.FromResult(decision != BumpDecision.None);
    }

    private BumpDecision Decide(CoherentServer server, ReadOnlySpan<char> key) => server.Rules.View.Decide(key, context.Clock.Now());

    private async ValueTask<bool> ReadAndDecideAsync(CoherentServer server, string key)
    {
        try
        {
            await server.Rules.ReadAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (MemcachedException)
        {
            return true;
        }

        return Decide(server, key) != BumpDecision.None;
    }

    private static bool IsTag(ReadOnlySpan<char> key) => key.StartsWith(TagTable.Prefix);
}

/// <summary>Decides which keys are kept near, and which writes must be counted.</summary>
internal interface IRuleDecisions
{
    /// <summary>Returns the rule that keeps a key near; null if there is none.</summary>
    ActiveRule? Match(ReadOnlySpan<char> key);

    /// <summary>Returns the dry run that would keep a key near, regardless of other rules; null if there is none.</summary>
    DryRun? Try(ReadOnlySpan<char> key);

    /// <summary>Returns whether entries of this rule may be filled from this server: every writer counts by now.</summary>
    /// <param name="server">The server that owns the key.</param>
    /// <param name="rule">The rule that matched.</param>
    /// <param name="now">Both clocks.</param>
    /// <param name="generation">The generation of the rule, for the token of the fill.</param>
    bool MayFill(CoherentServer server, ActiveRule rule, in Timestamps now, out long generation);

    /// <summary>Returns whether a write of this key must be counted, as known before it is sent.</summary>
    bool MustBump(CoherentServer server, ReadOnlySpan<char> key);

    /// <summary>Returns the same for a write that was neither counted nor answered. True also if that cannot be known.</summary>
    bool MayMatchNow(CoherentServer server, ReadOnlySpan<char> key);

    /// <summary>
    /// Returns the same for an answered write that was not counted. Reads the rules of the server first if the lease of the view is over.
    /// </summary>
    ValueTask<bool> MustBumpAfterAsync(CoherentServer server, string key);
}
