using System.Collections.Concurrent;
using System.Diagnostics;

namespace NearCache.TestSupport.Diagnostics;

/// <summary>
/// Keeps the spans of some sources that belong to the trace which it begins: listeners are the whole process's, and other tests run beside.
/// </summary>
public sealed class SpanRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    /// <summary>Begins a trace in the current flow.</summary>
    public SpanRecorder(params string[] sources)
    {
        Root = new Activity("test") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        _listener = new ActivityListener
        {
            ShouldListenTo = source => sources.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceId == Root.TraceId ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == Root.TraceId)
                {
                    _ended.Enqueue(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>The span that the test runs in.</summary>
    public Activity Root { get; }

    /// <summary>Those that have ended, in that order.</summary>
    public IReadOnlyList<Activity> Ended => _ended.ToArray();

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        Root.Dispose();
    }
}
