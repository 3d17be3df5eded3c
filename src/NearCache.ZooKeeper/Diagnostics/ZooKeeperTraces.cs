using System.Diagnostics;

namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>
/// The activity source <c>NearCache.ZooKeeper</c>. Each call is a span, named and tagged by the OpenTelemetry conventions for database
/// clients. Spans never contain a path.
/// </summary>
internal static class ZooKeeperTraces
{
    public const string SourceName = "NearCache.ZooKeeper";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Gets a value that indicates whether a listener samples spans.</summary>
    public static bool HasListeners => Source.HasListeners();

    /// <summary>Starts a span, or returns null if no listener wants this one.</summary>
    /// <remarks>Called inside the asynchronous method that ends the span, so that the caller's current activity stays unchanged.</remarks>
    public static Activity? Start(string operation) =>
        Source.CreateActivity(operation, ActivityKind.Client)?.SetTag("db.system.name", "zookeeper")
            .SetTag("db.operation.name", operation)
            .Start();

    /// <summary>Marks the span as failed.</summary>
    public static void SetError(this Activity activity, string error) =>
        activity.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);

    /// <summary>Adds the tags of the server to the span.</summary>
    public static void SetServer(this Activity activity, IReadOnlyList<KeyValuePair<string, object?>> server)
    {
        foreach (var tag in server)
        {
            activity.SetTag(tag.Key, tag.Value);
        }
    }
}
