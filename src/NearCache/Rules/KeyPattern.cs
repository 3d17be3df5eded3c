namespace NearCache.Rules;

/// <summary>The pattern of the keys that a rule covers: an exact key, a prefix (<c>abc:*</c>), or a glob.</summary>
/// <remarks>
/// Characters are compared as UTF-16 code units, case included. There is no escape: <c>?</c> also covers a <c>*</c> or <c>?</c> in a key.
/// </remarks>
internal sealed class KeyPattern : IEquatable<KeyPattern>
{
    /// <summary>The longest pattern. A key on memcached is no longer.</summary>
    public const int MaxCharacters = 250;

    /// <summary>Parses a pattern. <see cref="RuleSetMistakes"/> checks whether a rule may have it.</summary>
    public KeyPattern(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Text = text;
        var wildcard = text.AsSpan().IndexOfAny('*', '?');
        Kind = wildcard < 0 ? KeyPatternKind.Exact
            : wildcard == text.Length - 1 && text[wildcard] == '*' ? KeyPatternKind.Prefix
            : KeyPatternKind.Glob;
        LiteralPrefix = wildcard < 0 ? text : text[..wildcard];
        Specificity = new KeySpecificity(Kind == KeyPatternKind.Exact, LiteralPrefix.Length, text);
    }

    /// <summary>Gets the text of the pattern.</summary>
    public string Text { get; }

    /// <summary>Gets the kind of the pattern.</summary>
    public KeyPatternKind Kind { get; }

    /// <summary>Gets the characters before the first wildcard; all of an exact key.</summary>
    public string LiteralPrefix { get; }

    /// <summary>Gets the rank of the pattern. Of two patterns that cover a key, the more specific one decides.</summary>
    public KeySpecificity Specificity { get; }

    /// <summary>Returns whether the pattern covers a key.</summary>
    public bool Matches(ReadOnlySpan<char> key) => Kind switch
    {
        KeyPatternKind.Exact => key.SequenceEqual(Text),
        KeyPatternKind.Prefix => key.StartsWith(LiteralPrefix),
        _ => Glob.Matches(Text, key),
    };

    /// <summary>Returns whether there is a key that both patterns cover.</summary>
    public bool Overlaps(KeyPattern other) => Glob.Overlap(Text, other.Text);

    /// <inheritdoc/>
    public bool Equals(KeyPattern? other) => other is not null && other.Text == Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as KeyPattern);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>Specifies the kind of a pattern.</summary>
internal enum KeyPatternKind
{
    /// <summary>One key.</summary>
    Exact,

    /// <summary>All keys with a prefix: <c>product:*</c>.</summary>
    Prefix,

    /// <summary>All keys of a form: <c>*</c> stands for any characters or none, <c>?</c> for one.</summary>
    Glob,
}

/// <summary>
/// The rank of a pattern: exact keys first, then the longer literal prefix, more literal characters, the longer shortest key, fewer
/// <c>*</c>.
/// </summary>
internal readonly record struct KeySpecificity(
    bool IsExact, int LiteralPrefix, int Literals, int ShortestKey, int Stars) : IComparable<KeySpecificity>
{
    public KeySpecificity(bool isExact, int literalPrefix, string text)
        : this(isExact, literalPrefix, text.Length - Count(text, '*') - Count(text, '?'), text.Length - Count(text, '*'), Count(text, '*'))
    {
    }

    /// <summary>Positive if this is the more specific one, zero for a tie.</summary>
    public int CompareTo(KeySpecificity other)
    {
        var byKind = IsExact.CompareTo(other.IsExact);
        var byPrefix = LiteralPrefix.CompareTo(other.LiteralPrefix);
        var byLiterals = Literals.CompareTo(other.Literals);
        var byLength = ShortestKey.CompareTo(other.ShortestKey);
        return byKind != 0 ? byKind
            : byPrefix != 0 ? byPrefix
            : byLiterals != 0 ? byLiterals
            : byLength != 0 ? byLength
            : other.Stars.CompareTo(Stars);
    }

    private static int Count(string text, char letter) => text.AsSpan().Count(letter);
}
