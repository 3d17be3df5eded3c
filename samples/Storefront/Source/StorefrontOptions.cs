namespace Storefront.Source;

/// <summary>The settings of the shop itself.</summary>
internal sealed class StorefrontOptions
{
    /// <summary>How long the database takes to answer, so that a cache has something to save.</summary>
    public TimeSpan SourceLatency { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>A file that several processes use as one database. None: each process has its own, in memory.</summary>
    public string? SourceFile { get; set; }

    /// <summary>What an operator's requests to <c>/admin</c> must carry as their bearer token. None: all of them are refused.</summary>
    public string? AdminKey { get; set; }
}
