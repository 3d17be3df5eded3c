using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.ZooKeeper;
using NearCache.Tests.Conventions;

namespace NearCache.Tests.Diagnostics;

/// <summary>docs/metrics-and-traces.md lists every instrument, and nothing else.</summary>
public sealed partial class MetricsPageTests
{
    [Fact]
    public async Task The_page_has_every_instrument_with_its_kind_unit_and_tags_and_no_other()
    {
        using var meters = new MeterRecorder();
        await using var memcached = FakeMemcached.Start();
        await using var zooKeeper = FakeZooKeeper.Start();
        var options = new NearCacheOptions
        {
            Memcached = { Servers = { memcached.Address } },
            ZooKeeper = { ConnectionString = zooKeeper.ConnectionString },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        await using var cache = new NearCacheClient(options, meterFactory: meters);
        await cache.GetOrCreateAsync("product:1", _ => ValueTask.FromResult(1));
        await Eventually.BecomesTrueAsync(() => meters.Count("nearcache.zookeeper.operations") > 0, "asked ZooKeeper");

        var page = Read(File.ReadAllText(Path.Combine(Repository.Root, "docs", "metrics-and-traces.md"))).ToArray();

        Assert.Equal(
            meters.Instruments.Select(instrument => $"{instrument.Meter.Name}: {instrument.Name} ({KindOf(instrument)}, {instrument.Unit})")
                .Order(StringComparer.Ordinal),
            page.Select(row => $"{row.Meter}: {row.Name} ({row.Kind}, {row.Unit})").Order(StringComparer.Ordinal));
        Assert.All(meters.All(), measured => Assert.Subset(
            page.Where(row => row.Name == measured.Instrument)
                .SelectMany(row => row.Tags)
                .ToHashSet(), measured.Tags.Select(tag => tag[..tag.IndexOf('=', StringComparison.Ordinal)])
                .ToHashSet()));
    }

    private static IEnumerable<(string Meter, string Name, string Kind, string Unit, string[] Tags)> Read(string page)
    {
        var meter = "";
        foreach (var line in page.Split('\n'))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                meter = line.StartsWith("## Meter `", StringComparison.Ordinal) ? line["## Meter `".Length..^1] : "";
            }
            else if (meter.Length > 0 && line.StartsWith("| `", StringComparison.Ordinal))
            {
                var cells = line.Split('|');
                yield return (
                    meter,
                    cells[1].Trim(' ', '`'),
                    cells[2].Trim(),
                    cells[3].Trim(' ', '`'),
                    [.. Code().Matches(cells[4]).Select(match => match.Groups[1].Value)]);
            }
        }
    }

    private static string KindOf(Instrument instrument) => instrument.GetType().Name switch
    {
        "Counter`1" or "ObservableCounter`1" => "counter",
        "UpDownCounter`1" or "ObservableUpDownCounter`1" => "up-down counter",
        "Gauge`1" or "ObservableGauge`1" => "gauge",
        "Histogram`1" => "histogram",
        var other => other,
    };

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
