using NearCache.Flights;
using NearCache.Near;
using NearCache.Placement;
using NearCache.Reading;
using NearCache.Remote.Formats;

namespace NearCache.Creating;

/// <summary>The state of one creation, shared by the paths of its flight.</summary>
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

    /// <summary>Gets the function that runs the factory, for this flight or another.</summary>
    public Func<Flight, CancellationToken, ValueTask<T>> Factory => factory;

    public bool RemoteFailed { get; set; }

    /// <summary>Gets or sets a value indicating whether the remote tier has an item that was not the result.</summary>
    public bool IsReplacing { get; set; }

    /// <summary>Gets or sets the encoded value without compression; empty if it is not known.</summary>
    public ReadOnlyMemory<byte> Bytes { get; set; }

    /// <summary>Keeps the result as a stale value for later failures.</summary>
    public CacheResult<T> Remember(in CacheResult<T> result, StaleStore stale, ReadOnlyMemory<byte> bytes, ValueTranscoder format)
    {
        if (policy.MayServeStale && !result.IsStale)
        {
            stale.Keep(place.Text, place.Hash, place.StaleEpoch, result.Value, bytes, format.CodecOf<T>());
        }

        return result;
    }
}
