using System.Diagnostics;

namespace NearCache.Memcached.Diagnostics;

/// <summary>
/// The activity source <c>NearCache.Memcached</c>: one span per call, named and tagged by OpenTelemetry's conventions for database clients.
/// Spans never contain a key.
/// </summary>
internal static class MemcachedTraces
{
    public const string SourceName = "NearCache.Memcached";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Gets a value that indicates whether a listener is enabled.</summary>
    public static bool IsEnabled => Source.HasListeners();

    /// <summary>
    /// Starts a span, or returns null if it is not sampled. Must be called within the asynchronous method that stops it, so that the
    /// caller's own activity stays current for the caller.
    /// </summary>
    public static Activity? StartActivity(string operation, int commands, string server, string address, int port)
    {
        var activity = Source.CreateActivity($"{operation} {server}", ActivityKind.Client);
        activity?.SetTag("db.system.name", "memcached").SetTag("db.operation.name", operation).SetTag("server.address", address);
        if (port != 0)
        {
            activity?.SetTag("server.port", port);
        }

        if (commands > 1)
        {
            activity?.SetTag("db.operation.batch.size", commands);
        }

        return activity?.Start();
    }

    /// <summary>Marks the call as failed or answered with an error.</summary>
    public static void SetError(this Activity activity, string error) =>
        activity.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
}
