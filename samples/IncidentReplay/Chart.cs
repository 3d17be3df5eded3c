using System.Globalization;
using System.Net;
using System.Text;

namespace IncidentReplay;

/// <summary>
/// An SVG chart with one line per run over time, on a logarithmic scale, because the values differ by factors of a thousand.
/// </summary>
internal static class Chart
{
    private const int Width = 760;
    private const int Height = 260;
    private const int Left = 64;
    private const int Top = 14;
    private const int Right = 14;
    private const int Bottom = 34;

    public static string Svg(
        string title, string unit, IReadOnlyList<ScenarioResult> runs, IReadOnlyList<string> colors, Func<Measurement, double> value)
    {
        var seconds = runs.Max(run => run.Measurements[^1].At);
        var decades = Math.Max(1, (int)Math.Ceiling(Math.Log10(1 + runs.SelectMany(run => run.Measurements).Max(value))));
        double X(double at) => Left + ((Width - Left - Right) * at / seconds);
        double Y(double of) => Height - Bottom - ((Height - Top - Bottom) * Math.Log10(1 + Math.Max(of, 0)) / decades);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture,
            $"<figure><figcaption>{WebUtility.HtmlEncode(title)} <span>({WebUtility.HtmlEncode(unit)}, logarithmic)</span></figcaption>");
        svg.Append(CultureInfo.InvariantCulture,
            $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(title)}\">");
        for (var decade = 0; decade <= decades; decade++)
        {
            var mark = decade == 0 ? 0 : Math.Pow(10, decade);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(mark):0.#}\" "
                + $"y2=\"{Y(mark):0.#}\"/><text x=\"{Left - 8}\" y=\"{Y(mark) + 4:0.#}\" text-anchor=\"end\">{mark:N0}</text>");
        }

        for (var part = 0; part <= 4; part++)
        {
            var at = seconds * part / 4;
            svg.Append(CultureInfo.InvariantCulture,
                $"<text x=\"{X(at):0.#}\" y=\"{Height - 12}\" text-anchor=\"middle\">{at:0.#} s</text>");
        }

        for (var i = 0; i < runs.Count; i++)
        {
            var points = string.Join(' ',
                runs[i].Measurements.Select(measurement =>
                    string.Create(CultureInfo.InvariantCulture, $"{X(measurement.At):0.#},{Y(value(measurement)):0.#}")));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{points}\" stroke=\"{colors[i]}\"/>");
            if (runs[i].Trip is { } trip)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<line class=\"trip\" stroke=\"{colors[i]}\" x1=\"{X(trip.After):0.#}\" "
                    + $"x2=\"{X(trip.After):0.#}\" y1=\"{Top}\" y2=\"{Height - Bottom}\"/>");
            }
        }

        return svg.Append("</svg></figure>").ToString();
    }
}
