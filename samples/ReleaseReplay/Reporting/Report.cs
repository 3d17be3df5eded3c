using System.Globalization;
using System.Net;
using System.Text;
using ReleaseReplay.Cluster;
using ReleaseReplay.Runs;

namespace ReleaseReplay.Reporting;

/// <summary>Renders the runs as one self-contained page.</summary>
internal static class Report
{
    private static readonly (PodState State, string Name, string Color)[] States =
    [
        (PodState.Ready, "ready", "#0f766e"), (PodState.NotReady, "not ready", "#eab308"), (PodState.Starting, "starting", "#93c5fd"),
        (PodState.CrashLoopBackOff, "crash loop", "#b91c1c"), (PodState.Terminating, "ending", "#9ca3af"),
    ];

    private const string Style =
        """
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 900px; padding: 0 1rem; color: #1f2933;
            background: #fff; }
        h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin: 2.4rem 0 .2rem; } p { margin: .4rem 0; }
        table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: .9rem; }
        th, td { text-align: right; padding: .3rem .5rem; border-bottom: 1px solid #e4e7eb; }
        th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; } th { font-weight: 600; color: #52606d; }
        td.bad { color: #b91c1c; font-weight: 600; }
        .key { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin: 0 .3rem 0 .8rem; }
        figure { margin: 1.2rem 0; } figcaption { font-weight: 600; } .legend { font-size: .85rem; color: #52606d; }
        svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: #52606d; } .grid { stroke: #e4e7eb; }
        polyline { fill: none; stroke-width: 2.2; stroke-linejoin: round; } .bound { stroke-dasharray: 6 4; stroke-width: 1.4; }
        .mark { stroke: #52606d; stroke-dasharray: 2 3; } .owner { font-family: ui-monospace, monospace; font-size: .85rem; }
        """;

    public static string Html(IReadOnlyList<RunResult> results, ReplaySettings settings)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            + "content=\"width=device-width\"><title>A release, replayed</title><style>")
            .Append(Style).Append("</style></head><body><h1>A release, replayed</h1>")
            .Append(CultureInfo.InvariantCulture, $"<p>{settings.Replicas.Pods} pods, {settings.Rate} requests a second through one front "
                + $"door, two memcacheds. After some seconds a rolling release begins (surge {settings.Replicas.Surge}, unavailable "
                + $"{settings.Replicas.Unavailable}), two seconds later the disturbance. Each run lasts {settings.Seconds} s.</p>");
        Table(page, results);
        foreach (var result in results)
        {
            Section(page, result);
        }

        return page.Append("</body></html>\n").ToString();
    }

    private static void Table(StringBuilder page, IReadOnlyList<RunResult> results)
    {
        page.Append("<table><tr><th>run</th><th>disturbance</th><th>peak connections</th><th>bound</th><th>failed</th><th>served</th>"
            + "<th>restarts</th><th>recovered after</th><th>p99, worst second</th><th>source, × steady</th></tr>");
        foreach (var result in results)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Encode(result.Scenario.Title)}</td><td>{result.Disturbance.Name}</td>"
                + $"<td>{result.PeakConnections:N0}</td>{Cell(LiveTable.Bound(result), LiveTable.Bound(result) == "broken")}"
                + $"{Cell(result.Failed.ToString("N0", CultureInfo.InvariantCulture), result.Failed > 0)}<td>{result.Served:N0}</td>"
                + $"<td>{result.Restarts}</td>{Cell(LiveTable.Recovered(result), result.SecondsToRecover is null)}"
                + $"<td>{result.P99:N0} ms</td><td>{result.SourceFactor:0.0}</td></tr>");
        }

        page.Append("</table>");
    }

    private static void Section(StringBuilder page, RunResult result)
    {
        page.Append(CultureInfo.InvariantCulture, $"<h2>{Encode(result.Scenario.Title)}: {Encode(result.Disturbance.Name)}</h2>"
            + $"<p>{Encode(result.Scenario.What)} Disturbance: {Encode(result.Disturbance.What)}.</p>");
        foreach (var line in result.Failures.Select(failures => $"Failed: {failures}")
            .Concat(result.OwnersAtPeak.Select(owners => $"At the peak, {owners}"))
            .Concat(result.OwnersAtEnd.Select(owners => $"At the end, {owners}")))
        {
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"owner\">{Encode(line)}</p>");
        }

        var all = result.Measurements;
        double[] times = [.. all.Select(one => one.At)];
        double[] Of(Func<Measurement, double> value) => [.. all.Select(value)];
        List<(double, string)> marks = [(result.ReleasedAt, "release")];
        if (result.Disturbance != Disturbance.None)
        {
            marks.Add((result.DisturbedUntil, "disturbance over"));
        }

        List<Series> connections =
        [
            .. all[0].Connections.Select((_, i) => new Series($"cache-{i + 1}", i == 0 ? "#c2410c" : "#4338ca", Of(one =>
                one.Connections[i] ?? 0))),
        ];
        if (all.All(one => one.Bound is not null))
        {
            connections.Add(new Series("bound", "#52606d", Of(one => one.Bound!.Value), IsDashed: true));
        }

        page.Append(Chart.Svg("Connections of each memcached", times, connections, marks))
            .Append(Chart.Svg("Pods", times, [.. States.Select(state => new Series(state.Name, state.Color, Of(one =>
                one.Pods.GetValueOrDefault(state.State))))], marks, isStacked: true))
            .Append(Chart.Svg("Requests a second", times,
                [
                    new Series("served", "#0f766e", Of(one => one.Served / one.Seconds)),
                    new Series("failed", "#b91c1c", Of(one => one.Failed / one.Seconds)),
                    new Series("reads of the source", "#a16207", Of(one => one.SourceReads / one.Seconds)),
                ], marks))
            .Append(Chart.Svg("p99 of the answered requests, ms", times, [new Series("p99", "#4338ca", Of(one => one.P99))], marks));
    }

    private static string Cell(string text, bool isBad) => $"<td{(isBad ? " class=\"bad\"" : "")}>{Encode(text)}</td>";

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
