namespace IncidentReplay;

/// <summary>The cache of one simulated process, either the naive one or NearCache.</summary>
internal interface ICacheUnderTest : IAsyncDisposable
{
    /// <summary>Reads a parameter of the site, as every page view does.</summary>
    ValueTask<string?> GetAsync(string key);

    /// <summary>Stores a key.</summary>
    Task SetAsync(string key, string value);

    /// <summary>Removes a key.</summary>
    Task RemoveAsync(string key);
}
