using System.Globalization;
using System.Net;
using System.Text;

namespace ReleaseReplay.Reporting;

/// <summary>An SVG chart with one line for each series over the seconds of a run, or with stacked areas.</summary>
internal static class Chart
{
    private const int Width = 760;
    private const int Height = 220;
    private const int Left = 64;
    private const int Top = 14;
    private const int Right = 14;
    private const int Bottom = 34;
    private static readonly double[] Factors = [1, 2, 4, 8, 10];

    /// <param name="title">The title.</param>
    /// <param name="times">The seconds of the points.</param>
    /// <param name="series">The series, with their colors.</param>
    /// <param name="marks">Seconds with a vertical line, and what happened then.</param>
    /// <param name="isStacked">Whether each series begins where the one before it ends.</param>
    public static string Svg(
        string title,
        IReadOnlyList<double> times,
        IReadOnlyList<Series> series,
        IReadOnlyList<(double At, string What)> marks,
        bool isStacked = false)
    {
        var points = isStacked ? Stack(series) : [.. series.Select(one => one.Values)];
        var highest = NiceCeiling(Math.Max(1, points.SelectMany(values => values).Max()));
        double X(double at) => Left + ((Width - Left - Right) * at / times[^1]);
        double Y(double of) => Height - Bottom - ((Height - Top - Bottom) * of / highest);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<figure><figcaption>{WebUtility.HtmlEncode(title)}</figcaption>")
            .Append(CultureInfo.InvariantCulture,
                $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(title)}\">");
        for (var part = 0; part <= 4; part++)
        {
            var (value, at) = (highest * part / 4, times[^1] * part / 4);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(value):0.#}\" "
                + $"y2=\"{Y(value):0.#}\"/><text x=\"{Left - 8}\" y=\"{Y(value) + 4:0.#}\" text-anchor=\"end\">{value:#,0.##}</text>"
                + $"<text x=\"{X(at):0.#}\" y=\"{Height - 12}\" text-anchor=\"middle\">{at:0} s</text>");
        }

        for (var i = points.Length - 1; i >= 0; i--)
        {
            var line = string.Join(' ',
                times.Zip(points[i], (at, value) => string.Create(CultureInfo.InvariantCulture, $"{X(at):0.#},{Y(value):0.#}")));
            if (isStacked)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<polygon points=\"{X(times[0]):0.#},{Y(0):0.#} {line} {X(times[^1]):0.#},"
                    + $"{Y(0):0.#}\" fill=\"{series[i].Color}\"/>");
            }
            else
            {
                svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{line}\" stroke=\"{series[i].Color}\""
                    + $"{(series[i].IsDashed ? " class=\"bound\"" : "")}/>");
            }
        }

        foreach (var (at, what) in marks)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"mark\" x1=\"{X(at):0.#}\" x2=\"{X(at):0.#}\" y1=\"{Top}\" "
                + $"y2=\"{Height - Bottom}\"/><text x=\"{X(at) + 4:0.#}\" y=\"{Top + 8}\">{WebUtility.HtmlEncode(what)}</text>");
        }

        svg.Append("</svg><p class=\"legend\">");
        foreach (var one in series)
        {
            svg.Append(CultureInfo.InvariantCulture,
                $"<span class=\"key\" style=\"background:{one.Color}\"></span>{WebUtility.HtmlEncode(one.Name)} ");
        }

        return svg.Append("</p></figure>").ToString();
    }

    private static double[][] Stack(IReadOnlyList<Series> series)
    {
        var stacked = new double[series.Count][];
        for (var i = 0; i < series.Count; i++)
        {
            stacked[i] = i == 0 ? [.. series[0].Values] : [.. series[i].Values.Zip(stacked[i - 1], (one, below) => one + below)];
        }

        return stacked;
    }

    // A power of ten, or 2, 4 or 8 times one, so that quarters are round numbers.
    private static double NiceCeiling(double value)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return Factors.Select(factor => factor * power).First(ceiling => ceiling >= value);
    }
}

/// <summary>One series of a chart.</summary>
internal sealed record Series(string Name, string Color, double[] Values, bool IsDashed = false);
