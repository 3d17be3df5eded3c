namespace NearCache.Coherence.Ledger.Core;

/// <summary>The explained versions of one counter: all versions up to <see cref="Known"/>, and some beyond the first gap.</summary>
internal sealed class GaplessPrefix
{
    /// <summary>The largest distance to a version of the same life of the counter.</summary>
    public const long MaxDistance = 1 << 20;

    /// <summary>
    /// The most versions that are kept beyond a gap. Forgetting one costs a flush, and keeping all would need unbounded memory.
    /// </summary>
    public const int MaxBeyond = 1 << 16;

    private HashSet<long>? _beyond;

    /// <summary>Gets the version up to which all are explained.</summary>
    public long Known { get; private set; }

    /// <summary>Gets the highest version that is explained or was read from the server. The server cannot show a lower one later.</summary>
    public long Highest { get; private set; }

    /// <summary>Gets the highest explained version: no version above it is explained.</summary>
    public long HighestExplained => Beyond == 0 ? Known : _beyond!.Max();

    /// <summary>Gets the number of explained versions beyond the first gap.</summary>
    public int Beyond => _beyond?.Count ?? 0;

    /// <summary>
    /// Marks a version as explained. Returns false if it was explained before, or is too far away to belong to the same life.
    /// </summary>
    public bool Explain(long version)
    {
        if (version <= Known || version - Known > MaxDistance)
        {
            return false;
        }

        if (version == Known + 1)
        {
            Known = version;
            Absorb();
        }
        else if (Beyond >= MaxBeyond || !(_beyond ??= []).Add(version))
        {
            return false;
        }

        Highest = Math.Max(Highest, version);
        return true;
    }

    /// <summary>Returns whether a version is explained.</summary>
    public bool Has(long version) => version <= Known || (_beyond?.Contains(version) ?? false);

    /// <summary>Records that the server showed a version, which explains nothing.</summary>
    public void Observe(long version) => Highest = Math.Max(Highest, version);

    /// <summary>Marks all versions up to this one as explained: the server has shown it, and the keys that it covers are void.</summary>
    public void AdvanceTo(long version)
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

    /// <summary>Starts a new life of the counter at a version.</summary>
    public void Restart(long version)
    {
        _beyond?.Clear();
        Known = Highest = version;
    }

    /// <summary>
    /// Adds at most <paramref name="most"/> versions that are missing up to <paramref name="version"/>. Returns false if there are more.
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

    /// <summary>Gets the explained versions beyond the first gap. For model tests.</summary>
    internal IEnumerable<long> BeyondGap => _beyond ?? Enumerable.Empty<long>();

    private void Absorb()
    {
        while (_beyond is { Count: > 0 } && _beyond.Remove(Known + 1))
        {
            Known++;
        }
    }
}
