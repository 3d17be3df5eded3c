using Microsoft.Extensions.Internal;
using NearCache.Coherence.Core;

namespace NearCache.Near;

/// <summary>The clocks that a near hit reads, and the one that the <c>MemoryCache</c> is given.</summary>
/// <remarks>With the system's time the monotonic clock is the coarse one, whose grain is a few milliseconds. Everything else takes its time from <see cref="TimeProvider"/>.</remarks>
internal sealed class NearClock(TimeProvider time) : ISystemClock
{
    private readonly bool _isSystem = ReferenceEquals(time, TimeProvider.System);
    private long _coarseTicks = time.GetUtcNow().UtcTicks;

    /// <summary>What the <c>MemoryCache</c> takes for now when it stamps an entry as used: as of the last <see cref="Tick"/>, since every hit would pay for more.</summary>
    public DateTimeOffset UtcNow => new(Volatile.Read(ref _coarseTicks), TimeSpan.Zero);

    /// <summary>Both clocks.</summary>
    public Moment Now() => new(Monotonic(), time.GetUtcNow().UtcTicks / TimeSpan.TicksPerMillisecond - UnixEpochMilliseconds);

    /// <summary>The monotonic clock, in milliseconds.</summary>
    public long Monotonic() => _isSystem ? Environment.TickCount64 : time.GetTimestamp() / (time.TimestampFrequency / 1000);

    /// <summary>Refreshes <see cref="UtcNow"/>; called every second or so.</summary>
    public void Tick() => Volatile.Write(ref _coarseTicks, time.GetUtcNow().UtcTicks);

    private const long UnixEpochMilliseconds = 62_135_596_800_000;
}
