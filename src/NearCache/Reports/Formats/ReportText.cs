using System.Globalization;
using System.Text;

namespace NearCache.Reports.Formats;

/// <summary>Cleans texts of reports, which any program can write, and shortens them.</summary>
internal static class ReportText
{
    /// <summary>The longest text that a report yields, in characters.</summary>
    public const int MaxLength = 256;

    private const char Replacement = '\uFFFD';
    private const char Cut = '…';

    /// <summary>
    /// Returns the text without characters that change how the text around them is shown: controls, line breaks, directions (bidirectional
    /// text), characters without a width, and broken surrogates are replaced. Longer texts are cut.
    /// </summary>
    public static string Clean(string text)
    {
        var isCut = text.Length > MaxLength;
        var builder = new StringBuilder(Math.Min(text.Length, MaxLength) + 1);
        foreach (var rune in text.AsSpan(0, isCut ? MaxLength : text.Length).EnumerateRunes())
        {
            if (IsHarmless(rune))
            {
                builder.Append(rune);
            }
            else
            {
                builder.Append(Replacement);
            }
        }

        return isCut ? builder.Append(Cut).ToString() : builder.ToString();
    }

    /// <summary>Shortens a text in the middle, because names of pods differ at the end and names of machines at the beginning.</summary>
    /// <param name="text">The text.</param>
    /// <param name="most">The most bytes of UTF-8 that it may have.</param>
    public static string Shorten(string text, int most)
    {
        if (Encoding.UTF8.GetByteCount(text) <= most)
        {
            return text;
        }

        // Whole text elements, so that no character is broken.
        var elements = StringInfo.ParseCombiningCharacters(text);
        for (var kept = Math.Min(elements.Length - 1, most); kept > 0; kept--)
        {
            var (first, last) = (elements[(kept + 1) / 2], elements[elements.Length - (kept / 2) - 1]);
            var end = kept / 2 == 0 ? "" : text[elements[^(kept / 2)]..];
            var shorter = string.Concat(text.AsSpan(0, first), "…", end);
            if (last >= first && Encoding.UTF8.GetByteCount(shorter) <= most)
            {
                return shorter;
            }
        }

        return "…";
    }

    private static bool IsHarmless(Rune rune) => rune != Rune.ReplacementChar
        && Rune.GetUnicodeCategory(rune) is not (
            UnicodeCategory.Control
            or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.Surrogate
            or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned);
}
