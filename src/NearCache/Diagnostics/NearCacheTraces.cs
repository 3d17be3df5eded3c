using System.Diagnostics;

namespace NearCache.Diagnostics;

/// <summary>
/// The activity source <c>NearCache</c>: a span for each call of GetOrCreate that is no near hit, and one below it for the factory. Never a
/// key.
/// </summary>
internal static class NearCacheTraces
{
    public const string SourceName = "NearCache";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether anybody wants spans.</summary>
    public static bool HasListeners => Source.HasListeners();

    /// <summary>
    /// Begins the span of a call. To be called within the asynchronous method that ends it, so that the caller's own span stays the
    /// caller's.
    /// </summary>
    public static Activity? BeginGetOrCreate() => Source.StartActivity("nearcache.get_or_create");

    /// <summary>Begins the span of a factory's run. The same holds.</summary>
    public static Activity? BeginFactory() => Source.StartActivity("nearcache.factory");

    /// <summary>How the call ended.</summary>
    public static void SetResult<T>(this Activity activity, in CacheResult<T> result) =>
        activity.SetTag("nearcache.source", NameOf(result.Source)).SetTag("nearcache.stale", result.IsStale ? true : null);

    /// <summary>Notes what went wrong.</summary>
    public static void SetError(this Activity activity, Exception exception) =>
        activity.SetTag("error.type", exception is OperationCanceledException ? "canceled" : exception.GetType().FullName)
            .SetStatus(ActivityStatusCode.Error);

    private static string NameOf(CacheSource source) => source switch
    {
        CacheSource.Near => "near",
        CacheSource.Remote => "remote",
        CacheSource.Factory => "factory",
        _ => "none",
    };
}
