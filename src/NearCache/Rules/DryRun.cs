namespace NearCache.Rules;

/// <summary>Counts what a rule would do if it were in force, by the reads and writes that go by: an estimate, of a bounded size.</summary>
/// <remarks>
/// It remembers when its keys were last read and for how long they would be near, a key a place: a key that pushes another out makes the
/// estimate lower; writes of other processes, which are not seen here, make it higher. Any thread may count; where two meet at one place,
/// one read may be counted wrongly.
/// </remarks>
internal sealed class DryRun(ActiveRule rule)
{
    private const int Places = 8192;

    private readonly ulong[] _hashes = new ulong[Places];
    private readonly long[] _nearUntil = new long[Places];

    /// <summary>The monotonic millisecond at which this process began to watch; null: it has not yet.</summary>
    public long? Began { get; set; }

    /// <summary>A key is read from the remote: would it have been near?</summary>
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

    /// <summary>A key is written: it would be announced.</summary>
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
