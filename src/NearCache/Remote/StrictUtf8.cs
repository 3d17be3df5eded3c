using System.Buffers;
using System.Text;

namespace NearCache.Remote;

/// <summary>UTF-8 without replacement of invalid input: text with an unpaired surrogate is refused.</summary>
internal static class StrictUtf8
{
    /// <summary>The encoding; it throws for invalid input.</summary>
    public static readonly UTF8Encoding Encoding = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Returns whether a text contains no unpaired surrogate.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        for (var at = text.IndexOfAnyInRange('\ud800', '\udfff'); at >= 0; at = text.IndexOfAnyInRange('\ud800', '\udfff'))
        {
            if (Rune.DecodeFromUtf16(text[at..], out _, out var taken) != OperationStatus.Done)
            {
                return false;
            }

            text = text[(at + taken)..];
        }

        return true;
    }

    /// <summary>Creates the exception for a text with an unpaired surrogate.</summary>
    public static ArgumentException LoneSurrogate(string what, string? parameter) =>
        new(
            $"{what} must not contain half of a surrogate pair, which has no UTF-8 encoding. It may have been truncated within a "
                + "character; truncate it between characters.",
            parameter);
}
