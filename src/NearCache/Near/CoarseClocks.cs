using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NearCache.Near;

/// <summary>The monotonic and the wall clock as of the kernel's last tick: a tenth of the cost of the exact clocks.</summary>
/// <remarks>
/// Reads CLOCK_MONOTONIC_COARSE and CLOCK_REALTIME_COARSE of Linux (clock_getres(2)). <see cref="Environment.TickCount64"/> reads the
/// former too, at three times the cost. After a suspension of the machine the kernel updates the latter before any process runs, so that
/// both wall clocks show the suspension.
/// </remarks>
internal static unsafe class CoarseClocks
{
    private const int RealtimeCoarse = 5;
    private const int MonotonicCoarse = 6;

    // The kernel's function in the memory of the process (vdso(7)), or the one of the C library, which calls it, where the first cannot be
    // found. The attribute requires a call that is short and makes no callback.
    private static readonly delegate* unmanaged[SuppressGCTransition]<int, Timespec*, int> GetTime = Find();

    /// <summary>Gets a value indicating whether the platform has coarse clocks.</summary>
    public static bool IsSupported { get; } = Probe();

    /// <summary>Returns the milliseconds since the machine started.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Monotonic() => Milliseconds(MonotonicCoarse);

    /// <summary>Returns the milliseconds since 1 January 1970, UTC.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Wall() => Milliseconds(RealtimeCoarse);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [SkipLocalsInit]
    private static long Milliseconds(int clock)
    {
        Timespec now;
        _ = GetTime(clock, &now);
        return (now.Seconds * 1000) + (long)((ulong)now.Nanoseconds / 1_000_000);
    }

    private static delegate* unmanaged[SuppressGCTransition]<int, Timespec*, int> Find()
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            return null;
        }

        var ofKernel = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "__vdso_clock_gettime" : "__kernel_clock_gettime";
        var function = Export("linux-vdso.so.1", ofKernel);
        return (delegate* unmanaged[SuppressGCTransition]<int, Timespec*, int>)(
            function != 0 ? function : Export("libc", "clock_gettime"));
    }

    private static nint Export(string library, string name) =>
        NativeLibrary.TryLoad(library, typeof(CoarseClocks).Assembly, DllImportSearchPath.SafeDirectories, out var handle)
        && NativeLibrary.TryGetExport(handle, name, out var function)
            ? function
            : 0;

    private static bool Probe()
    {
        Timespec now;
        return GetTime != null && GetTime(RealtimeCoarse, &now) == 0 && GetTime(MonotonicCoarse, &now) == 0;
    }

    // struct timespec of a platform where a long has 64 bits.
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
