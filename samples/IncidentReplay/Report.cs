using System.Globalization;
using System.Net;
using System.Text;

namespace IncidentReplay;

/// <summary>Renders the runs as one self-contained page.</summary>
internal static class Report
{
    private static readonly string[] Colors = ["#c2410c", "#0f766e", "#4338ca", "#b45309"];

    private const string Style =
        """
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 820px; padding: 0 1rem;
            color: #1f2933; background: #fff; }
        h1 { font-size: 1.6rem; margin-bottom: .2rem; } p { margin: .4rem 0; }
        table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
        th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid #e4e7eb; } td { white-space: nowrap; }
        th:first-child, td:first-child { text-align: left; }
        th { font-weight: 600; color: #52606d; font-size: .85rem; }
        .key { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .5rem; }
        figure { margin: 1.6rem 0; } figcaption { font-weight: 600; } figcaption span { font-weight: 400; color: #52606d; }
        svg { width: 100%; height: auto; }
        svg text { font-size: 12px; fill: #52606d; } .grid { stroke: #e4e7eb; }
        polyline { fill: none; stroke-width: 2.2; stroke-linejoin: round; } .trip { stroke-dasharray: 5 4; stroke-width: 1.4; }
        """;

    public static string Html(IReadOnlyList<ScenarioResult> runs, ReplaySettings settings)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            + "content=\"width=device-width\"><title>The outage, replayed</title><style>")
            .Append(Style).Append("</style></head><body><h1>The outage, replayed</h1>")
            .Append(CultureInfo.InvariantCulture, $"<p>Three processes' worth of caches read {Traffic.Parameters} parameters on every "
                + $"page, and set and remove up to {settings.LocksPerSecond:N0} lock keys a second, for {settings.Seconds} s. A "
                + $"co-tenant keeps one node of its own up to date in the same ZooKeeper, as a service registry does.</p>");
        Table(page, runs);
        foreach (var run in runs)
        {
            page.Append(CultureInfo.InvariantCulture, $"<p><b>{Encode(run.Scenario.Name)}.</b> {Encode(run.Scenario.What)}");
            if (run.Trip is { } trip)
            {
                page.Append(CultureInfo.InvariantCulture, $" The churn breaker tripped after {trip.After:0.0} s and "
                    + $"{trip.Transactions:N0} transactions (dashed line): {Encode(trip.Reason)}.");
            }

            page.Append("</p>");
        }

        return page
            .Append(Chart.Svg("Znodes added", "number", runs, Colors, measurement => measurement.Znodes))
            .Append(Chart.Svg("Transactions of the ensemble", "per second", runs, Colors, measurement => measurement.TransactionsPerSecond))
            .Append(Chart.Svg("Write latency of the co-tenant", "99th percentile of each second, ms", runs, Colors, measurement =>
                measurement.P99))
            .Append("</body></html>\n").ToString();
    }

    private static void Table(StringBuilder page, IReadOnlyList<ScenarioResult> runs)
    {
        page.Append("<table><tr><th>run</th><th>znodes added</th><th>transactions</th><th>at most a second</th><th>co-tenant "
            + "p50</th><th>p99</th><th>locks</th><th>parameter reads</th></tr>");
        for (var i = 0; i < runs.Count; i++)
        {
            var run = runs[i];
            page.Append(CultureInfo.InvariantCulture, $"<tr><td><span class=\"key\" "
                + $"style=\"background:{Colors[i]}\"></span>{Encode(run.Scenario.Name)}</td><td>{run.MostZnodes:N0}</td>"
                + $"<td>{run.Transactions:N0}</td><td>{run.PeakPerSecond:N0}</td><td>{run.P50:0.0} ms</td><td>{run.P99:0.0} ms</td>"
                + $"<td>{run.Locks:N0}</td><td>{run.Reads:N0}</td></tr>");
        }

        page.Append("</table>");
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
