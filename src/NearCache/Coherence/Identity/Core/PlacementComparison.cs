namespace NearCache.Coherence.Identity.Core;

/// <summary>
/// Compares the placement of keys of this process (servers, distribution, prefix) with those that other processes say they have.
/// </summary>
/// <remarks>
/// Each placement has a beat, a number that some process with that placement raises while it runs. A placement is in use while its beat
/// changes, so no clocks of different machines are compared. Requires the lock of the reconciler.
/// </remarks>
internal sealed class PlacementComparison
{
    /// <summary>
    /// The milliseconds after which a process raises the beat of its placement on a server, unless another has.
    /// </summary>
    public const long BeatEvery = 40_000;

    // The beats that are missing when a placement is no longer in use.
    private const int UnusedAfter = 4;

    // What has been silent for so many times as long is forgotten: by then no document has it.
    private const int ForgottenAfter = 8;

    private readonly Dictionary<string, Heard> _heard = [];

    /// <summary>Records the beat of a placement that an item shows.</summary>
    /// <param name="item">The item: a server, or ZooKeeper.</param>
    /// <param name="placement">The placement.</param>
    /// <param name="beat">Its beat.</param>
    /// <param name="beatEvery">The milliseconds after which beats are raised in this item.</param>
    /// <param name="now">The monotonic millisecond.</param>
    public void Observe(string item, string placement, long beat, long beatEvery, long now)
    {
        var key = Key(item, placement);
        if (!_heard.TryGetValue(key, out var heard))
        {
            _heard[key] = new Heard(placement, beat, now, UnusedAfter * beatEvery, HasChanged: false);
        }
        else if (heard.Beat != beat)
        {
            _heard[key] = heard with { Beat = beat, At = now, HasChanged = true };
        }
    }

    /// <summary>Forgets placements, and items, that have shown no beat for long.</summary>
    public void Forget(long now)
    {
        foreach (var (key, heard) in _heard)
        {
            if (now - heard.At >= ForgottenAfter * heard.UnusedAfter)
            {
                _heard.Remove(key);
            }
        }
    }

    /// <summary>Returns whether a beat in an item has not changed for so long.</summary>
    public bool IsSilent(string item, string placement, long milliseconds, long now) =>
        _heard.TryGetValue(Key(item, placement), out var heard) && now - heard.At >= milliseconds;

    /// <summary>Returns a placement other than this that is in use; null if there is none.</summary>
    public string? Other(string own, long now) => _heard.Values
        .Where(heard => heard.Placement != own && heard.HasChanged && now - heard.At < heard.UnusedAfter)
        .Select(heard => heard.Placement)
        .Order(StringComparer.Ordinal)
        .FirstOrDefault();

    private static string Key(string item, string placement) => $"{item} {placement}";

    // At: when the beat was seen to change, or was seen first.
    private readonly record struct Heard(string Placement, long Beat, long At, long UnusedAfter, bool HasChanged);
}
