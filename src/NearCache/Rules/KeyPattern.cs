namespace NearCache.Rules;

/// <summary>Which keys a rule covers: an exact key, a prefix (<c>abc:*</c>), or a glob.</summary>
/// <remarks>
/// Characters are compared as UTF-16 code units, case included. There is no escape: <c>?</c> also covers a <c>*</c> or <c>?</c> in a key.
/// </remarks>
internal sealed class KeyPattern : IEquatable<KeyPattern>
{
    /// <summary>The longest pattern; a key on memcached is no longer.</summary>
    public const int MostCharacters = 250;

    /// <summary>Reads a pattern. Whether a rule may have it is for <see cref="RuleSetMistakes"/> to say.</summary>
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

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>What form it has.</summary>
    public KeyPatternKind Kind { get; }

    /// <summary>The characters before the first wildcard; the whole of an exact key.</summary>
    public string LiteralPrefix { get; }

    /// <summary>Of two patterns that cover a key, the more specific one decides.</summary>
    public KeySpecificity Specificity { get; }

    /// <summary>Does it cover this key?</summary>
    public bool Matches(ReadOnlySpan<char> key) => Kind switch
    {
        KeyPatternKind.Exact => key.SequenceEqual(Text),
        KeyPatternKind.Prefix => key.StartsWith(LiteralPrefix),
        _ => Glob.Matches(Text, key),
    };

    /// <summary>Is there a key that both cover?</summary>
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

/// <summary>The three ways in which a rule names keys.</summary>
internal enum KeyPatternKind
{
    /// <summary>One key.</summary>
    Exact,

    /// <summary>All keys that begin so: <c>product:*</c>.</summary>
    Prefix,

    /// <summary>Keys of a form: <c>*</c> stands for any characters or none, <c>?</c> for one.</summary>
    Glob,
}

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
