using System.Collections.Immutable;

namespace NearCache.Rules;

/// <summary>
/// The stops that are known. Sets from several places are merged by union; only the registry takes a stop away, by its id.
/// </summary>
internal sealed class StopSet : IEquatable<StopSet>
{
    /// <summary>How many are kept. Of more, those for the whole namespace stay first, then the oldest.</summary>
    public const int Most = 64;

    private StopSet(ImmutableArray<Stop> stops) => Stops = stops;

    /// <summary>Nothing is stopped.</summary>
    public static StopSet None { get; } = new([]);

    /// <summary>The stops, each id once, in the order in which they are stored.</summary>
    public ImmutableArray<Stop> Stops { get; }

    /// <summary>Is the whole namespace stopped?</summary>
    public bool StopsEverything => Stops is [{ Rule: null }, ..];

    /// <summary>
    /// Makes a set; of two stops with one id the one that says more, then the first by text counts, so that every process takes the same.
    /// </summary>
    public static StopSet Of(IEnumerable<Stop> stops)
    {
        ImmutableArray<Stop> kept =
        [
            .. stops.GroupBy(stop => stop.Id, StringComparer.Ordinal)
                .Select(same => same.OrderBy(stop => stop.Others.IsEmpty).ThenBy(stop => stop.ToString(), StringComparer.Ordinal).First())
                .OrderBy(stop => stop.Rule is not null).ThenBy(stop => stop.When).ThenBy(stop => stop.Id, StringComparer.Ordinal)
                .Take(Most),
        ];
        return kept.IsEmpty ? None : new StopSet(kept);
    }

    /// <summary>Is this rule stopped, alone or with everything?</summary>
    public bool IsStopped(string rule) => StopsEverything || Stops.Any(stop => stop.Rule == rule);

    /// <summary>What either of the two has.</summary>
    public StopSet Union(StopSet other) =>
        Equals(other) || other.Stops.IsEmpty ? this : Stops.IsEmpty ? other : Of(Stops.Concat(other.Stops));

    /// <summary>Without those that an edit has cleared.</summary>
    public StopSet Without(ImmutableArray<string> cleared) =>
        cleared.IsEmpty || !Stops.Any(stop => cleared.Contains(stop.Id)) ? this : Of(Stops.Where(stop => !cleared.Contains(stop.Id)));

    /// <inheritdoc/>
    public bool Equals(StopSet? other) => other is not null && Stops.SequenceEqual(other.Stops);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StopSet);

    /// <inheritdoc/>
    public override int GetHashCode() => Stops.Length;
}
