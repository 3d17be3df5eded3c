using NearCache;

namespace Storefront.Endpoints;

/// <summary>A value together with what a person wants to see about it: where it came from, and how long ago that was read from memcached.</summary>
/// <param name="Value">The value.</param>
/// <param name="Source"><c>near</c>, <c>remote</c>, <c>source</c>, <c>stale</c> or <c>none</c>.</param>
/// <param name="AgeMilliseconds">Zero unless it is near or stale.</param>
internal sealed record DisplayedValue<T>(T? Value, string Source, long AgeMilliseconds)
{
    public static DisplayedValue<T> Of(CacheResult<T> result) => new(result.Value, NameOf(result.Source), (long)result.Age.TotalMilliseconds);

    private static string NameOf(CacheSource source) => source switch
    {
        CacheSource.Near => "near",
        CacheSource.Remote => "remote",
        CacheSource.Factory => "source",
        CacheSource.Stale => "stale",
        _ => "none",
    };
}
