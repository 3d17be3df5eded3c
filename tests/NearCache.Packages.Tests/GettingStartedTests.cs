namespace NearCache.Packages.Tests;

/// <summary>From an empty directory to a near hit, by the first lines of docs/getting-started.md.</summary>
public sealed class GettingStartedTests(PackedFolder packed)
{
    [Fact]
    public async Task An_empty_directory_has_its_first_near_hit()
    {
        var folder = packed.NewFolder("shop");

        await Tool.RunAsync(folder, "dotnet", "new", "web", "--no-restore");
        await Tool.RunAsync(folder, "dotnet", "add", "package", "NearCache", "--version", packed.Version);
        File.Copy(Repository.At("samples", "FirstHit", "Program.cs"), Path.Combine(folder, "Program.cs"), overwrite: true);
        File.Copy(Repository.At("samples", "FirstHit", "appsettings.json"), Path.Combine(folder, "appsettings.json"), overwrite: true);
        var said = await Tool.RunAsync(folder, "dotnet", "build", "--nologo", "-o", Path.Combine(folder, "out"));
        Assert.Contains("0 Warning(s)", said, StringComparison.Ordinal);

        // What makes editors know the settings in appsettings.json.
        var schemas = await Tool.RunAsync(folder, "dotnet", "msbuild", "-getItem:JsonSchemaSegment");
        Assert.Contains(Path.Combine("nearcache", packed.Version), schemas, StringComparison.Ordinal);
        Assert.Contains("ConfigurationSchema.json", schemas, StringComparison.Ordinal);

        await using var shop = new WebProcess(Path.Combine(folder, "out", "shop.dll"), folder);
        await shop.StartAsync();
        Assert.Equal("product 1, from Factory\n", await shop.GetAsync("/product/1"));
        Assert.Equal("product 1, from Near\n", await shop.GetAsync("/product/1"));
    }

    [Fact]
    public void The_page_begins_with_these_lines()
    {
        var page = File.ReadAllText(Repository.At("docs", "getting-started.md"));
        var lines = page.Split('\n').Select(line => line.Trim()).ToList();

        Assert.Equal(
            ["dotnet new web -o shop", "cd shop", "dotnet add package NearCache"],
            lines.SkipWhile(line => !line.StartsWith("dotnet ", StringComparison.Ordinal)).Take(3));
        Assert.Contains(File.ReadAllText(Repository.At("samples", "FirstHit", "Program.cs")), page, StringComparison.Ordinal);
        Assert.Contains(File.ReadAllText(Repository.At("samples", "FirstHit", "appsettings.json")), page, StringComparison.Ordinal);
    }
}
