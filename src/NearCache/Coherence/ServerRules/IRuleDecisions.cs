using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

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
