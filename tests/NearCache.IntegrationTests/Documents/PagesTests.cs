namespace NearCache.IntegrationTests.Documents;

/// <summary>Files and names in the documents exist, and their code is copied from code that compiles.</summary>
public sealed class PagesTests
{
    private static readonly IReadOnlySet<string> Known = Pages.WordsOfCode();

    public static TheoryData<string> All => [.. Pages.All];

    public static TheoryData<string> AboutTheCode => [.. Pages.AboutTheCode];

    [Theory]
    [MemberData(nameof(All))]
    public void Every_file_that_a_page_names_exists(string page) => Assert.Empty(Pages.MissingFiles(page, Repository.Read(page)));

    [Theory]
    [MemberData(nameof(All))]
    public void Code_in_a_page_is_copied_from_a_sample(string page) =>
        Assert.Empty(Pages.CodeFromNowhere(page, Repository.Read(page), Repository.Read));

    [Theory]
    [MemberData(nameof(AboutTheCode))]
    public void Every_name_of_code_that_a_page_mentions_exists(string page) =>
        Assert.Empty(Pages.UnknownNames(page, Repository.Read(page), Known));

    [Fact]
    public void The_ten_lines_of_the_README_are_the_whole_quick_start()
    {
        var readme = Repository.Read("README.md");
        Assert.Contains(Repository.Read("samples/QuickStart/Program.cs"), readme, StringComparison.Ordinal);
        Assert.InRange(Repository.Read("samples/QuickStart/Program.cs").Split('\n').Count(line => line.Length > 0), 1, 10);
    }

    [Fact]
    public void The_README_names_its_two_commands()
    {
        var readme = Repository.Read("README.md");
        Assert.Contains("    dotnet run --project samples/Storefront ", readme, StringComparison.Ordinal);
        Assert.Contains("    tests/run.sh ", readme, StringComparison.Ordinal);
    }

    [Fact]
    public void The_index_links_every_page_and_the_list_of_decisions_every_decision()
    {
        var index = Repository.Read("docs/index.md");
        var decisions = Repository.Read("docs/decisions/README.md");

        foreach (var page in Pages.All.Where(page => page.StartsWith("docs/", StringComparison.Ordinal) && page != "docs/index.md"))
        {
            var isDecision = page.StartsWith("docs/decisions/0", StringComparison.Ordinal);
            var link = page[(isDecision ? "docs/decisions/" : "docs/").Length..];
            Assert.Contains($"]({link})", isDecision ? decisions : index, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_or_heading_that_does_not_exist_is_found_out()
    {
        const string Text =
            "# A: `x`\n`src/NearCache/Nowhere.cs`, `README.md`, `src/Gone`, [a](none.md), [b](index.md), [c](#a-x), [d](#no)";

        Assert.Equal(
            ["`src/NearCache/Nowhere.cs`", "`src/NearCache/Nowhere.cs`", "`src/Gone`", "link to none.md", "link to #no"],
            Pages.MissingFiles("docs/some.md", Text).Select(missing => missing["docs/some.md: ".Length..]));
    }

    [Fact]
    public void A_name_that_does_not_exist_is_found_out()
    {
        const string Text = "`NearStore`, `OldName.FindAsync(…)`, `IMemoryCache`\n\n```csharp\nvar x = `Nothing`;\n```\n";

        Assert.Equal(
            ["some.md: `OldName.FindAsync(…)`: OldName"],
                Pages.UnknownNames("some.md", Text, new HashSet<string> { "NearStore", "FindAsync" }));
    }

    [Fact]
    public void Code_that_was_not_copied_is_found_out()
    {
        const string Text = "<!-- from: a.cs -->\n```csharp\nvar one = 1;\nvar two = 2;\n```\n\n```csharp\nvar three = 3;\n```\n";

        Assert.Single(Pages.CodeFromNowhere("some.md", Text, _ => "    var one = 1;\n    var two = 2;\n"));
        Assert.Equal(2, Pages.CodeFromNowhere("some.md", Text, _ => "    var one = 1;\n    var two = 3;\n").Count());
    }
}
