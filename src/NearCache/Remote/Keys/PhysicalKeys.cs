using System.Buffers;
using System.Text;

namespace NearCache.Remote.Keys;

/// <summary>
/// How keys are called on memcached: users' keys behind the configured prefix, everything of NearCache's own behind a prefix that users
/// cannot name.
/// </summary>
/// <remarks>docs/formats.md, "Keys on memcached".</remarks>
internal sealed class PhysicalKeys
{
    /// <summary>What begins so is NearCache's own.</summary>
    public const string Reserved = "~nc:";

    /// <summary>What begins so holds the versions of tags.</summary>
    public const string ReservedTags = "~tag:";

    private const int LongestKey = 250;

    // memcached ends a key at a space, takes NUL and newline for the end of the line, and other control characters are as likely a mistake.
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

    /// <summary>How many bytes of a user's key are the configured prefix.</summary>
    public int PrefixLength => _prefix.Length;

    /// <summary>
    /// The name by which a user's key is known outside the call: to rules, to other processes, and, behind the prefix, to memcached. It is
    /// the key itself unless that is too long.
    /// </summary>
    /// <exception cref="ArgumentException">It holds half of a surrogate pair, or could be taken for the name of another key.</exception>
    public string NameOf(string key) => _hashesLongKeys ? HashedNameOf(key, _prefix.Length) ?? key : key;

    /// <summary>Whether a key has a name of its own: then whoever did not find the one near may find the other.</summary>
    public bool HasName(string key) => _hashesLongKeys && _prefix.Length + LengthOf(key) > LongestKey;

    /// <summary>A user's key, by its name.</summary>
    /// <exception cref="ArgumentException">
    /// It is empty, too long, reserved, or holds a character that memcached cannot have in a key.
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

    /// <summary>A tag, by its name: no key of <see cref="OfUser"/> can name it.</summary>
    /// <exception cref="ArgumentException">As for a key.</exception>
    public byte[] OfTag(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Encode(_tags, name, nameof(name));
    }

    /// <summary>Whether memcached can have this behind the configured prefix.</summary>
    public bool CanHold(string key) =>
        key.AsSpan().IndexOfAny(Forbidden) < 0 && PrefixLength + LengthOf(key) <= LongestKey && !(_hashesLongKeys && LongKeys.IsName(key));

    /// <summary>A user's counter: no key of <see cref="OfUser"/> and no rule can name it.</summary>
    /// <exception cref="ArgumentException">As for a key.</exception>
    public byte[] OfCounter(ReadOnlySpan<char> counter)
    {
        if (counter.IsEmpty)
        {
            throw new ArgumentException("The name of a counter must not be empty.", nameof(counter));
        }

        return Encode(_counters, counter, nameof(counter), mayHash: true);
    }

    /// <summary>How many bytes of <see cref="OfCounter"/> stand before the counter's name.</summary>
    public int CounterPrefixLength => _counters.Length;

    /// <summary>A user's lock: no key of <see cref="OfUser"/> and no rule can name it.</summary>
    /// <exception cref="ArgumentException">As for a key.</exception>
    public byte[] OfLock(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Encode(_locks, name, nameof(name), mayHash: true);
    }

    /// <summary>The counter beside a lock.</summary>
    /// <exception cref="ArgumentException">As for a key.</exception>
    public byte[] OfFence(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Encode(_fences, name, nameof(name), mayHash: true);
    }

    // Two keys that differ only in broken surrogates must not become one.
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

    // Null: it is not too long.
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
                $"A key must have at most {LongestKey} bytes of UTF-8 together with its prefix, but this one has {length}, of which {prefix.Length} are \"{StrictUtf8.Encoding.GetString(prefix)}\". LongKeys = Hash would store it under its hash.", parameter);
        }

        var bytes = new byte[length];
        prefix.CopyTo(bytes, 0);
        StrictUtf8.Encoding.GetBytes(key, bytes.AsSpan(prefix.Length));
        return bytes;
    }
}
