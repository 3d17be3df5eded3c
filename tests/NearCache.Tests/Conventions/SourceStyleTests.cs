using System.Text.RegularExpressions;

namespace NearCache.Tests.Conventions;

/// <summary>Checks the width, the words and the size of source files.</summary>
public sealed class SourceStyleTests
{
    private const int Width = 140;

    // A smaller file usually holds only a part of a concept.
    private const int FewLines = 15;
    private const int MostSmallFiles = 15;

    // Files that may have wider lines, with the reason.
    private static readonly Dictionary<string, string> WiderFiles = new()
    {
        ["samples/QuickStart/Program.cs"] = "The README shows it as ten lines.",
    };

    // Prose: comments, and string literals of several words. Names of code in it are ignored, such as Who, the author of an edit.
    private static readonly Regex Prose = new(@"//.*|""[^""]*\s[^""]*""");
    private static readonly Regex NamesOfCode = new(@"cref=""[^""]*""|<c>[^<]*</c>|name=""[^""]*""|\{[^}]*\}|`[^`]*`");
    private static readonly Regex Persons = new(@"\b([Ww]ho|[Ww]hoever|[Ww]hom|[Nn]obody|[Ss]omebody|[Ss]hall)\b");

    [Fact]
    public void No_line_is_wider_than_140_columns()
    {
        var wide = Sources("src", "tests", "samples")
            .Where(file => !WiderFiles.ContainsKey(file))
            .SelectMany(file => Lines(file).Where(line => line.Text.Length > Width).Select(line => $"{file}:{line.Number}"));

        Assert.Empty(wide);
    }

    [Fact]
    public void No_word_for_a_person_stands_for_a_thread_a_method_an_object_or_a_caller()
    {
        var found = Sources("src")
            .SelectMany(file => Lines(file)
                .Where(line => SpeaksOfPersons(line.Text))
                .Select(line => $"{file}:{line.Number}: {line.Text.Trim()}"));

        Assert.Empty(found);
    }

    [Fact]
    public void Few_files_of_src_are_small()
    {
        var small = Sources("src").Where(file => Lines(file).Count() < FewLines).ToArray();

        Assert.True(small.Length <= MostSmallFiles, $"{small.Length} files below {FewLines} lines:\n{string.Join('\n', small)}");
    }

    [Theory]
    [InlineData("// Whoever takes it runs it.", true)]
    [InlineData("/// <summary>Nobody waits for it.</summary>", true)]
    [InlineData("// It shall not run.", true)]
    [InlineData("throw new InvalidOperationException(\"It shall not run.\");", true)]
    [InlineData("/// <summary>See <see cref=\"EditReason.Who\"/>, the author.</summary>", false)]
    [InlineData("writer.WriteString(\"who\", reason.Who);", false)]
    [InlineData("Stop(string who) => Say($\"a stop by {who}\");", false)]
    [InlineData("// The whole loop.", false)]
    public void Words_for_persons_are_found(string line, bool isFound) => Assert.Equal(isFound, SpeaksOfPersons(line));

    private static bool SpeaksOfPersons(string line) =>
        Prose.Matches(line).Any(prose => Persons.IsMatch(NamesOfCode.Replace(prose.Value, "")));

    private static IEnumerable<string> Sources(params string[] folders) => folders.SelectMany(folder => Repository.Files(folder, "*.cs"));

    private static IEnumerable<(int Number, string Text)> Lines(string file) =>
        File.ReadLines(Repository.At(file)).Select((text, index) => (index + 1, text));
}
