using System.Buffers;
using System.Text;

namespace NearCache.Remote;

/// <summary>How keys are called on memcached: users' keys behind the configured prefix, everything of NearCache's own behind a prefix that users cannot name.</summary>
/// <remarks>docs/formats.md, "Keys on memcached".</remarks>
internal sealed class PhysicalKeys
{
    /// <summary>What begins so is NearCache's own.</summary>
    public const string Reserved = "~nc:";

    /// <summary>What begins so holds the versions of tags.</summary>
    public const string ReservedTags = "~tag:";

    private const int LongestKey = 250;

    // memcached ends a key at a space, takes NUL and newline for the end of the line, and other control characters are as likely a mistake.
    private static readonly SearchValues<char> Forbidden = SearchValues.Create([.. Enumerable.Range(0, 0x21).Append(0x7f).Select(code => (char)code)]);

    // Two keys that differ only in broken surrogates must not become one.
    internal static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _prefix;
    private readonly byte[] _tags;
    private readonly byte[] _counters;
    private readonly byte[] _locks;
    private readonly byte[] _fences;

    public PhysicalKeys(string @namespace, string keyPrefix)
    {
        _prefix = Utf8.GetBytes(keyPrefix);
        _tags = Utf8.GetBytes($"{keyPrefix}{ReservedTags}");
        _counters = Utf8.GetBytes($"{Reserved}1:{@namespace}:counter:");
        _locks = Utf8.GetBytes($"{Reserved}1:{@namespace}:lock:");
        _fences = Utf8.GetBytes($"{Reserved}1:{@namespace}:fence:");
    }

    /// <summary>How many bytes of a user's key are the configured prefix.</summary>
    public int PrefixLength => _prefix.Length;

    /// <summary>A user's key.</summary>
    /// <exception cref="ArgumentException">It is empty, too long, reserved, or holds a character that memcached cannot have in a key.</exception>
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
    public bool CanHold(string key) => key.AsSpan().IndexOfAny(Forbidden) < 0 && PrefixLength + Utf8.GetByteCount(key) <= LongestKey;

    /// <summary>A user's counter: no key of <see cref="OfUser"/> and no rule can name it.</summary>
    /// <exception cref="ArgumentException">As for a key.</exception>
    public byte[] OfCounter(string counter)
    {
        ArgumentException.ThrowIfNullOrEmpty(counter);
        return Encode(_counters, counter, nameof(counter));
    }

    /// <summary>A user's lock: no key of <see cref="OfUser"/> and no rule can name it.</summary>
    /// <exception cref="ArgumentException">As for a key.</exception>
    public byte[] OfLock(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Encode(_locks, name, nameof(name));
    }

    /// <summary>The counter beside a lock.</summary>
    /// <exception cref="ArgumentException">As for a key.</exception>
    public byte[] OfFence(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Encode(_fences, name, nameof(name));
    }

    private static byte[] Encode(byte[] prefix, string key, string parameter)
    {
        var forbidden = key.AsSpan().IndexOfAny(Forbidden);
        if (forbidden >= 0)
        {
            throw new ArgumentException($"A key must not hold spaces or control characters, but this one has U+{(int)key[forbidden]:X4} at {forbidden}.", parameter);
        }

        var length = prefix.Length + Utf8.GetByteCount(key);
        if (length > LongestKey)
        {
            throw new ArgumentException($"A key must have at most {LongestKey} bytes of UTF-8 together with its prefix, but this one has {length}.", parameter);
        }

        var bytes = new byte[length];
        prefix.CopyTo(bytes, 0);
        Utf8.GetBytes(key, bytes.AsSpan(prefix.Length));
        return bytes;
    }
}
