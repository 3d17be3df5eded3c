namespace NearCache.Configuration;

/// <summary>Validates names that are used unchanged in paths, logs and metrics.</summary>
internal static class NameSyntax
{
    /// <summary>
    /// Returns whether a name has 1 to 64 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>, and is neither <c>.</c> nor <c>..</c>.
    /// </summary>
    public static bool IsValid(string? name) =>
        name is { Length: >= 1 and <= 64 } and not "." and not ".."
            && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');
}
