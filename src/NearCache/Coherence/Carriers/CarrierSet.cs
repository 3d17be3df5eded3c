using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Coherence.Carriers;

/// <summary>
/// The carriers of a cache. Announces through some of them, and hears from all. Without carriers only audits find changes.
/// </summary>
/// <remarks>Carriers are added before the cache starts; afterwards the set is thread-safe.</remarks>
internal sealed class CarrierSet : IAnnouncer
{
    private readonly List<ICarrier> _all = [];
    private readonly List<ICarrier> _announcing = [];

    /// <summary>Gets all carriers.</summary>
    public IReadOnlyList<ICarrier> All => _all;

    /// <summary>Adds a carrier.</summary>
    /// <param name="carrier">The carrier.</param>
    /// <param name="announces">Whether this process announces through it. It hears from it in any case.</param>
    public void Add(ICarrier carrier, bool announces)
    {
        _all.Add(carrier);
        if (announces)
        {
            _announcing.Add(carrier);
        }
    }

    /// <inheritdoc/>
    public void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version)
    {
        foreach (var carrier in _announcing)
        {
            carrier.Announce(server, segment, key, version);
        }
    }

    /// <summary>
    /// Returns how long an audit waits for announcements: as long as the fastest carrier that delivers is expected to take. Zero if none
    /// delivers. What only a slower one carries is read from the log.
    /// </summary>
    /// <param name="maxStaleness">The promised bound, in milliseconds.</param>
    public long Patience(long maxStaleness)
    {
        long? fastest = null;
        foreach (var carrier in _all)
        {
            if (carrier.IsDelivering && !(fastest <= carrier.ExpectedDelay))
            {
                fastest = carrier.ExpectedDelay;
            }
        }

        return ExplanationWait.Of(fastest ?? 0, maxStaleness, fastest is not null);
    }
}
