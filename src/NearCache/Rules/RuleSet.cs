using System.Collections.Immutable;

namespace NearCache.Rules;

/// <summary>All rules of a namespace at one revision, with the bytes that stand for them outside the process.</summary>
/// <remarks>The bytes travel as they were read, so that a process which does not know every member in them passes all of them on.</remarks>
internal sealed class RuleSet
{
    /// <summary>The largest set, in bytes.</summary>
    public const int MostBytes = 64 * 1024;

    /// <summary>How many cleared stops a set names; the oldest are forgotten.</summary>
    public const int MostCleared = 256;

    // Members of the JSON that are not known here.
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

    /// <summary>No rules, older than any other set.</summary>
    public static RuleSet Empty { get; } = Create(0, [], []);

    /// <summary>Grows by one with each edit.</summary>
    public long Revision { get; }

    /// <summary>The rules, in the order in which they were written.</summary>
    public ImmutableArray<Rule> Rules { get; }

    /// <summary>The ids of the stops that an edit has cleared.</summary>
    public ImmutableArray<string> Cleared { get; }

    /// <summary>The set as it is stored: see <see cref="RuleSetFormat"/>.</summary>
    public ReadOnlyMemory<byte> Content { get; }

    /// <summary>Makes a set, and its bytes. Ask <see cref="RuleSetMistakes"/> before it is stored.</summary>
    public static RuleSet Create(long revision, ImmutableArray<Rule> rules, ImmutableArray<string> cleared) =>
        Create(revision, rules, cleared, UnknownMembers.None);

    private static RuleSet Create(long revision, ImmutableArray<Rule> rules, ImmutableArray<string> cleared, UnknownMembers others) =>
        new(revision, rules, cleared, others, RuleSetFormat.Write(revision, rules, cleared, others));

    /// <summary>The set that configured rules start a registry with.</summary>
    /// <param name="options">The rules.</param>
    /// <param name="revision">One more than the highest that is seen on any memcached server.</param>
    public static RuleSet Seed(IEnumerable<RuleOptions> options, long revision = 1) =>
        Create(revision, [.. options.Select(rule => Rule.From(rule) with { Since = revision })], []);

    /// <summary>
    /// The set of a fleet without a registry, where configuration alone decides: what is carried already if it says the same, else the next
    /// revision of it.
    /// </summary>
    /// <param name="options">The rules.</param>
    /// <param name="carried">The newest set that is seen on any memcached server; null: there is none.</param>
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
    /// What follows two sets of one revision that say different things, where there is no registry to decide: two processes were configured
    /// differently at once.
    /// </summary>
    /// <remarks>
    /// Whoever meets the other's makes the same of the two. The rules of one of them go on, and all are new, since nobody knows who saw
    /// which.
    /// </remarks>
    public static RuleSet Agreed(RuleSet one, RuleSet other)
    {
        var (first, second) = one.Content.Span.SequenceCompareTo(other.Content.Span) > 0 ? (one, other) : (other, one);
        var revision = Math.Max(one.Revision, other.Revision) + 1;
        return Create(
            revision,
            [.. first.Rules.Select(rule => rule with { Since = revision })],
            [.. first.Cleared.Union(second.Cleared).TakeLast(MostCleared)],
            first._others);
    }

    /// <summary>
    /// The set after an edit: one revision on, and <see cref="Rule.Since"/> set wherever match or enable changed. Members that are not
    /// known here stay.
    /// </summary>
    /// <param name="rules">All rules after the edit.</param>
    /// <param name="clear">The ids of stops that the edit clears.</param>
    public RuleSet Next(IEnumerable<Rule> rules, IEnumerable<string>? clear = null)
    {
        var revision = Revision + 1;
        var before = Rules.ToDictionary(rule => rule.Name, StringComparer.Ordinal);
        var after = rules.Select(rule => After(before.GetValueOrDefault(rule.Name), rule, revision));
        return Create(revision, [.. after], [.. Cleared.Concat(clear ?? []).Distinct().TakeLast(MostCleared)], _others);
    }

    private static Rule After(Rule? old, Rule rule, long revision) => rule with
    {
        Since = old is not null && old.Match.Equals(rule.Match) && (old.Enabled, old.DryRun) == (rule.Enabled, rule.DryRun)
            ? old.Since
            : revision,
        Others = rule.Others.IsEmpty && old is not null ? old.Others : rule.Others,
    };

    /// <summary>Do both have the same rules, whatever else the sets say?</summary>
    public bool HasSameRules(RuleSet other) => Create(0, Rules, []).Content.Span.SequenceEqual(Create(0, other.Rules, []).Content.Span);

    /// <summary>Are these byte for byte the same?</summary>
    public bool IsSame(RuleSet other) => Revision == other.Revision && Content.Span.SequenceEqual(other.Content.Span);
}
