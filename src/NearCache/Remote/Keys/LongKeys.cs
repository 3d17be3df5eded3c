using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace NearCache.Remote.Keys;

/// <summary>Names keys that are too long for memcached: the first characters of the key, and its hash.</summary>
/// <remarks>
/// docs/formats.md, "Keys on memcached". The beginning is kept so that prefix rules match the name like the key, and people recognize it.
/// </remarks>
internal static class LongKeys
{
    // With the longest internal prefix a name still has at most 250 bytes.
    private const int KeptBytes = 100;
    private const string Mark = "~sha256:";
    private const int HashCharacters = 43;

    private static readonly SearchValues<char> Base64UrlCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Returns the name of a key.</summary>
    public static string NameOf(string key)
    {
        var kept = 0;
        var bytes = 0;
        foreach (var letter in key.EnumerateRunes())
        {
            bytes += letter.Utf8SequenceLength;
            if (bytes > KeptBytes)
            {
                break;
            }

            kept += letter.Utf16SequenceLength;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(StrictUtf8.Encoding.GetBytes(key), hash);
        return $"{key.AsSpan(0, kept)}{Mark}{Base64Url.EncodeToString(hash)}";
    }

    /// <summary>Returns whether a key looks like the name of another key.</summary>
    public static bool IsName(ReadOnlySpan<char> key) =>
        key.Length >= Mark.Length + HashCharacters
        && key[^(HashCharacters + Mark.Length)..].StartsWith(Mark, StringComparison.Ordinal)
        && !key[^HashCharacters..].ContainsAnyExcept(Base64UrlCharacters);
}
