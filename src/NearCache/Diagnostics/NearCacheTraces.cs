using System.Diagnostics;

namespace NearCache.Diagnostics;

/// <summary>
/// The activity source <c>NearCache</c>: a span for each GetOrCreate call that is not a near hit, with a child span for the factory. Spans
/// never contain a key.
/// </summary>
internal static class NearCacheTraces
{
    public const string SourceName = "NearCache";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Gets a value indicating whether spans are collected.</summary>
    public static bool HasListeners => Source.HasListeners();

    /// <summary>
    /// Starts the span of a call. Must be called within the asynchronous method that ends it, so that the caller's current span does not
    /// change.
    /// </summary>
    public static Activity? BeginGetOrCreate() => Source.StartActivity("nearcache.get_or_create");

    /// <summary>Starts the span of a factory. Must be called within the asynchronous method that ends it.</summary>
    public static Activity? BeginFactory() => Source.StartActivity("nearcache.factory");

    /// <summary>Sets the outcome of the call.</summary>
    public static void SetResult<T>(this Activity activity, in CacheResult<T> result) =>
        activity.SetTag("nearcache.source", NameOf(result.Source)).SetTag("nearcache.stale", result.IsStale ? true : null);

    /// <summary>Sets the error of the call.</summary>
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
