using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NearCache.Coherence.Identity.Core;

/// <summary>The identity item of a server: a random name of one life of its counters, and the total from which that life counts.</summary>
/// <remarks>
/// 32 hexadecimal digits, a space, and the total in decimal. The total tells an item that survived its counters: the initial value of
/// counters is random, so other counters do not fit to it. Documented with test vectors in docs/formats.md.
/// </remarks>
internal readonly record struct ServerIdentity(string Id, long Base)
{
    private const int IdLength = 32;

    // No counter of a life gets so far, and a random one fits with a probability of 1 in 256.
    private const long MaxMutations = 1L << 40;

    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>Creates a random identity for counters that have this total.</summary>
    public static ServerIdentity Create(long total) => new(RandomNumberGenerator.GetHexString(IdLength, lowercase: true), total);

    /// <summary>Returns whether the item belongs to counters with this total.</summary>
    public bool Fits(long total) => total >= Base && total - Base < MaxMutations;

    /// <summary>Returns the value to store.</summary>
    public byte[] Encode() => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Id} {Base}"));

    /// <summary>Decodes an item. Returns false if the value is no identity.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> value, out ServerIdentity identity)
    {
        identity = default;
        if (value.Length < IdLength + 2
            || value[IdLength] != ' '
            || !IsId(value[..IdLength])
            || !Utf8Parser.TryParse(value[(IdLength + 1)..], out long total, out var consumed)
            || consumed != value.Length - IdLength - 1
            || total < 0)
        {
            return false;
        }

        identity = new ServerIdentity(Encoding.ASCII.GetString(value[..IdLength]), total);
        return true;
    }

    /// <summary>Returns whether a text is the random part of an identity.</summary>
    public static bool IsId(string text) => text.Length == IdLength && text.All(char.IsAsciiHexDigitLower);

    private static bool IsId(ReadOnlySpan<byte> text) => text.IndexOfAnyExcept(Digits) < 0;
}
