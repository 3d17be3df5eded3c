namespace NearCache;

/// <summary>What is done with a key that is longer than the 250 bytes that memcached takes, the prefix included.</summary>
public enum LongKeyPolicy
{
    /// <summary>The call throws <see cref="ArgumentException"/> before anything is sent.</summary>
    Refuse = 0,

    /// <summary>The item stands under the first 100 bytes of the key and the SHA-256 of all of it: <c>docs/keys.md</c>.</summary>
    Hash = 1,
}
