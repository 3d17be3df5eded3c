using System.Diagnostics;

namespace NearCache.Tests;

/// <summary>
/// What code allocates on its own thread once it is compiled as well as it gets: at first the runtime runs it unoptimized, with boxes that
/// are gone later.
/// </summary>
internal static class Allocations
{
    /// <summary>The fewest bytes that one run allocated. Runs until there is one that allocates nothing, or for 30 s.</summary>
    public static long Of(Action run)
    {
        var fewest = long.MaxValue;
        for (var clock = Stopwatch.StartNew(); fewest > 0 && clock.Elapsed < TimeSpan.FromSeconds(30);)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            run();
            fewest = Math.Min(fewest, GC.GetAllocatedBytesForCurrentThread() - before);

            // Compiling is another thread's work.
            Thread.Yield();
        }

        return fewest;
    }
}
