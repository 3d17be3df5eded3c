using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace NearCache.Packages.Tests;

/// <summary>Each package has what the page of a package shows, and depends on what it should.</summary>
public sealed partial class PackageContentsTests(PackedFolder packed)
{
    // Of no use to an application.
    private const string Internals = "NearCache.Transport";

    public static TheoryData<string> All => [.. PackedFolder.Ids];

    public static TheoryData<string> AllWithTool => [.. PackedFolder.All];

    [Fact]
    public void Packing_warns_of_nothing() => Assert.DoesNotContain("warn", packed.Said, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void Every_project_is_a_package()
    {
        var projects = Directory.EnumerateDirectories(Repository.At("src")).Select(folder => Path.GetFileName(folder)!);
        Assert.Equal(PackedFolder.All, projects.Order(StringComparer.Ordinal));

        var files = Directory.EnumerateFiles(packed.Folder).Select(file => Path.GetFileName(file)!);
        Assert.Equal(
            PackedFolder.All.SelectMany(id => new[] { $"{id}.{packed.Version}.nupkg", $"{id}.{packed.Version}.snupkg" }).ToHashSet(),
            files.ToHashSet());
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_package_has_its_documents_and_symbols(string id)
    {
        using var package = Open(id, ".nupkg");
        using var symbols = Open(id, ".snupkg");
        string[] expected = [$"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml", "README.md", "icon.png"];

        Assert.Superset(expected.ToHashSet(), package.Entries.Select(entry => entry.FullName).ToHashSet());
        Assert.Contains($"lib/net10.0/{id}.pdb", symbols.Entries.Select(entry => entry.FullName));
        Assert.Contains("# " + id + "\n", Text(package, "README.md"), StringComparison.Ordinal);
        var (size, ofSymbols) = (new FileInfo(PathOf(id, ".nupkg")).Length, new FileInfo(PathOf(id, ".snupkg")).Length);
        TestContext.Current.TestOutputHelper!.WriteLine($"[FIGURE] package {id}: {size / 1024} KB, symbols {ofSymbols / 1024} KB");
    }

    [Fact]
    public void The_tool_brings_all_that_it_needs()
    {
        using var package = Open(PackedFolder.Tool, ".nupkg");
        string[] expected =
        [
            "README.md", "icon.png",
            .. new[] { "DotnetToolSettings.xml", $"{PackedFolder.Tool}.dll", "NearCache.dll", "System.CommandLine.dll",
                "Spectre.Console.dll" }
                .Select(file => $"tools/net10.0/any/{file}"),
        ];

        Assert.Superset(expected.ToHashSet(), package.Entries.Select(entry => entry.FullName).ToHashSet());
        Assert.Contains("<Command Name=\"nearcache\"", Text(package, "tools/net10.0/any/DotnetToolSettings.xml"), StringComparison.Ordinal);
        Assert.DoesNotContain(Metadata(PackedFolder.Tool).Descendants(), element => element.Name.LocalName == "dependency");
        Assert.DoesNotContain(package.Entries, entry => NearCacheDocumentation().IsMatch(entry.Name));
    }

    [Theory]
    [MemberData(nameof(AllWithTool))]
    public void A_package_says_what_it_is(string id)
    {
        var metadata = Metadata(id);
        string Value(string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value ?? "";

        Assert.All(["description", "tags", "authors", "copyright", "releaseNotes"], name => Assert.NotEmpty(Value(name)));
        Assert.Equal("MIT", Value("license"));
        Assert.Equal("icon.png", Value("icon"));
        Assert.Equal("README.md", Value("readme"));

        // The section of the version in the changelog and no other, as text: the page of a package shows no Markdown there.
        var changelog = MarkdownLink().Replace(File.ReadAllText(Repository.At("CHANGELOG.md")), "$1");
        Assert.Contains(Value("releaseNotes").Trim(), changelog, StringComparison.Ordinal);
        Assert.DoesNotContain("\n## ", Value("releaseNotes"), StringComparison.Ordinal);
        Assert.DoesNotMatch(MarkdownLink(), Value("releaseNotes"));

        // No folder of this machine: an address is https, or there is none.
        Assert.True(Value("projectUrl") is "" || Value("projectUrl").StartsWith("https://", StringComparison.Ordinal), Value("projectUrl"));
        Assert.DoesNotContain("file:", metadata.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(AllWithTool))]
    public void The_README_of_a_package_stands_alone(string id)
    {
        using var package = Open(id, ".nupkg");
        var readme = Text(package, "README.md");

        // Shown outside of the repository: a link to a file of it leads nowhere.
        Assert.All(MarkdownLink().Matches(readme), link => Assert.StartsWith("https://", link.Groups[2].Value, StringComparison.Ordinal));
        Assert.Equal(
            id switch { PackedFolder.Tool => $"dotnet tool install --global {id}", Internals => "", _ => $"dotnet add package {id}" },
            readme.Split('\n').Select(line => line.Trim())
                .FirstOrDefault(line => line.StartsWith("dotnet ", StringComparison.Ordinal), ""));
        Assert.Equal(id is not (PackedFolder.Tool or Internals), readme.Contains("```csharp\n", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_package_with_settings_has_their_schema(string id)
    {
        var schema = Repository.At("src", id, "ConfigurationSchema.json");
        Assert.Equal(id is "NearCache" or "NearCache.Management" or "NearCache.RabbitMq", File.Exists(schema));

        using var package = Open(id, ".nupkg");
        Assert.Equal(File.Exists(schema), package.GetEntry("ConfigurationSchema.json") is not null);
        Assert.True(!File.Exists(schema) || Text(package, "ConfigurationSchema.json") == File.ReadAllText(schema));
        Assert.Equal(File.ReadAllText(Repository.At("src", "Package.targets")), Text(package, $"buildTransitive/net10.0/{id}.targets"));
    }

    /// <summary>The packages share internals, and NuGet merely warns of some ways to mix versions.</summary>
    [Theory]
    [InlineData("0.1.0", null)]
    [InlineData(
        "0.1.1",
        "The packages of NearCache have different versions: NearCache 0.1.0, NearCache.RabbitMq 0.1.1. They share internals. "
            + "Reference the same version of each.")]
    public async Task A_project_with_two_versions_of_ours_does_not_build(string other, string? error)
    {
        var folder = packed.NewFolder("mixed");
        var imports = new[] { (Id: "NearCache", Version: "0.1.0"), (Id: "NearCache.RabbitMq", Version: other) }.Select(package =>
        {
            var targets = Path.Combine(
                folder, package.Id.ToLowerInvariant(), package.Version, "buildTransitive", "net10.0", package.Id + ".targets");
            Directory.CreateDirectory(Path.GetDirectoryName(targets)!);
            File.Copy(Repository.At("src", "Package.targets"), targets);
            return $"""<Import Project="{targets}" />""";
        });
        var project = Path.Combine(folder, "mixed.proj");
        await File.WriteAllTextAsync(project, $"""<Project>{string.Concat(imports)}<Target Name="CoreCompile" /></Project>""");

        var (status, said) = await Tool.TryAsync(folder, "dotnet", "msbuild", project, "-t:CoreCompile");

        Assert.True(status == 0 == error is null, said);
        Assert.Contains(error ?? "", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NearCache", "NearCache.Memcached", "NearCache.ZooKeeper")]
    [InlineData("NearCache.Management", "NearCache")]
    [InlineData("NearCache.Memcached", "NearCache.Transport")]
    [InlineData("NearCache.ZooKeeper", "NearCache.Transport")]
    [InlineData("NearCache.RabbitMq", "NearCache")]
    [InlineData("NearCache.Transport")]
    public void A_package_depends_exactly_on_its_own_version_of_ours_and_at_least_on_others(string id, params string[] ours)
    {
        var dependencies = Metadata(id).Descendants().Where(element => element.Name.LocalName == "dependency")
            .ToDictionary(element => element.Attribute("id")!.Value, element => element.Attribute("version")!.Value);

        Assert.Equal(ours, dependencies.Keys.Where(name => name.StartsWith("NearCache", StringComparison.Ordinal)));
        Assert.All(ours, name => Assert.Equal($"[{packed.Version}]", dependencies[name]));
        Assert.All(dependencies.Where(other => !ours.Contains(other.Key) && other.Key != "RabbitMQ.Client"), other =>
        {
            Assert.Matches(new Regex(@"^Microsoft\.(Extensions|AspNetCore|IdentityModel)\."), other.Key);
            Assert.Matches(new Regex(@"^(10\.0|8\.\d+)\.\d+$"), other.Value);
        });
    }

    [GeneratedRegex(@"\[([^\]]+)\]\(([^)\s]+)\)")]
    private static partial Regex MarkdownLink();

    [GeneratedRegex(@"^NearCache.*\.xml$")]
    private static partial Regex NearCacheDocumentation();

    private static string Text(ZipArchive package, string name)
    {
        using var reader = new StreamReader(package.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }

    private XElement Metadata(string id)
    {
        using var package = Open(id, ".nupkg");
        return XDocument.Parse(Text(package, id + ".nuspec")).Root!.Elements().Single();
    }

    private ZipArchive Open(string id, string extension) => ZipFile.OpenRead(PathOf(id, extension));

    private string PathOf(string id, string extension) => Path.Combine(packed.Folder, $"{id}.{packed.Version}{extension}");
}
