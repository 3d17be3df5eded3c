using System.Collections.Concurrent;
using System.Diagnostics;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// Checks every read against the promise: no read returns a value that a completed write had replaced longer than MaxStaleness before.
/// </summary>
/// <remarks>
/// Values are the numbers of the writes, so they only grow. A write is complete when its call on the cache has ended, also when memcached
/// is dead, because its items are lost. For the writing process the check is stricter: a read after its own write never returns an older
/// value.
/// </remarks>
internal sealed class StalenessChecker(TimeSpan maxStaleness)
{
    // The near tier's clock ticks every few milliseconds.
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(50);
    private readonly Lock _lock = new();   // guards the two lists
    private readonly List<(long At, int Version)> _completed = [];
    private readonly List<(long At, int Version)> _acknowledged = [];
    private readonly ConcurrentQueue<string> _violations = new();

    public IReadOnlyCollection<string> Violations => _violations;

    /// <summary>Records a write that returned, or that failed against a dead server.</summary>
    public void Completed(int version, bool acknowledged)
    {
        var now = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            _completed.Add((now, version));
            if (acknowledged)
            {
                _acknowledged.Add((now, version));
            }
        }
    }

    /// <summary>Checks a read that was sent at <paramref name="sent"/> returned <paramref name="version"/>.</summary>
    public void Read(string reader, bool isWriter, int version, CacheSource source, long sent)
    {
        var bound = sent - (long)((maxStaleness + Grain).TotalSeconds * Stopwatch.Frequency);
        int promised, own;
        lock (_lock)
        {
            promised = Newest(_completed, bound);
            own = isWriter ? Newest(_acknowledged, sent) : 0;
        }

        if (version < promised)
        {
            _violations.Enqueue($"{reader} read {version} from {source}, but {promised} had been complete for more than {maxStaleness}");
        }

        if (version < own)
        {
            _violations.Enqueue($"{reader} read {version} from {source} after its own write of {own} had returned");
        }
    }

    private static int Newest(List<(long At, int Version)> writes, long until)
    {
        for (var i = writes.Count - 1; i >= 0; i--)
        {
            if (writes[i].At <= until)
            {
                return writes[i].Version;
            }
        }

        return 0;
    }
}
