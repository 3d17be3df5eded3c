using System.Globalization;
using System.Text;

namespace NearCache.Cli.Output;

/// <summary>
/// Neutralizes text of unknown authors: keys, names, reasons and replies of servers may hold escape sequences, line breaks and characters
/// that change the direction of text.
/// </summary>
internal static class SafeText
{
    private const int MaxLength = 4_000;

    /// <summary>Returns a text for one line: every character that a terminal could act on is shown as its code.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxLength">The most characters that are shown.</param>
    public static string Of(string? text, int maxLength = MaxLength)
    {
        if (text is null)
        {
            return "";
        }

        if (text.Length <= maxLength && !text.Any(IsSuspect))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            if (safe.Length >= maxLength)
            {
                return safe.Append('…').ToString();
            }

            if (char.IsSurrogatePair(text, i) && !IsSuspect(CharUnicodeInfo.GetUnicodeCategory(text, i)))
            {
                safe.Append(text, i++, 2);
            }
            else if (IsSuspect(text[i]))
            {
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}");
            }
            else
            {
                safe.Append(text[i]);
            }
        }

        return safe.ToString();
    }

    /// <summary>Returns a text of several lines, each of them safe.</summary>
    public static string OfLines(string text) => string.Join('\n', text.Split('\n').Select(line => Of(line.TrimEnd('\r'))));

    /// <summary>Returns a text as one word of a command line that can be pasted into a shell.</summary>
    public static string ShellWord(string text) =>
        text.Length > 0 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.' or ':' or '/')
        ? text
        : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static bool IsSuspect(char letter) => IsSuspect(char.GetUnicodeCategory(letter));

    private static bool IsSuspect(UnicodeCategory category) => category is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
}
