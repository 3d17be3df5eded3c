using System.Text.RegularExpressions;

namespace NearCache.Rules;

/// <summary>
/// Describes what a pattern covers, and recognizes patterns that probably mean something else: a forgotten <c>*</c>, or another pattern
/// language.
/// </summary>
internal static partial class PatternAdvice
{
    // Separators in keys. An exact key that ends in one is probably a prefix.
    private const string Separators = ":/.-_|#";

    /// <summary>Returns what a pattern covers, in words.</summary>
    public static string Describe(KeyPattern match) => match.Kind switch
    {
        KeyPatternKind.Exact => $"exact key `{match}`",
        KeyPatternKind.Prefix => $"keys that begin with `{match.LiteralPrefix}`",
        _ => $"keys of the form `{match}` (* is any characters or none, ? is one)",
    };

    /// <summary>Returns what to write instead; null if nothing looks wrong.</summary>
    /// <param name="rule">The rule. A key that it preloads is taken literally.</param>
    /// <param name="keyPrefix">The key prefix of the cache.</param>
    public static string? Of(Rule rule, string keyPrefix)
    {
        var text = rule.Match.Text;
        if (text.Length == 0 || rule.Preload.Contains(text))
        {
            return null;
        }

        var glob = Globs().Replace(Anchors().Replace(text, ""), "*");
        if (glob != text)
        {
            glob = Stars().Replace(glob, "*");
            return glob.TrimStart('*').Length == 0 || glob[0] == '*'
                ? "a rule is a key, a beginning with *, or a pattern with * and ?, not a regular expression."
                : $"a rule is no regular expression; write `{glob}`.";
        }

        if (Array.Exists(text.ToCharArray(), letter => char.IsWhiteSpace(letter) || char.IsControl(letter)))
        {
            return "no key holds a space or a control character; write it without.";
        }

        if (keyPrefix.Length > 0 && text.Length > keyPrefix.Length && text.StartsWith(keyPrefix, StringComparison.Ordinal))
        {
            return $"rules name keys as the application does, without the KeyPrefix `{keyPrefix}`; write `{text[keyPrefix.Length..]}`.";
        }

        return rule.Match.Kind == KeyPatternKind.Exact && Separators.Contains(text[^1], StringComparison.Ordinal)
            ? $"for all keys that begin so write `{text}*`; where the key itself is meant, name it in Preload."
            : null;
    }

    // ^ at the beginning and $ at the end.
    [GeneratedRegex(@"^\^|\$$")]
    private static partial Regex Anchors();

    // Of regular expressions: classes, groups, escapes, .+ and, unless the dot follows a word and separates (`user.*`), .*; of SQL: %; of
    // routes and formats: {id}, <id>. Each with what repeats it.
    [GeneratedRegex(@"(?:\[[^\]]+\]|\([^)]+\)|\\[a-zA-Z.]|\.(?=\+)|(?<![\p{L}\p{N}])\.(?=\*)|%|\{[^}]*\}|<[^>]+>)(?:[*+?]|\{[0-9,]+\})*")]
    private static partial Regex Globs();

    [GeneratedRegex(@"\*{2,}")]
    private static partial Regex Stars();
}
