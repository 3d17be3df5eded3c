using System.Diagnostics;
using NearCache.Diagnostics;
using NearCache.Rules;

namespace NearCache.Benchmarks.Rules;

/// <summary>The cost of matching a key against a thousand rules of every kind.</summary>
internal static class RuleSuite
{
    private const int RuleCount = 1000;
    private const int KeyCount = 10_000;
    private const int LookUps = 2_000_000;

    public static Task RunAsync(Report report)
    {
        // A third each: exact keys, prefixes, globs. Keys of 24 characters, of which a quarter match nothing.
        var rules = Enumerable.Range(0, RuleCount).Select(i => (i % 3) switch
        {
            0 => $"site:parameter:{i:000000000}",
            1 => $"tenant{i:0000}:product:*",
            _ => $"shop{i:0000}:*:price",
        });
        var matcher = new RuleMatcher([.. rules.Select((match, i) => new ActiveRule(
            new Rule($"rule-{i}", new KeyPattern(match)), new RuleDefaults(
                TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5), 20), new PerThreadCounter()))]);
        Measure(report, matcher, "match/1000", i => (i % 4) switch
        {
            0 => $"site:parameter:{i / 4 * 3 % 999:000000000}",
            1 => $"tenant{(i / 4 * 3 % 999) + 1:0000}:product:{i % 1000000:00000}",
            2 => $"shop{(i / 4 * 3 % 996) + 2:0000}:{i:000000000}:price",
            _ => $"basket:{i:00000000000000000}",
        }, "<=40 ns");
        if (!report.IsQuick)
        {
            Measure(report, matcher, "match/1000/exact", i => $"site:parameter:{i * 3 % 999:000000000}");
            Measure(report, matcher, "match/1000/prefix", i => $"tenant{(i * 3 % 999) + 1:0000}:product:{i % 1000000:00000}");
            Measure(report, matcher, "match/1000/glob", i => $"shop{(i * 3 % 996) + 2:0000}:{i:000000000}:price");
            Measure(report, matcher, "match/1000/none", i => $"basket:{i:00000000000000000}");
        }

        return Task.CompletedTask;
    }

    private static void Measure(Report report, RuleMatcher matcher, string name, Func<int, string> key, string? aim = null)
    {
        var keys = Enumerable.Range(0, KeyCount).Select(key).ToArray();
        new Random(1).Shuffle(keys);

        // Until tiered compilation has finished.
        for (var i = 0; i < 100; i++)
        {
            Run(matcher, keys, LookUps / 20);
        }

        var rounds = new List<double>();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var found = 0;
        for (var round = 0; round < report.Rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            found = Run(matcher, keys, LookUps);
            rounds.Add(Stopwatch.GetElapsedTime(start).TotalNanoseconds / LookUps);
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        report.Note($"{name}: {100.0 * found / LookUps:0} % of the keys match");
        report.Figure(name, "ns/op", Report.Median(rounds), aim: aim, bytesPerOp: (double)(allocated / 1000) / LookUps);
    }

    private static int Run(RuleMatcher matcher, string[] keys, int lookUps)
    {
        var found = 0;
        for (var i = 0; i < lookUps; i++)
        {
            found += matcher.Find(keys[i % KeyCount]) is null ? 0 : 1;
        }

        return found;
    }
}
