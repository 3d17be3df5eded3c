using System.Diagnostics;

namespace NearCache.Diagnostics;

/// <summary>
/// The execution context of background work, which outlives the call that starts it: empty, except for an activity that is not sampled.
/// </summary>
/// <remarks>
/// Without it, the log scopes, the trace and the <see cref="AsyncLocal{T}"/> values of the first caller would stay with the loops and
/// timers.
/// </remarks>
internal static class BackgroundContext
{
    private static readonly ExecutionContext Context = Make();

    /// <summary>Starts work on this thread.</summary>
    public static T Run<T>(Func<T> begin)
    {
        var result = default(T)!;
        ExecutionContext.Run(Context, _ => result = begin(), null);
        return result;
    }

    // Only a new thread has an execution context without values of a caller.
    private static ExecutionContext Make()
    {
        ExecutionContext? context = null;
        var thread = new Thread(() =>
        {
            // Otherwise commands of the loops would be sampled as the roots of traces.
            _ = new Activity("nearcache.background") { ActivityTraceFlags = ActivityTraceFlags.None }.SetIdFormat(ActivityIdFormat.W3C)
                .Start();
            context = ExecutionContext.Capture();
        });
        thread.UnsafeStart();
        thread.Join();
        return context!;
    }
}
