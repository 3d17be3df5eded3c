using System.Globalization;
using System.Text;
using NearCache.Advice.Core;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.HotKeys;
using NearCache.Near;
using NearCache.Reports.Formats;
using NearCache.Rules;
using NearCache.TestSupport;

namespace NearCache.Tests.Advice;

/// <summary>Processes that count a workload on simulated time, and near tiers beside them that keep every key.</summary>
internal sealed class AdvisedFleet : IDisposable
{
    private const int Steps = 10;   // a second

    private readonly ManualTime _time = new();
    private readonly Random _random;
    private readonly IReadOnlyList<KeyGroup> _groups;
    private readonly KeyTraffic[] _processes;
    private readonly Dictionary<string, long>[] _near;   // until when each key is near
    private readonly Dictionary<KeyGroup, long> _saved = [];
    private readonly Dictionary<KeyGroup, long> _reads = [];

    public AdvisedFleet(IReadOnlyList<KeyGroup> groups, int processes, int seed)
    {
        (_groups, _random) = (groups, new Random(seed));
        var clock = new NearClock(_time);
        _processes =
        [
            .. Enumerable.Range(0, processes)
                .Select(process => new KeyTraffic(TimeSpan.FromMinutes(1), clock, _time, near: null, new Random(seed + process))),
        ];
        _near = [.. _processes.Select(_ => new Dictionary<string, long>())];
    }

    /// <summary>The reads that near tiers have answered in the measured time, by prefix.</summary>
    public IReadOnlyDictionary<KeyGroup, long> Saved => _saved;

    /// <summary>The reads in the measured time, by prefix.</summary>
    public IReadOnlyDictionary<KeyGroup, long> Reads => _reads;

    public void Run(int seconds, bool isMeasured)
    {
        for (var step = 0; step < seconds * Steps; step++)
        {
            _time.Advance(TimeSpan.FromSeconds(1) / Steps);
            foreach (var group in _groups)
            {
                for (var events = Poisson(group.Rate / Steps); events > 0; events--)
                {
                    Happen(group, isMeasured);
                }
            }
        }
    }

    /// <summary>What the processes would report, in the format of reports.</summary>
    public IReadOnlyCollection<ProcessDetail> Report(KeyVisibility visibility) =>
    [
        .. _processes.Select((process, index) =>
        {
            var table = new RuleTable(new RuleDefaults(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5), 20));
            var report = new TrafficReport(process, table, () => [], visibility, "shop", new NearClock(_time));
            var detail = new ProcessDetail { Id = index.ToString("x32", CultureInfo.InvariantCulture), Keys = report.Keys() };
            return DetailFormat.TryRead(DetailFormat.Write(detail), TimeSpan.Zero)!;
        }),
    ];

    public RuleAdvice Advise(KeyVisibility visibility, RegistrySnapshot? registry = null) => new ProposalPlanner(
        new TrafficMerge("shop").Merge(Report(visibility), _processes.Length),
        registry ?? new RegistrySnapshot { Revision = 1, Rules = [], Stops = [], History = [] },
        AdviceLimits.Of(new NearCacheOptions())).Plan();

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.Dispose();
        }
    }

    private void Happen(KeyGroup group, bool isMeasured)
    {
        var (key, isWrite) = group.Next();
        var index = _random.Next(_processes.Length);
        var (process, hash) = (_processes[index], KeyHash.Of(Encoding.UTF8.GetBytes(key)));
        switch (group.Traffic)
        {
            case Traffic.Lock:
                process.Written(hash, key, isCovered: false, KeyWriteKind.Add, bytes: 16);
                process.Read(hash, key, isCovered: false);
                process.Written(hash, key, isCovered: false, KeyWriteKind.Change, bytes: 0);
                break;
            case Traffic.Session when isWrite:
                process.Written(hash, key, isCovered: false, KeyWriteKind.Touch, bytes: 0);
                break;
            case Traffic.Counter when isWrite:
                process.Written(hash, key, isCovered: false, KeyWriteKind.Compare, bytes: 8);
                break;
            default:
                if (isWrite)
                {
                    process.Written(hash, key, isCovered: false, KeyWriteKind.Change, bytes: 500);
                    foreach (var near in _near)
                    {
                        near.Remove(key);
                    }
                }
                else
                {
                    process.Read(hash, key, isCovered: false);
                    process.Received(hash, key, bytes: 500);
                    Look(group, _near[index], key, isMeasured);
                }

                break;
        }
    }

    private void Look(KeyGroup group, Dictionary<string, long> near, string key, bool isMeasured)
    {
        var now = _time.GetTimestamp();
        var isHit = near.TryGetValue(key, out var until) && now < until;
        if (!isHit)
        {
            near[key] = now + TimeSpan.FromMinutes(1).Ticks;
        }

        if (isMeasured)
        {
            _reads[group] = _reads.GetValueOrDefault(group) + 1;
            _saved[group] = _saved.GetValueOrDefault(group) + (isHit ? 1 : 0);
        }
    }

    private int Poisson(double mean)
    {
        var (limit, product, events) = (Math.Exp(-mean), _random.NextDouble(), 0);
        while (product > limit)
        {
            product *= _random.NextDouble();
            events++;
        }

        return events;
    }
}
