using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NearCache.Near;

/// <summary>Both clocks as of the kernel's last tick: a sixth of the price of the exact ones, which ask the processor.</summary>
/// <remarks>
/// CLOCK_MONOTONIC_COARSE and CLOCK_REALTIME_COARSE of Linux (clock_getres(2)). The former is what <see cref="Environment.TickCount64"/>
/// reads there, which costs twice as much. The kernel sets the latter anew before any process runs again after a suspension, so that it
/// says so as the exact one does.
/// </remarks>
internal static unsafe partial class CoarseClocks
{
    private const int RealtimeCoarse = 5;
    private const int MonotonicCoarse = 6;

    /// <summary>Whether there are any.</summary>
    public static bool AreThere { get; } = Find();

    /// <summary>Milliseconds since the machine started.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Monotonic() => Milliseconds(MonotonicCoarse);

    /// <summary>Milliseconds since 1 January 1970, UTC.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Wall() => Milliseconds(RealtimeCoarse);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Milliseconds(int clock)
    {
        Time now;
        _ = GetTime(clock, &now);
        return (now.Seconds * 1000) + (long)((ulong)now.Nanoseconds / 1_000_000);
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
            return GetTime(RealtimeCoarse, &now) == 0 && GetTime(MonotonicCoarse, &now) == 0;
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
