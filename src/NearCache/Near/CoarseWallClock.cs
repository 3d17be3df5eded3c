using System.Runtime.InteropServices;

namespace NearCache.Near;

/// <summary>The wall clock as of the kernel's last tick: a sixth of the price of the exact one, which asks the processor.</summary>
/// <remarks>CLOCK_REALTIME_COARSE of Linux (clock_getres(2)). The kernel sets it anew before any process runs again after a suspension, so that it says so as the exact one does.</remarks>
internal static unsafe partial class CoarseWallClock
{
    private const int RealtimeCoarse = 5;

    /// <summary>Whether there is one.</summary>
    public static bool IsThere { get; } = Find();

    /// <summary>Milliseconds since 1 January 1970, UTC.</summary>
    public static long Milliseconds()
    {
        Time now;
        _ = GetTime(RealtimeCoarse, &now);
        return (now.Seconds * 1000) + (now.Nanoseconds / 1_000_000);
    }

    private static bool Find()
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            return false;
        }

        try
        {
            Time now;
            return GetTime(RealtimeCoarse, &now) == 0;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    // It takes nanoseconds and calls nobody back, which is what the attribute asks for.
    [SuppressGCTransition]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, Time* time);

    // struct timespec where a long has 64 bits.
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
