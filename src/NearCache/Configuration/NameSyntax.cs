namespace NearCache.Configuration;

/// <summary>Names that may stand in paths, logs and metrics as they are.</summary>
internal static class NameSyntax
{
    /// <summary>Is it 1 to 64 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>, and neither <c>.</c> nor <c>..</c>?</summary>
    public static bool IsValid(string? name) =>
        name is { Length: >= 1 and <= 64 } and not "." and not ".."
            && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');
}
