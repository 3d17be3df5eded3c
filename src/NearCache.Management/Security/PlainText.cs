using System.Globalization;
using System.Text;

namespace NearCache.Management.Security;

/// <summary>Makes one line of a text that a user has typed, or that names a user: it goes into logs and stops, and onto pages.</summary>
internal static class PlainText
{
    /// <summary>Returns the text with a space in place of controls, line breaks, marks of direction and broken surrogates.</summary>
    public static string Of(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsPlain(rune))
            {
                line.Append(rune.ToString());
            }
            else if (line.Length > 0 && line[^1] != ' ')
            {
                line.Append(' ');
            }
        }

        return line.ToString().Trim();
    }

    private static bool IsPlain(Rune rune) => rune != Rune.ReplacementChar && Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
