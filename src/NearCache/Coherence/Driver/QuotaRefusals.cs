using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.Near;

namespace NearCache.Coherence.Driver;

/// <summary>Counts the writes that the ensemble refused because a quota is used up, and says so once an hour at most.</summary>
internal sealed class QuotaRefusals(NearClock clock, ILogger logger)
{
    private const long SayEvery = 3_600_000;

    private readonly Seldom _say = new(SayEvery);
    private long _count;

    /// <summary>How many there were.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>There was one more.</summary>
    public void Add(string what, string path)
    {
        if (_say.IsDue(clock.Monotonic()))
        {
            logger.QuotaUsedUp(what, path);
        }

        // Last: whoever sees it counted can count on the warning being written.
        Interlocked.Increment(ref _count);
    }
}
