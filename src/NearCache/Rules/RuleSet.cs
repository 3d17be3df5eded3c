using System.Collections.Immutable;

namespace NearCache.Rules;

/// <summary>The rules of a namespace at one revision, with their stored bytes.</summary>
/// <remarks>The bytes are passed on as they were read, so that members unknown to this process are kept.</remarks>
internal sealed class RuleSet
{
    /// <summary>The largest set, in bytes.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>The most cleared stops that a set names. The oldest are forgotten.</summary>
    public const int MaxCleared = 256;

    // unknown members of the JSON
    private readonly UnknownMembers _others;

    internal RuleSet(
        long revision, ImmutableArray<Rule> rules, ImmutableArray<string> cleared, UnknownMembers others, ReadOnlyMemory<byte> content)
    {
        _others = others;
        Revision = revision;
        Rules = rules;
        Cleared = cleared;
        Content = content;
    }

    /// <summary>Gets a set without rules, older than any other.</summary>
    public static RuleSet Empty { get; } = Create(0, [], []);

    /// <summary>Gets the revision, which grows by one with each edit.</summary>
    public long Revision { get; }

    /// <summary>Gets the rules, in the order in which they were written.</summary>
    public ImmutableArray<Rule> Rules { get; }

    /// <summary>Gets the ids of the stops that edits have cleared.</summary>
    public ImmutableArray<string> Cleared { get; }

    /// <summary>Gets the stored bytes: see <see cref="RuleSetFormat"/>.</summary>
    public ReadOnlyMemory<byte> Content { get; }

    /// <summary>Creates a set with its bytes. <see cref="RuleSetMistakes"/> checks it before it is stored.</summary>
    public static RuleSet Create(long revision, ImmutableArray<Rule> rules, ImmutableArray<string> cleared) =>
        Create(revision, rules, cleared, UnknownMembers.None);

    private static RuleSet Create(long revision, ImmutableArray<Rule> rules, ImmutableArray<string> cleared, UnknownMembers others) =>
        new(revision, rules, cleared, others, RuleSetFormat.Write(revision, rules, cleared, others));

    /// <summary>Creates the set with which configured rules start a registry.</summary>
    /// <param name="options">The rules.</param>
    /// <param name="revision">One more than the highest revision on any memcached server.</param>
    public static RuleSet Seed(IEnumerable<RuleOptions> options, long revision = 1) =>
        Create(revision, [.. options.Select(rule => Rule.From(rule) with { Since = revision })], []);

    /// <summary>
    /// Creates the set of a fleet without a registry, where only the configuration decides: the carried set if it has the same rules,
    /// otherwise its next revision.
    /// </summary>
    /// <param name="options">The rules.</param>
    /// <param name="carried">The newest set on any memcached server; null if there is none.</param>
    public static RuleSet Configured(IEnumerable<RuleOptions> options, RuleSet? carried)
    {
        var rules = options.Select(Rule.From).ToArray();
        if (carried is null)
        {
            return Create(1, [.. rules.Select(rule => rule with { Since = 1 })], []);
        }

        var next = carried.Next(rules);
        return carried.HasSameRules(next) ? carried : next;
    }

    /// <summary>
    /// Creates the successor of two different sets of one revision, if there is no registry to decide: two processes were configured
    /// differently at the same time.
    /// </summary>
    /// <remarks>
    /// Each process creates the same successor of both. It has the rules of one set, all of them new, since it is unknown which process saw
    /// which.
    /// </remarks>
    public static RuleSet Agreed(RuleSet one, RuleSet other)
    {
        var (first, second) = one.Content.Span.SequenceCompareTo(other.Content.Span) > 0 ? (one, other) : (other, one);
        var revision = Math.Max(one.Revision, other.Revision) + 1;
        return Create(
            revision,
            [.. first.Rules.Select(rule => rule with { Since = revision })],
            [.. first.Cleared.Union(second.Cleared).TakeLast(MaxCleared)],
            first._others);
    }

    /// <summary>
    /// Creates the set after an edit: the next revision, with <see cref="Rule.Since"/> set if match or enable changed. Unknown members are
    /// kept.
    /// </summary>
    /// <param name="rules">All rules after the edit.</param>
    /// <param name="clear">The ids of the stops that the edit clears.</param>
    public RuleSet Next(IEnumerable<Rule> rules, IEnumerable<string>? clear = null)
    {
        var revision = Revision + 1;
        var before = Rules.ToDictionary(rule => rule.Name, StringComparer.Ordinal);
        var after = rules.Select(rule => After(before.GetValueOrDefault(rule.Name), rule, revision));
        return Create(revision, [.. after], [.. Cleared.Concat(clear ?? []).Distinct().TakeLast(MaxCleared)], _others);
    }

    private static Rule After(Rule? old, Rule rule, long revision) => rule with
    {
        Since = old is not null && old.Match.Equals(rule.Match) && (old.Enabled, old.DryRun) == (rule.Enabled, rule.DryRun)
            ? old.Since
            : revision,
        Others = rule.Others.IsEmpty && old is not null ? old.Others : rule.Others,
    };

    /// <summary>Returns whether both sets have the same rules.</summary>
    public bool HasSameRules(RuleSet other) => Create(0, Rules, []).Content.Span.SequenceEqual(Create(0, other.Rules, []).Content.Span);

    /// <summary>Returns whether two rules have the same settings, whenever they were made.</summary>
    public static bool HaveSameSettings(Rule one, Rule other) =>
        Create(0, [one with { Since = 1 }], []).HasSameRules(Create(0, [other with { Since = 1 }], []));

    /// <summary>Returns whether both sets have the same bytes.</summary>
    public bool IsSame(RuleSet other) => Revision == other.Revision && Content.Span.SequenceEqual(other.Content.Span);
}
