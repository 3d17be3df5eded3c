namespace NearCache.Coherence.Ledger.Core;

/// <summary>The versions of one counter that are explained: all up to <see cref="Known"/>, and some beyond the first gap.</summary>
internal sealed class GaplessPrefix
{
    /// <summary>A version farther away than this belongs to another life of the counter.</summary>
    public const long Farthest = 1 << 20;

    /// <summary>
    /// More than this is not remembered beyond a gap: forgetting costs a flush, remembering would cost memory without end.
    /// </summary>
    public const int MostBeyond = 1 << 16;

    private HashSet<long>? _beyond;

    /// <summary>The version up to which nothing is missing.</summary>
    public long Known { get; private set; }

    /// <summary>The highest version that is explained or was shown by the server: it cannot show less later.</summary>
    public long Highest { get; private set; }

    /// <summary>How many are explained beyond the first gap.</summary>
    public int Beyond => _beyond?.Count ?? 0;

    /// <summary>Marks one version explained. False: it already was, or it is too far from what is known to be of the same life.</summary>
    public bool Explain(long version)
    {
        if (version <= Known || version - Known > Farthest)
        {
            return false;
        }

        if (version == Known + 1)
        {
            Known = version;
            Absorb();
        }
        else if (Beyond >= MostBeyond || !(_beyond ??= []).Add(version))
        {
            return false;
        }

        Highest = Math.Max(Highest, version);
        return true;
    }

    /// <summary>Is this version explained?</summary>
    public bool Has(long version) => version <= Known || (_beyond?.Contains(version) ?? false);

    /// <summary>The server showed this version; nothing is explained by that.</summary>
    public void Saw(long version) => Highest = Math.Max(Highest, version);

    /// <summary>
    /// The server itself said this version, and whatever it covers has been dealt with: everything up to it is explained.
    /// </summary>
    public void Learn(long version)
    {
        if (version <= Known)
        {
            return;
        }

        Known = version;
        Highest = Math.Max(Highest, version);
        _beyond?.RemoveWhere(beyond => beyond <= version);
        Absorb();
    }

    /// <summary>Starts a new life of the counter at this version.</summary>
    public void Restart(long version)
    {
        _beyond?.Clear();
        Known = Highest = version;
    }

    /// <summary>
    /// Adds up to <paramref name="most"/> versions that are missing up to <paramref name="version"/>. False: there are more.
    /// </summary>
    public bool Missing(long version, int most, List<long> into)
    {
        for (var candidate = Known + 1; candidate <= version; candidate++)
        {
            if (Has(candidate))
            {
                continue;
            }

            if (into.Count == most)
            {
                return false;
            }

            into.Add(candidate);
        }

        return true;
    }

    /// <summary>What is explained beyond the first gap; for a test that explores states.</summary>
    internal IEnumerable<long> BeyondGap => _beyond ?? Enumerable.Empty<long>();

    private void Absorb()
    {
        while (_beyond is { Count: > 0 } && _beyond.Remove(Known + 1))
        {
            Known++;
        }
    }
}
