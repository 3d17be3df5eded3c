using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;

namespace NearCache.Near;

/// <summary>The clocks that a near hit reads.</summary>
/// <remarks>
/// With <see cref="TimeProvider.System"/> they are the coarse clocks, with a resolution of a few milliseconds. All other code reads
/// <see cref="TimeProvider"/>.
/// </remarks>
internal sealed class NearClock(TimeProvider time)
{
    private const long UnixEpochMilliseconds = 62_135_596_800_000;

    private readonly bool _isSystem = ReferenceEquals(time, TimeProvider.System);
    private readonly bool _isCoarse = ReferenceEquals(time, TimeProvider.System) && CoarseClocks.IsSupported;

    /// <summary>Returns the time of both clocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Timestamps Now() => _isCoarse ? new(CoarseClocks.Monotonic(), CoarseClocks.Wall()) : new(Monotonic(), Wall());

    /// <summary>Returns the monotonic clock, in milliseconds.</summary>
    public long Monotonic() => _isSystem ? Environment.TickCount64 : time.GetTimestamp() / (time.TimestampFrequency / 1000);

    private long Wall() => (time.GetUtcNow().UtcTicks / TimeSpan.TicksPerMillisecond) - UnixEpochMilliseconds;
}
