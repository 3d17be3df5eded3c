using System.Text.RegularExpressions;

namespace NearCache.Tests.Conventions;

public sealed class MachinePathTests
{
    private static readonly string[] Texts =
    [
        ".cs", ".csproj", ".props", ".targets", ".json", ".md", ".sh", ".txt", ".yml", ".html", ".js", ".css", ".sln", ".cfg", ""
    ];

    [Fact]
    public void No_file_names_a_path_of_someone_s_machine()
    {
        var files = Repository.Files(".").Where(file => Texts.Contains(Path.GetExtension(file)));
        var found = files.SelectMany(file => File.ReadLines(Repository.At(file)).Index()
            .Where(line => MachinePath.IsMatch(line.Item))
            .Select(line => $"{file}:{line.Index + 1}: {line.Item.Trim()}"));

        Assert.Empty(found);
    }

    [Theory]
    [InlineData("see /ho" + "me/alice/notes", true)]
    [InlineData("cd /wo" + "rk/x", true)]
    [InlineData(@"C:\Us" + @"ers\alice", true)]
    [InlineData("~/notes/work/x", false)]
    [InlineData("/usr/share/java/zookeeper.jar", false)]
    [InlineData("docs/homework", false)]
    public void Paths_of_machines_are_told_from_others(string text, bool isFound) => Assert.Equal(isFound, MachinePath.IsMatch(text));

    // Home and work folders. The names are split so that this file does not match itself.
    private static readonly Regex MachinePath = new(
        @"(?<![\w.~-])/(ho" + "me|Us" + "ers|ro" + "ot|wo" + @"rk)/\w|[A-Za-z]:\\(Us" + @"ers|ho" + @"me)\\");
}
