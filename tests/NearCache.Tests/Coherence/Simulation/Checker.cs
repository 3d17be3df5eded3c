namespace NearCache.Tests.Coherence.Simulation;

/// <summary>Checks the promise: a near hit at t was the newest completed write at some instant no earlier than t − MaxStaleness.</summary>
/// <remarks>
/// Versions of a key are in the order in which memcached executed its writes. A write is complete when it and its increments were executed,
/// which is sooner than its caller knows, so the check is a little stricter than the promise. A write with lost increments is complete when
/// they were made up for.
/// </remarks>
/// <param name="maxStaleness">In microseconds.</param>
internal sealed class Checker(long maxStaleness)
{
    // Both clocks of a process have a resolution of milliseconds.
    private const long Tick = 1000;

    private readonly List<(
        long At, int Version)>[] _complete = [.. Enumerable.Range(0, Keyspace.Count).Select(_ => new List<(long, int)>())];
    private readonly int[] _executed = new int[Keyspace.Count];

    public long Hits { get; private set; }

    public string? Violation { get; private set; }

    /// <summary>Records that memcached executed a write, and returns its version.</summary>
    public int Executed(int key) => ++_executed[key];

    /// <summary>Returns the newest version that memcached executed, which the source has.</summary>
    public int NewestExecuted(int key) => _executed[key];

    /// <summary>Records that a write is complete.</summary>
    public void Completed(int key, int version, long now)
    {
        var complete = _complete[key];
        complete.Add((now, complete.Count == 0 ? version : Math.Max(version, complete[^1].Version)));
    }

    /// <summary>Records that a process served a version from its near tier.</summary>
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
