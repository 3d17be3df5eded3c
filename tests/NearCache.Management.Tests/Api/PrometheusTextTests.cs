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
        Assert.All(series, one => Assert.Matches("""^[a-z_]+\{([a-z_]+="([^"\\\p{C}\p{Zl}\p{Zp}]|\\[\\"])*",?)*\}$""", one));
        Assert.InRange(text.Length, 1, 64 * 1024);
    }

    [Theory]
    [InlineData("a process has no report")]
    [InlineData("a process has another list of servers")]
    [InlineData("a process has names so long that its report leaves its connections out")]
    public void A_process_of_unknown_connections_hides_no_connection_beyond_its_own(string why)
    {
        var without = why switch
        {
            "a process has no report" => Readings.Process(3) with { Status = ProcessReportStatus.NoReport, Summary = null },
            "a process has another list of servers" => Readings.Process(3, summary => summary with { Connections = [1, 1] }),
            _ => Readings.Process(3, summary => summary with { Connections = null }),
        };
        string Unaccounted(long connections) => string.Join('\n', Lines(Of(Readings.Healthy() with
        {
            Servers = [Readings.Server("cache-1:11211", connections)],
            Reports = Observed.Known(Readings.Reports(Readings.Process(1), Readings.Process(2), without)),
        })).Where(line => line.StartsWith("nearcache_fleet_connections_unaccounted{", StringComparison.Ordinal)
            || line.StartsWith("nearcache_fleet_connections_expected{", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]));

        // Two that are reported, that of the console, and one which may be the third process's.
        Assert.Equal("2\n0", Unaccounted(3));
        Assert.Equal("2", Unaccounted(4));
        Assert.Equal("2\n100", Unaccounted(104));
    }

    [Fact]
    public void Without_a_report_of_connections_none_is_unaccounted_for()
    {
        var text = Of(Readings.Healthy() with
        {
            Servers = [Readings.Server("cache-1:11211", 800)],
            Reports = Observed.Known(Readings.Reports(
                Readings.Process(1) with { Status = ProcessReportStatus.NoReport, Summary = null })),
        });

        Assert.DoesNotContain("nearcache_fleet_connections_unaccounted{", text, StringComparison.Ordinal);
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
