using NearCache.Cli.Output;

namespace NearCache.Cli.Tests.Output;

public sealed class TextTableTests
{
    private static readonly string[] Headings = ["RULE", "MATCH", "WRITES/S"];

    private static readonly string[][] Rows = [["products", "product:*", "0.5"], ["日本", "", "12"]];

    [Fact]
    public void Columns_are_aligned_also_beside_wide_characters_and_no_line_ends_in_spaces() => Assert.Equal(
        """
        RULE      MATCH      WRITES/S
        products  product:*  0.5
        日本                 12
        """,
        string.Join('\n', TextTable.Lines(Headings, Rows, width: 29).Select(line => line.Text)));

    [Fact]
    public void What_does_not_fit_is_a_block_for_each_row_without_a_broken_cell()
    {
        var lines = TextTable.Lines(Headings, Rows, width: 28);

        Assert.Equal(
            """
            products
              match product:*
              writes/s 0.5
            日本
              writes/s 12
            """,
            string.Join('\n', lines.Select(line => line.Text)));
        Assert.Equal(["products", "日本"], lines.Where(line => line.IsHeading).Select(line => line.Text));
    }

    [Fact]
    public void Hostile_cells_are_safe() =>
        Assert.DoesNotContain(TextTable.Lines(["A"], [["\u001b[2J"]], 80), line => line.Text.Any(char.IsControl));
}
