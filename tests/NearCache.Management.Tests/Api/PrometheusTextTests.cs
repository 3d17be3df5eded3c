using NearCache.Management.Api;
using NearCache.Management.Collecting;
using NearCache.Management.Core;
using NearCache.Management.Tests.Core;

namespace NearCache.Management.Tests.Api;

public sealed class PrometheusTextTests
{
    [Fact]
    public void The_five_owners_with_most_unaccounted_connections_are_series()
    {
        var text = Of(Readings.Healthy() with
        {
            Owners = [Readings.Ownership("cache-1:11211", [.. Enumerable.Range(1, 300).Select(one => ($"10.0.0.{one}", one))])],
        });

        Assert.Contains(
            "nearcache_fleet_connections_owner_unaccounted{context=\"shop\",nearcache_namespace=\"shop\",server=\"cache-1:11211\","
                + "owner=\"10.0.0.300\"} 300\n",
            text,
            StringComparison.Ordinal);
        Assert.Equal(
            5, Lines(text).Count(line => line.StartsWith("nearcache_fleet_connections_owner_unaccounted{", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_node_is_a_label_of_the_pods_that_start_often_so_that_owners_can_be_joined()
    {
        var text = Of(Readings.Healthy() with
        {
            Reports = Observed.Known(Readings.Reports(
                Readings.Process(1, summary => summary with { Pod = "web-x", Node = "node-9", Starts = 13 }))),
        });

        Assert.Contains(
            "nearcache_fleet_process_starts{context=\"shop\",nearcache_namespace=\"shop\",pod=\"web-x\",node=\"node-9\"} 13\n",
            text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_names_make_neither_many_series_nor_one_twice_nor_a_line_of_their_own()
    {
        var random = new Random(5);
        string Hostile(int number) => (number % 4) switch
        {
            0 => new string('p', 100) + number,
            1 => $"a\"}} 1\nnearcache_fleet_stops{{x=\"{number}",
            2 => $"a\\{new string('\\', random.Next(3))}\ud800",
            _ => $"\r\u2028\u0085{number}",
        };
        var text = Of(Readings.Healthy() with
        {
            Reports = Observed.Known(Readings.Reports(
            [
                .. Enumerable.Range(1, 2000).Select(number => Readings.Process(number, summary => summary with
                {
                    Pod = Hostile(number),
                    Version = Hostile(number / 2),
                    Starts = 2 + (number % 7),
                    ThreadPoolDelay = TimeSpan.FromSeconds(number % 5),
                })),
            ])),
        });

        var series = Lines(text).Where(line => line[0] != '#').Select(line => line[..(line.LastIndexOf(' '))]).ToArray();
        Assert.Equal(series.Length, series.Distinct().Count());
        Assert.InRange(series.Length, 1, 120);
        Assert.All(series, one => Assert.Matches("""^[a-z_]+\{([a-z_]+="([^"\\\n\r]|\\[\\"n])*",?)*\}$""", one));
        Assert.InRange(text.Length, 1, 64 * 1024);
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Of(FleetReading reading) => PrometheusText.Of(
        [
            new ContextState
            {
                Context = new ConsoleContext("shop", "prod", "shop"),
                Limits = Readings.Limits,
                Verdict = Readings.Judge(reading),
                Reading = reading,
                Rates = new RateMeter().Add(reading),
            },
        ],
        Readings.Noon);
}
