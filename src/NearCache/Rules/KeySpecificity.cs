namespace NearCache.Rules;

/// <summary>How specific a pattern is: an exact key before all others, then the longer literal prefix, more literal characters, the longer
/// shortest key, fewer <c>*</c>.</summary>
internal readonly record struct KeySpecificity(
    bool IsExact, int LiteralPrefix, int Literals, int ShortestKey, int Stars) : IComparable<KeySpecificity>
{
    public KeySpecificity(bool isExact, int literalPrefix, string text)
        : this(isExact, literalPrefix, text.Length - Count(text, '*') - Count(text, '?'), text.Length - Count(text, '*'), Count(text, '*'))
    {
    }

    /// <summary>Positive when this is the more specific one, zero when they tie.</summary>
    public int CompareTo(KeySpecificity other)
    {
        var byKind = IsExact.CompareTo(other.IsExact);
        var byPrefix = LiteralPrefix.CompareTo(other.LiteralPrefix);
        var byLiterals = Literals.CompareTo(other.Literals);
        var byLength = ShortestKey.CompareTo(other.ShortestKey);
        return byKind != 0 ? byKind : byPrefix != 0 ? byPrefix : byLiterals != 0 ? byLiterals : byLength != 0 ? byLength : other.Stars.CompareTo(Stars);
    }

    private static int Count(string text, char letter) => text.AsSpan().Count(letter);
}
