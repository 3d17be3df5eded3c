using System.Text.RegularExpressions;

namespace NearCache.IntegrationTests.Documents;

/// <summary>The documents of the repository, and what they claim that a machine can check.</summary>
internal static partial class Pages
{
    private static readonly string[] NotOurs = ["artifacts", ".git", "bin", "obj"];

    /// <summary>Every Markdown file, by its path from the root.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Files().Where(file => file.EndsWith(".md", StringComparison.Ordinal))];

    private static HashSet<string> Known { get; } = [.. Files()];

    /// <summary>
    /// The files that a page names in backquotes and the pages it links to, as far as they do not exist. A name may be the end of a path.
    /// </summary>
    public static IEnumerable<string> MissingFiles(string page, string text)
    {
        var folder = Path.GetDirectoryName(page)!;
        foreach (Match name in NamedFile().Matches(text))
        {
            var path = name.Groups[1].Value;
            if (!Known.Any(file => file == path || file == Resolve(folder, path) || file.EndsWith('/' + path, StringComparison.Ordinal)))
            {
                yield return $"{page}: `{path}`";
            }
        }

        foreach (Match link in Link().Matches(text))
        {
            var path = link.Groups[1].Value.Split('#')[0];
            if (path.Length > 0
                && !path.Contains("://", StringComparison.Ordinal)
                && !Path.Exists(Path.Combine(Repository.Root, folder, path)))
            {
                yield return $"{page}: link to {path}";
            }
        }
    }

    /// <summary>
    /// The code blocks of a page that are not, line by line, in the file that the comment above them names; and C# that names none.
    /// </summary>
    public static IEnumerable<string> CodeFromNowhere(string page, string text, Func<string, string> read)
    {
        foreach (Match block in CodeBlock().Matches(text))
        {
            var (from, language, code) = (block.Groups["from"].Value, block.Groups["language"].Value, block.Groups["code"].Value);
            if (from.Length == 0 && language == "csharp")
            {
                yield return $"{page}: C# without a <!-- from: file -->: {code.Split('\n')[0]}";
            }
            else if (from.Length > 0 && !Lines(read(from)).Contains(Lines(code).Trim('\n'), StringComparison.Ordinal))
            {
                yield return $"{page}: not as in {from}: {code.Split('\n')[0]}";
            }
        }
    }

    private static string Lines(string text) => string.Join('\n', text.Split('\n').Select(line => line.Trim()));

    private static string Resolve(string folder, string path) =>
        Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, folder, path)));

    private static IEnumerable<string> Files() =>
        Directory.EnumerateFiles(
            Repository.Root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
        .Select(file => Path.GetRelativePath(Repository.Root, file))
        .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(NotOurs.Contains));

    [GeneratedRegex(@"`([\w./-]+\.(?:cs|csproj|props|md|json|sh|html|py|sln))`")]
    private static partial Regex NamedFile();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?:<!-- from: (?<from>\S+) -->\n)?^```(?<language>\w+)\n(?<code>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();
}
