using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Memcached;
using NearCache.Rules;
using NearCache.Tags;

namespace NearCache.Coherence.ServerRules;

/// <summary>What reads and writes ask of the rules that are in force here, and of what is known of them on the key's server.</summary>
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

        // Whoever can write a tag counts it, whatever rules there are: there is nothing to wait for.
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

/// <summary>Which keys are kept near, and which writes must be counted.</summary>
internal interface IRuleDecisions
{
    /// <summary>The rule that keeps a key near; null: none.</summary>
    ActiveRule? Match(ReadOnlySpan<char> key);

    /// <summary>The dry run that would keep a key near, in whatever else is in force; null: none.</summary>
    DryRun? Try(ReadOnlySpan<char> key);

    /// <summary>Whether entries of this rule may be filled from this server: every writer can be relied upon to count by now.</summary>
    /// <param name="server">The server that owns the key.</param>
    /// <param name="rule">The rule that matched.</param>
    /// <param name="now">Both clocks.</param>
    /// <param name="generation">The rule's generation, for the fill's token.</param>
    bool MayFill(CoherentServer server, ActiveRule rule, in Timestamps now, out long generation);

    /// <summary>Whether a write of this key must be counted, as known before it is sent.</summary>
    bool MustBump(CoherentServer server, ReadOnlySpan<char> key);

    /// <summary>The same for a write that was not counted and not answered: true also when nobody can know.</summary>
    bool MayMatchNow(CoherentServer server, ReadOnlySpan<char> key);

    /// <summary>
    /// The same for a write that was not counted and has been answered: the server's rules are read again first when the view of them has
    /// outlived its lease.
    /// </summary>
    ValueTask<bool> MustBumpAfterAsync(CoherentServer server, string key);
}
