using System.Buffers.Text;
using System.Security.Cryptography;

namespace NearCache.Remote.Keys;

/// <summary>
/// How a face names keys that are any strings: behind its prefix as they are where memcached can have them, by their hash otherwise.
/// </summary>
/// <remarks>docs/formats.md, "Keys of the faces".</remarks>
/// <param name="prefix">The face's prefix.</param>
/// <param name="canHold">Whether memcached can have a name.</param>
internal sealed class AdapterKeys(string prefix, Func<string, bool> canHold)
{
    /// <summary>
    /// What a hashed name begins with, behind the prefix. A key that begins so itself is hashed too, so that no two keys have one name.
    /// </summary>
    public const char Mark = '#';

    /// <summary>The prefix of the keys of <see cref="NearHybridCache"/>.</summary>
    public const string HybridPrefix = "h:";

    /// <summary>The prefix of the keys of <see cref="NearDistributedCache"/>.</summary>
    public const string DistributedPrefix = "d:";

    /// <summary>The prefix.</summary>
    public string Prefix => prefix;

    /// <summary>The name of a key.</summary>
    /// <exception cref="ArgumentException">The key holds half of a surrogate pair.</exception>
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
