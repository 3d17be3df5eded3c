namespace IncidentReplay;

/// <summary>What the traffic uses: one process of a shop, with either cache.</summary>
internal interface ICacheUnderTest : IAsyncDisposable
{
    /// <summary>Reads a parameter of the site, as every page does.</summary>
    ValueTask<string?> GetAsync(string key);

    /// <summary>Stores a key.</summary>
    Task SetAsync(string key, string value);

    /// <summary>Removes a key.</summary>
    Task RemoveAsync(string key);
}
