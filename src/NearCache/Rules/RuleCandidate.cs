namespace NearCache.Rules;

/// <summary>A rule whose literal prefix a key has, and what the rest of the key must be.</summary>
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

    /// <summary>Does it cover a key whose letters after the literal prefix are <paramref name="rest"/>?</summary>
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
