using System.Text.RegularExpressions;

namespace NearCache.IntegrationTests.Documents;

/// <summary>The documents of the repository, and checks of their claims.</summary>
internal static partial class Pages
{
    private static readonly string[] NotOurs = ["artifacts", ".git", "bin", "obj"];
    private static readonly string[] CodeFolders = ["src/", "tests/", "samples/", "deploy/"];

    // Names of .NET and of other libraries that only the pages contain.
    private static readonly string[] Foreign =
    [
        "AddSerializer", "AddSerializerFactory", "BinaryFormatterTranscoder", "FakeTimeProvider", "FinalRequestProcessor",
        "GetValueAsync", "GetValueOrCreateAsync", "HealthCheckRegistration", "IMemcachedClient", "IMemoryCache", "JsonConstructor",
        "KetamaNodeLocator", "MessagePackTranscoder", "ShutdownTimeout", "SizeLimit", "Testing", "TigerHashKeyTransformer",
    ];

    /// <summary>Every Markdown file, by its path from the root.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Files().Where(file => file.EndsWith(".md", StringComparison.Ordinal))];

    /// <summary>The pages about NearCache as it is, not about other products or other versions.</summary>
    public static IEnumerable<string> AboutTheCode => All
        .Where(page => page.StartsWith("docs/", StringComparison.Ordinal) && !AboutOthers().IsMatch(page));

    private static HashSet<string> Known { get; } = [.. Files()];

    /// <summary>
    /// The missing files and folders that a page names in backquotes, and missing targets of its links. A name may be the end of a path.
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

        foreach (var path in NamedFolder().Matches(text).Select(match => match.Groups[1].Value))
        {
            if (!Path.Exists(Path.Combine(Repository.Root, path)))
            {
                yield return $"{page}: `{path}`";
            }
        }

        foreach (Match link in Link().Matches(text))
        {
            var parts = link.Groups[1].Value.Split('#');
            var path = Path.Combine(Repository.Root, folder, parts[0]);
            if (parts[0].Contains("://", StringComparison.Ordinal))
            {
                continue;
            }

            if (parts[0].Length > 0 && !Path.Exists(path))
            {
                yield return $"{page}: link to {parts[0]}";
            }
            else if (parts.Length > 1 && !Anchors(parts[0].Length > 0 ? File.ReadAllText(path) : text).Contains(parts[1]))
            {
                yield return $"{page}: link to {parts[0]}#{parts[1]}";
            }
        }
    }

    /// <summary>
    /// The code blocks of a page that the file in the comment above them does not contain, and C# without such a comment.
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

    /// <summary>The names of code in backquotes that no source, test or sample contains, and that are not of a foreign library.</summary>
    public static IEnumerable<string> UnknownNames(string page, string text, IReadOnlySet<string> known) =>
        from code in Code().Matches(CodeBlock().Replace(text, ""))
        where !code.Groups[1].Value.Contains('/', StringComparison.Ordinal)
        from name in Name().Matches(code.Groups[1].Value)
        where !known.Contains(name.Value) && !Foreign.Contains(name.Value)
        select $"{page}: `{code.Groups[1].Value}`: {name.Value}";

    /// <summary>Every word of the sources, tests and samples.</summary>
    public static IReadOnlySet<string> WordsOfCode() => Files()
        .Where(file => CodeFolders.Any(folder => file.StartsWith(folder, StringComparison.Ordinal)))
        .Where(file => Path.GetExtension(file) is ".cs" or ".json" or ".props" or ".csproj" or ".sh" or ".txt" or ".java" or ".yml")
        .SelectMany(file => Word().Matches(Repository.Read(file)).Select(word => word.Value))
        .ToHashSet();

    // As GitHub makes them of headings: lower case, without punctuation, with hyphens for spaces.
    private static IEnumerable<string> Anchors(string text) => Heading().Matches(text).Select(heading =>
        NoAnchor().Replace(heading.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-'));

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

    [GeneratedRegex(@"/(coming-from|compar|from-|upgrad|version)[^/]*$")]
    private static partial Regex AboutOthers();

    [GeneratedRegex(@"`((?:src|tests|samples|docs)/[\w/-]+(?:\.[\w/-]+)*)`")]
    private static partial Regex NamedFolder();

    [GeneratedRegex(@"^#+ (.+?)\r?$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();

    [GeneratedRegex(@"`([^`\n]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\b[A-Z][A-Za-z]*[a-z][A-Za-z]*\b")]
    private static partial Regex Name();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?:<!-- from: (?<from>\S+) -->\n)?^```(?<language>\w+)\n(?<code>.*?)^```",
        RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();
}
