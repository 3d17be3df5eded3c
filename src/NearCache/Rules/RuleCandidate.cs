namespace NearCache.Rules;

/// <summary>A rule whose literal prefix matches, with the condition for the rest of the key.</summary>
internal readonly struct RuleCandidate
{
    private readonly string _tail;
    private readonly TailKind _kind;

    public RuleCandidate(ActiveRule rule)
    {
        var match = rule.Rule.Match;
        var tail = match.Text[match.LiteralPrefix.Length..];
        Rule = rule;
        (_kind, _tail) = match.Kind == KeyPatternKind.Prefix ? (TailKind.Anything, "")
            : tail[0] == '*' && tail.AsSpan(1).IndexOfAny('*', '?') < 0 ? (TailKind.Ending, tail[1..])
            : (TailKind.Glob, tail);
    }

    public ActiveRule Rule { get; }

    /// <summary>Returns whether the rule covers a key with <paramref name="rest"/> after the literal prefix.</summary>
    public bool Covers(ReadOnlySpan<char> rest) => _kind switch
    {
        TailKind.Anything => true,
        TailKind.Ending => rest.EndsWith(_tail),
        _ => Glob.Matches(_tail, rest),
    };

    private enum TailKind
    {
        Anything,
        Ending,
        Glob,
    }
}
