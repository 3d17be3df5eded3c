using System.Buffers.Text;
using System.Security.Cryptography;

namespace NearCache.Remote.Keys;

/// <summary>
/// Names the keys of an adapter, which are arbitrary strings: unchanged behind its prefix if memcached can hold them, hashed otherwise.
/// </summary>
/// <remarks>docs/formats.md, "Keys of the adapters".</remarks>
/// <param name="prefix">The prefix of the adapter.</param>
/// <param name="canHold">Returns whether memcached can hold a name.</param>
internal sealed class AdapterKeys(string prefix, Func<string, bool> canHold)
{
    /// <summary>
    /// The first character of a hashed name after the prefix. A key that begins with it is hashed too, so that no two keys share a name.
    /// </summary>
    public const char Mark = '#';

    /// <summary>The prefix of the keys of <see cref="NearHybridCache"/>.</summary>
    public const string HybridPrefix = "h:";

    /// <summary>The prefix of the keys of <see cref="NearDistributedCache"/>.</summary>
    public const string DistributedPrefix = "d:";

    /// <summary>Gets the prefix.</summary>
    public string Prefix => prefix;

    /// <summary>Returns the name of a key.</summary>
    /// <exception cref="ArgumentException">The key contains an unpaired surrogate.</exception>
    public string NameOf(string key)
    {
        var name = prefix + key;
        return key.StartsWith(Mark) || !canHold(name) ? Hashed(key) : name;
    }

    private string Hashed(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(StrictUtf8.Encoding.GetBytes(key), hash);
        return $"{prefix}{Mark}{Base64Url.EncodeToString(hash)}";
    }
}
