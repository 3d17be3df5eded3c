namespace NearCache.Memcached.Topology;

/// <summary>Says which server owns a key. Every client that shares the servers must give the same answers.</summary>
public interface IServerLocator
{
    /// <summary>
    /// The index of the key's server among those that the locator was made for. Called for every operation, from any thread.
    /// </summary>
    /// <param name="key">The key's bytes; 1 to 250 of them. Of a binary key the bytes themselves, not their base64.</param>
    int Locate(ReadOnlySpan<byte> key);
}
