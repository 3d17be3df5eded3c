using System.Collections.Immutable;

namespace NearCache.Rules;

/// <summary>The known stops. Sets of several places are merged by union; only the registry removes a stop, by its id.</summary>
internal sealed class StopSet : IEquatable<StopSet>
{
    /// <summary>The most stops that are kept: first those of the whole namespace, then the oldest.</summary>
    public const int MaxStops = 64;

    private StopSet(ImmutableArray<Stop> stops) => Stops = stops;

    /// <summary>Gets a set without stops.</summary>
    public static StopSet None { get; } = new([]);

    /// <summary>Gets the stops, each id once, in the order in which they are stored.</summary>
    public ImmutableArray<Stop> Stops { get; }

    /// <summary>Gets whether the whole namespace is stopped.</summary>
    public bool StopsEverything => Stops is [{ Rule: null }, ..];

    /// <summary>
    /// Creates a set. Of two stops with one id, the one with more members counts, then the first by text, so that every process chooses the
    /// same.
    /// </summary>
    public static StopSet Of(IEnumerable<Stop> stops)
    {
        ImmutableArray<Stop> kept =
        [
            .. stops.GroupBy(stop => stop.Id, StringComparer.Ordinal)
                .Select(same => same
                    .OrderBy(stop => stop.Others.IsEmpty && !stop.IsVerified).ThenBy(stop => stop.ToString(), StringComparer.Ordinal)
                    .First())
                .OrderBy(stop => stop.Rule is not null).ThenBy(stop => stop.When).ThenBy(stop => stop.Id, StringComparer.Ordinal)
                .Take(MaxStops),
        ];
        return kept.IsEmpty ? None : new StopSet(kept);
    }

    /// <summary>Returns whether a rule is stopped, alone or with the whole namespace.</summary>
    public bool IsStopped(string rule) => StopsEverything || Stops.Any(stop => stop.Rule == rule);

    /// <summary>Returns the union of two sets.</summary>
    public StopSet Union(StopSet other) =>
        Equals(other) || other.Stops.IsEmpty ? this : Stops.IsEmpty ? other : Of(Stops.Concat(other.Stops));

    /// <summary>Returns the set without the stops that edits have cleared.</summary>
    public StopSet Without(ImmutableArray<string> cleared) =>
        cleared.IsEmpty || !Stops.Any(stop => cleared.Contains(stop.Id)) ? this : Of(Stops.Where(stop => !cleared.Contains(stop.Id)));

    /// <inheritdoc/>
    public bool Equals(StopSet? other) => other is not null && Stops.SequenceEqual(other.Stops);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StopSet);

    /// <inheritdoc/>
    public override int GetHashCode() => Stops.Length;
}
