using System.Text;
using Spectre.Console.Rendering;

namespace NearCache.Cli.Output;

/// <summary>
/// A table as lines: in columns if they fit, otherwise a block for each row, since cells that are broken into pieces cannot be read.
/// </summary>
internal static class TextTable
{
    private const int Gap = 2;

    /// <summary>Returns the lines, and whether each is a heading.</summary>
    /// <param name="headings">The headings of the columns.</param>
    /// <param name="rows">The cells of each row.</param>
    /// <param name="width">The columns of the terminal.</param>
    public static IReadOnlyList<(string Text, bool IsHeading)> Lines(
        IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows, int width)
    {
        string[][] all = [.. rows.Select(row => row.Select(cell => SafeText.Of(cell)).ToArray())];
        int[] widths = [.. headings.Select((heading, column) => all.Select(row => WidthOf(row[column])).Append(WidthOf(heading)).Max())];
        return widths.Sum() + (Gap * (widths.Length - 1)) <= width
            ? [(Line(headings, widths), true), .. all.Select(row => (Line(row, widths), false))]
            : [.. all.SelectMany(row => Block(headings, row, width))];
    }

    // The first cell names the row; cells without a text say nothing.
    private static IEnumerable<(string Text, bool IsHeading)> Block(IReadOnlyList<string> headings, string[] row, int width)
    {
        yield return (row[0], true);
        var line = new StringBuilder();
        foreach (var (heading, cell) in headings.Zip(row).Skip(1).Where(pair => pair.Second.Length > 0))
        {
            var part = $"{heading.ToLowerInvariant()} {cell}";
            if (line.Length > 0 && WidthOf(line.ToString()) + Gap + WidthOf(part) > width)
            {
                yield return (line.ToString(), false);
                line.Clear();
            }

            line.Append(line.Length == 0 ? "  " : ", ").Append(part);
        }

        if (line.Length > 0)
        {
            yield return (line.ToString(), false);
        }
    }

    private static string Line(IReadOnlyList<string> cells, int[] widths) =>
        string.Concat(cells.Select((cell, column) => cell + new string(' ', widths[column] - WidthOf(cell) + Gap))).TrimEnd();

    // Characters of East Asia take two columns.
    private static int WidthOf(string text) => new Segment(text).CellCount();
}
