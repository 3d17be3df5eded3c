using NearCache.Flights;
using NearCache.Near;
using NearCache.Placement;
using NearCache.Reading;
using NearCache.Remote.Formats;

namespace NearCache.Creating;

/// <summary>What one flight is about.</summary>
internal sealed class CreationContext<T>(
    Flight flight,
    PlacedKey place,
    NearFill? fill,
    FillPolicy policy,
    CreationConstraints<T>? terms,
    Func<Flight, CancellationToken, ValueTask<T>> factory)
{
    public Flight Flight => flight;

    public PlacedKey Place => place;

    public NearFill? Fill => fill;

    public FillPolicy Policy => policy;

    public CreationConstraints<T>? Constraints => terms;

    public bool MayStore(in CacheResult<T> created) => terms is null || terms.MayStore(created.Value!);

    /// <summary>Runs the factory, for this flight or another.</summary>
    public Func<Flight, CancellationToken, ValueTask<T>> Factory => factory;

    public bool RemoteFailed { get; set; }

    /// <summary>Whether there was an item, which could not be the answer.</summary>
    public bool IsReplacing { get; set; }

    /// <summary>The value as its codec writes it, not compressed; empty: nobody knows.</summary>
    public ReadOnlyMemory<byte> Bytes { get; set; }

    /// <summary>Keeps the value for when it cannot be had again.</summary>
    public CacheResult<T> Remember(in CacheResult<T> result, StaleStore stale, ReadOnlyMemory<byte> bytes, ValueTranscoder format)
    {
        if (policy.MayServeStale && !result.IsStale)
        {
            stale.Keep(place.Text, place.Hash, place.StaleEpoch, result.Value, bytes, format.CodecOf<T>());
        }

        return result;
    }
}
