namespace NearCache.Tests.Coherence.Simulation;

/// <summary>The promise: a near hit at t was the newest completed write at some instant no earlier than t − MaxStaleness.</summary>
/// <remarks>
/// Versions of a key are in the order in which memcached executed its writes. A write is complete when it and its bumps were executed,
/// which is sooner than its caller knows, so what is checked is a little more than what is promised. A write whose bumps were lost is
/// complete when they were made up for.
/// </remarks>
/// <param name="maxStaleness">In microseconds.</param>
internal sealed class Checker(long maxStaleness)
{
    // Both clocks of a process tick in whole milliseconds.
    private const long Tick = 1000;

    private readonly List<(
        long At, int Version)>[] _complete = [.. Enumerable.Range(0, Keyspace.Count).Select(_ => new List<(long, int)>())];
    private readonly int[] _executed = new int[Keyspace.Count];

    public long Hits { get; private set; }

    public string? Violation { get; private set; }

    /// <summary>memcached executed a write; gives its version.</summary>
    public int Executed(int key) => ++_executed[key];

    /// <summary>A write is complete.</summary>
    public void Completed(int key, int version, long now)
    {
        var complete = _complete[key];
        complete.Add((now, complete.Count == 0 ? version : Math.Max(version, complete[^1].Version)));
    }

    /// <summary>A process served a version from its near store.</summary>
    public void Hit(int process, int key, int version, long now)
    {
        Hits++;
        var newest = NewestCompleteAt(key, now - maxStaleness - Tick);
        if (version < newest.Version)
        {
            Violation ??= $"process {process} at {now / 1000.0} ms served version {version} of key {key}; version {newest.Version} was "
                + $"complete at {newest.At / 1000.0} ms";
        }
    }

    private (long At, int Version) NewestCompleteAt(int key, long instant)
    {
        var complete = _complete[key];
        for (var index = complete.Count - 1; index >= 0; index--)
        {
            if (complete[index].At <= instant)
            {
                return complete[index];
            }
        }

        return (0, 0);
    }
}
