using NearCache.Advice.Core;
using NearCache.Diagnostics;

namespace NearCache.Tests.Advice;

public sealed class TrafficMergeTests
{
    private readonly TrafficMerge _merge = new("shop");

    [Fact]
    public void Hashed_and_plain_names_of_a_key_are_one_key()
    {
        var hash = new KeyDisplay(KeyVisibility.Hashed, "shop").Of("product:1").Text;
        var merged = _merge.Merge(
            [
                Of(KeyVisibility.Plain, Key("product:1", reads: 10)),
                Of(KeyVisibility.Hashed, Key(hash, reads: 5), Key("#other", reads: 1)),
            ],
            live: 3);

        Assert.Equal([("product:1", false, 15.0, 2), ("#other", true, 1.0, 1)], merged.Keys.Select(
            key => (key.Key, key.IsHashed, key.RemoteReadsPerSecond, key.Processes)));
        Assert.Equal((2, 1), (merged.Processes, merged.OtherProcesses));
        Assert.Equal(2, merged.Notes.Count);
    }

    [Fact]
    public void The_nature_of_a_hashed_key_is_what_a_process_knows_of_its_name()
    {
        var merged = _merge.Merge(
            [Of(KeyVisibility.Hashed, Key("#a", reads: 10) with { NameNature = KeyNature.Lock }), Of(KeyVisibility.Hashed, Key("#a", 1))],
            live: 2);

        Assert.Equal(KeyNature.Lock, Assert.Single(merged.Keys).Nature);
    }

    [Fact]
    public void Writes_of_other_processes_cost_reads()
    {
        // One process reads 100 times a second, and another writes 10 times a second: about 10 of the reads miss.
        var merged = _merge.Merge(
            [
                Of(KeyVisibility.Plain) with { Prefixes = [Key("a:", reads: 100) with { SavableReadsPerSecond = 100 }] },
                Of(KeyVisibility.Plain) with { Prefixes = [Key("a:", reads: 0) with { WritesPerSecond = 10 }] },
            ],
            live: 2);

        var prefix = Assert.Single(merged.Prefixes);
        Assert.InRange(prefix.SavableReadsPerSecond, 90, 92);
        Assert.Equal((10, 10), (prefix.WritesPerSecond, prefix.WritesPerSecondInOneProcess));
    }

    [Fact]
    public void A_process_that_only_reads_learns_from_the_others_that_keys_are_locks()
    {
        var merged = _merge.Merge(
            [
                Of(KeyVisibility.Plain) with { Prefixes = [Key("x:", reads: 50)] },
                Of(KeyVisibility.Plain) with { Prefixes = [Key("x:", reads: 0) with { WritesPerSecond = 2, AddsPerSecond = 1 }] },
            ],
            live: 2);

        Assert.Equal(KeyNature.Lock, Assert.Single(merged.Prefixes).Nature);
    }

    [Fact]
    public void Rules_are_added_up()
    {
        ProcessDetail Detail(int hits) => new()
        {
            Id = "",
            Rules =
            [
                new ReportedRule
                {
                    Name = "products",
                    IsOn = true,
                    NearHitsPerSecond = hits,
                    WritesPerSecond = 1,
                    NearEntries = 10,
                    NearBytes = 5000,
                    Suspensions = 2,
                    Observed = TimeSpan.FromSeconds(hits),
                },
            ],
        };

        var rule = Assert.Single(_merge.Merge([Detail(10), Detail(30)], live: 2).Rules);

        Assert.Equal((40, 2, 2), (rule.NearHitsPerSecond, rule.WritesPerSecond, rule.Suspensions));
        Assert.Equal((20, 10_000), (rule.NearEntries, rule.NearBytes));
        Assert.Equal(40 * 500, rule.SavedBytesPerSecond);
        Assert.Equal((TimeSpan.FromSeconds(30), 2), (rule.Observed, rule.Processes));
    }

    private static ProcessKeys Of(KeyVisibility visibility, params ReportedTraffic[] keys) => new(visibility, keys);

    private static ReportedTraffic Key(string name, double reads) => new() { Name = name, RemoteReadsPerSecond = reads };

    // A report with nothing but keys.
    private sealed record ProcessKeys(KeyVisibility Visibility, ReportedTraffic[] Keys)
    {
        public ReportedTraffic[] Prefixes { get; init; } = [];

        public static implicit operator ProcessDetail(ProcessKeys keys) => new()
        {
            Id = "",
            Keys = new ReportedKeys { Visibility = keys.Visibility, Keys = keys.Keys, Prefixes = keys.Prefixes },
        };
    }
}
