namespace NearCache.Rules;

/// <summary>Estimates what a rule would do if it were in force, by the reads and writes of its keys, in bounded memory.</summary>
/// <remarks>
/// A table remembers until when each key would be near. A key that replaces another one lowers the estimate of hits; writes of other
/// processes, which are not seen here, raise it. Thread-safe; concurrent updates of one place may count a read wrongly.
/// </remarks>
internal sealed class DryRun(ActiveRule rule)
{
    private const int Places = 8192;

    private readonly ulong[] _hashes = new ulong[Places];
    private readonly long[] _nearUntil = new long[Places];

    /// <summary>Gets or sets the monotonic millisecond at which this process began to count; null if it has not.</summary>
    public long? Began { get; set; }

    /// <summary>Counts a remote read, as a hit if the key would have been near.</summary>
    public void Read(ulong hash, long now)
    {
        var place = hash % Places;
        if (_hashes[place] == hash && Volatile.Read(ref _nearUntil[place]) > now)
        {
            rule.Counters.WouldHit();
            return;
        }

        rule.Counters.RemoteRead();
        _hashes[place] = hash;
        Volatile.Write(ref _nearUntil[place], now + (long)rule.NearLifetime.TotalMilliseconds);
    }

    /// <summary>Counts a write, which would be announced.</summary>
    public void Written(ulong hash)
    {
        rule.Counters.Written();
        rule.Counters.Announced();
        if (_hashes[hash % Places] == hash)
        {
            Volatile.Write(ref _nearUntil[hash % Places], long.MinValue);
        }
    }
}
