namespace NearCache.Near.Eviction;

/// <summary>Derives independent hashes from one.</summary>
internal static class HashMixer
{
    /// <summary>Returns the hash of a hash and a seed (the finalizer of MurmurHash3).</summary>
    public static uint Mix(uint hash, uint seed)
    {
        hash ^= (seed + 1) * 0x9E37_79B1;
        hash = (hash ^ hash >> 16) * 0x85EB_CA6B;
        hash = (hash ^ hash >> 13) * 0xC2B2_AE35;
        return hash ^ hash >> 16;
    }
}
