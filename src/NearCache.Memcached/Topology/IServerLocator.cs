namespace NearCache.Memcached.Topology;

/// <summary>Determines which server owns a key. All clients that share the servers must use equivalent locators.</summary>
public interface IServerLocator
{
    /// <summary>
    /// Returns the index of the key's server in the list that the locator was created for. Called for every operation, on any thread.
    /// </summary>
    /// <param name="key">The bytes of the key, 1 to 250. For a binary key, the raw bytes rather than their base64.</param>
    int Locate(ReadOnlySpan<byte> key);
}
