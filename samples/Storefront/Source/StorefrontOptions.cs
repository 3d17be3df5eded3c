namespace Storefront.Source;

/// <summary>The settings of the shop itself.</summary>
internal sealed class StorefrontOptions
{
    /// <summary>The latency of the database.</summary>
    public TimeSpan SourceLatency { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>A file that several processes share as database. Default: none; each process has its own database in memory.</summary>
    public string? SourceFile { get; set; }

    /// <summary>The bearer token that requests to <c>/admin</c> must carry. Default: none; all such requests are refused.</summary>
    public string? AdminKey { get; set; }
}
