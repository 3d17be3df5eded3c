using System.Diagnostics;

namespace NearCache.Diagnostics;

/// <summary>
/// The execution context of the cache's own work, which outlives the call in which it is begun: it holds nothing of the caller, and an
/// activity that is not sampled.
/// </summary>
/// <remarks>
/// Otherwise the first caller's log scopes, trace and <see cref="AsyncLocal{T}"/> values would stay with the loops and timers for ever.
/// </remarks>
internal static class BackgroundContext
{
    private static readonly ExecutionContext Context = Make();

    /// <summary>Begins work on this thread.</summary>
    public static T Run<T>(Func<T> begin)
    {
        var result = default(T)!;
        ExecutionContext.Run(Context, _ => result = begin(), null);
        return result;
    }

    // Only a thread of its own has a context without anything of a caller.
    private static ExecutionContext Make()
    {
        ExecutionContext? context = null;
        var thread = new Thread(() =>
        {
            // Without it the commands of the loops would be sampled as the roots of traces.
            _ = new Activity("nearcache.background") { ActivityTraceFlags = ActivityTraceFlags.None }.SetIdFormat(ActivityIdFormat.W3C)
                .Start();
            context = ExecutionContext.Capture();
        });
        thread.UnsafeStart();
        thread.Join();
        return context!;
    }
}
