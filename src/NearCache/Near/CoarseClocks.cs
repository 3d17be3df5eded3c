using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NearCache.Near;

/// <summary>The monotonic and the wall clock as of the kernel's last tick: a sixth of the cost of the exact clocks.</summary>
/// <remarks>
/// Reads CLOCK_MONOTONIC_COARSE and CLOCK_REALTIME_COARSE of Linux (clock_getres(2)). <see cref="Environment.TickCount64"/> reads the
/// former too, at twice the cost. After a suspension of the machine the kernel updates the latter before any process runs, so that both
/// wall clocks show the suspension.
/// </remarks>
internal static unsafe partial class CoarseClocks
{
    private const int RealtimeCoarse = 5;
    private const int MonotonicCoarse = 6;

    /// <summary>Gets a value indicating whether the platform has coarse clocks.</summary>
    public static bool IsSupported { get; } = Probe();

    /// <summary>Returns the milliseconds since the machine started.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Monotonic() => Milliseconds(MonotonicCoarse);

    /// <summary>Returns the milliseconds since 1 January 1970, UTC.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Wall() => Milliseconds(RealtimeCoarse);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Milliseconds(int clock)
    {
        Timespec now;
        _ = GetTime(clock, &now);
        return (now.Seconds * 1000) + (long)((ulong)now.Nanoseconds / 1_000_000);
    }

    private static bool Probe()
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            return false;
        }

        try
        {
            Timespec now;
            return GetTime(RealtimeCoarse, &now) == 0 && GetTime(MonotonicCoarse, &now) == 0;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    // The attribute requires a call that is short and makes no callback.
    [SuppressGCTransition]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, Timespec* time);

    // struct timespec of a platform where a long has 64 bits.
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
