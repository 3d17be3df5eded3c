using System.Diagnostics;

namespace NearCache.Memcached.Diagnostics;

/// <summary>
/// The activity source <c>NearCache.Memcached</c>: a span for each call, named and tagged as OpenTelemetry has it for clients of databases.
/// Never a key.
/// </summary>
internal static class MemcachedTraces
{
    public const string SourceName = "NearCache.Memcached";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether anybody wants spans.</summary>
    public static bool IsEnabled => Source.HasListeners();

    /// <summary>
    /// Begins a span; null if nobody wants this one. To be called within the asynchronous method that ends it, so that the caller's own
    /// span stays the caller's.
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

    /// <summary>The call failed, or was answered with an error.</summary>
    public static void SetError(this Activity activity, string error) =>
        activity.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
}
