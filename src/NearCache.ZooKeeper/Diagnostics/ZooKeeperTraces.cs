using System.Diagnostics;

namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>
/// The activity source <c>NearCache.ZooKeeper</c>: a span for each call, named and tagged as OpenTelemetry has it for clients of databases.
/// Never a path.
/// </summary>
internal static class ZooKeeperTraces
{
    public const string SourceName = "NearCache.ZooKeeper";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether anybody wants spans.</summary>
    public static bool HasListeners => Source.HasListeners();

    /// <summary>
    /// Begins a span; null if nobody wants this one. To be called within the asynchronous method that ends it, so that the caller's own
    /// span stays the caller's.
    /// </summary>
    public static Activity? Start(string operation) =>
        Source.CreateActivity(operation, ActivityKind.Client)?.SetTag("db.system.name", "zookeeper")
            .SetTag("db.operation.name", operation)
            .Start();

    /// <summary>The call failed, or was answered with an error.</summary>
    public static void SetError(this Activity activity, string error) =>
        activity.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);

    /// <summary>The server that was connected at the end.</summary>
    public static void SetServer(this Activity activity, IReadOnlyList<KeyValuePair<string, object?>> server)
    {
        foreach (var tag in server)
        {
            activity.SetTag(tag.Key, tag.Value);
        }
    }
}
