using NearCache;

namespace Storefront.Endpoints;

/// <summary>A value with its source, and its age since it was read from memcached.</summary>
/// <param name="Value">The value.</param>
/// <param name="Source"><c>near</c>, <c>remote</c>, <c>source</c>, <c>stale</c> or <c>none</c>.</param>
/// <param name="AgeMilliseconds">Zero unless it is near or stale.</param>
internal sealed record DisplayedValue<T>(T? Value, string Source, long AgeMilliseconds)
{
    public static DisplayedValue<T> Of(CacheResult<T> result) =>
        new(result.Value, NameOf(result.Source), (long)result.Age.TotalMilliseconds);

    private static string NameOf(CacheSource source) => source switch
    {
        CacheSource.Near => "near",
        CacheSource.Remote => "remote",
        CacheSource.Factory => "source",
        CacheSource.Stale => "stale",
        _ => "none",
    };
}
