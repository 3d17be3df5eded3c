using System.Text.Json.Nodes;

namespace NearCache.Packages.Tests;

/// <summary>Beside each package lies what it brings, by CycloneDX.</summary>
public sealed class BillOfMaterialsTests(PackedFolder packed) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nearcache-materials-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_lists_ours_and_the_packages_of_others_with_licences()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("NEARCACHE_TOOLS") == "all",
            "restores a tool: NEARCACHE_TOOLS=all runs it");
        await Tool.RunAsync(Repository.Root, Repository.At("src", "sbom.sh"), packed.Folder, _folder);

        var file = Path.Combine(_folder, $"NearCache.{packed.Version}.cdx.json");
        var bill = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        var components = bill["components"]!.AsArray().ToDictionary(component => (string)component!["name"]!);

        Assert.Equal("NearCache", (string?)bill["metadata"]!["component"]!["name"]);
        Assert.Equal(
            ["NearCache.Memcached", "NearCache.Transport", "NearCache.ZooKeeper"],
            PackedFolder.All.Intersect(components.Keys).Order(StringComparer.Ordinal));
        var others = components.Where(component => component.Key.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(others);
        Assert.All(others, component => Assert.Equal("MIT", (string?)component.Value!["licenses"]![0]!["license"]!["id"]));
        Assert.Equal(
            PackedFolder.All.Select(id => $"{id}.{packed.Version}.cdx.json"),
            Directory.GetFiles(_folder).Select(name => Path.GetFileName(name)!).Order(StringComparer.Ordinal));
    }
}
