using System.Buffers;
using System.Text;

namespace NearCache.Remote.Keys;

/// <summary>
/// Converts names to keys on memcached: application keys behind the configured prefix, internal keys behind a prefix that applications
/// cannot use.
/// </summary>
/// <remarks>docs/formats.md, "Keys on memcached".</remarks>
internal sealed class PhysicalKeys
{
    /// <summary>The prefix of NearCache's own keys.</summary>
    public const string Reserved = "~nc:";

    /// <summary>The prefix of the keys that hold versions of tags.</summary>
    public const string ReservedTags = "~tag:";

    private const int LongestKey = 250;

    // memcached ends a key at a space, and treats NUL and newline as the end of the line. Other control characters are probably mistakes.
    private static readonly SearchValues<char> Forbidden = SearchValues.Create(
        [.. Enumerable.Range(0, 0x21).Append(0x7f).Select(code => (char)code)]);

    private readonly bool _hashesLongKeys;
    private readonly byte[] _prefix;
    private readonly byte[] _tags;
    private readonly byte[] _counters;
    private readonly byte[] _locks;
    private readonly byte[] _fences;

    public PhysicalKeys(string @namespace, string keyPrefix, LongKeyPolicy longKeys = LongKeyPolicy.Refuse)
    {
        _hashesLongKeys = longKeys == LongKeyPolicy.Hash;
        _prefix = StrictUtf8.Encoding.GetBytes(keyPrefix);
        _tags = StrictUtf8.Encoding.GetBytes($"{keyPrefix}{ReservedTags}");
        _counters = StrictUtf8.Encoding.GetBytes($"{Reserved}1:{@namespace}:counter:");
        _locks = StrictUtf8.Encoding.GetBytes($"{Reserved}1:{@namespace}:lock:");
        _fences = StrictUtf8.Encoding.GetBytes($"{Reserved}1:{@namespace}:fence:");
    }

    /// <summary>Gets the length of the configured prefix, in bytes.</summary>
    public int PrefixLength => _prefix.Length;

    /// <summary>
    /// Returns the name of an application's key for rules, other processes and memcached: the key itself, or its hashed name if it is too
    /// long.
    /// </summary>
    /// <exception cref="ArgumentException">The key contains an unpaired surrogate, or looks like the name of another key.</exception>
    public string NameOf(string key) => _hashesLongKeys ? HashedNameOf(key, _prefix.Length) ?? key : key;

    /// <summary>Returns whether a key has a hashed name, under which it may be found near.</summary>
    public bool HasName(string key) => _hashesLongKeys && _prefix.Length + LengthOf(key) > LongestKey;

    /// <summary>Returns an application's key by its name.</summary>
    /// <exception cref="ArgumentException">
    /// The name is empty, too long or reserved, or contains a character that memcached does not allow.
    /// </exception>
    public byte[] OfUser(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (key[0] == '~' && (key.StartsWith(Reserved, StringComparison.Ordinal) || key.StartsWith(ReservedTags, StringComparison.Ordinal)))
        {
            throw new ArgumentException($"A key must not begin with {Reserved} or {ReservedTags}, which are NearCache's own.", nameof(key));
        }

        return Encode(_prefix, key, nameof(key));
    }

    /// <summary>Returns the key of a tag. It differs from every key of <see cref="OfUser"/>.</summary>
    /// <exception cref="ArgumentException">The name is invalid, as for a key.</exception>
    public byte[] OfTag(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Encode(_tags, name, nameof(name));
    }

    /// <summary>Returns whether memcached can hold this key behind the configured prefix.</summary>
    public bool CanHold(string key) =>
        key.AsSpan().IndexOfAny(Forbidden) < 0 && PrefixLength + LengthOf(key) <= LongestKey && !(_hashesLongKeys && LongKeys.IsName(key));

    /// <summary>Returns the key of an application's counter. No key of <see cref="OfUser"/> and no rule can name it.</summary>
    /// <exception cref="ArgumentException">The name is invalid, as for a key.</exception>
    public byte[] OfCounter(ReadOnlySpan<char> counter)
    {
        if (counter.IsEmpty)
        {
            throw new ArgumentException("The name of a counter must not be empty.", nameof(counter));
        }

        return Encode(_counters, counter, nameof(counter), mayHash: true);
    }

    /// <summary>Gets the length of the prefix of <see cref="OfCounter"/>, in bytes.</summary>
    public int CounterPrefixLength => _counters.Length;

    /// <summary>Returns the key of an application's lock. No key of <see cref="OfUser"/> and no rule can name it.</summary>
    /// <exception cref="ArgumentException">The name is invalid, as for a key.</exception>
    public byte[] OfLock(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Encode(_locks, name, nameof(name), mayHash: true);
    }

    /// <summary>Returns the key of the fence counter of a lock.</summary>
    /// <exception cref="ArgumentException">The name is invalid, as for a key.</exception>
    public byte[] OfFence(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Encode(_fences, name, nameof(name), mayHash: true);
    }

    // Two keys that differ only in unpaired surrogates must not become one.
    private static int LengthOf(ReadOnlySpan<char> key)
    {
        try
        {
            return StrictUtf8.Encoding.GetByteCount(key);
        }
        catch (EncoderFallbackException)
        {
            throw StrictUtf8.LoneSurrogate("A key or tag", nameof(key));
        }
    }

    // Returns null if the key is not too long.
    private static string? HashedNameOf(ReadOnlySpan<char> key, int prefixLength) =>
        LongKeys.IsName(key) ? throw new ArgumentException(
            "A key must not look like the hashed name of another: it ends with ~sha256: and 43 letters and digits.", nameof(key))
        : key.Length > LongestKey || prefixLength + LengthOf(key) > LongestKey ? LongKeys.NameOf(key.ToString())
        : null;

    private byte[] Encode(byte[] prefix, ReadOnlySpan<char> key, string parameter, bool mayHash = false)
    {
        var forbidden = key.IndexOfAny(Forbidden);
        if (forbidden >= 0)
        {
            throw new ArgumentException(
                $"A key must not hold spaces or control characters, but this one has U+{(int)key[forbidden]:X4} at {forbidden}.",
                parameter);
        }

        if (mayHash && _hashesLongKeys && HashedNameOf(key, prefix.Length) is { } name)
        {
            key = name;
        }

        var length = prefix.Length + LengthOf(key);
        if (length > LongestKey)
        {
            throw new ArgumentException(
                $"A key must have at most {LongestKey} bytes of UTF-8 together with its prefix, but this one has {length}, of which "
                    + $"{prefix.Length} are \"{StrictUtf8.Encoding.GetString(prefix)}\". LongKeys = Hash would store it under its "
                    + "hash.", parameter);
        }

        var bytes = new byte[length];
        prefix.CopyTo(bytes, 0);
        StrictUtf8.Encoding.GetBytes(key, bytes.AsSpan(prefix.Length));
        return bytes;
    }
}
