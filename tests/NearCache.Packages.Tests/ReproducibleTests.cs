using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace NearCache.Packages.Tests;

/// <summary>Packages depend on the sources alone, and are compared with those of the release before.</summary>
public sealed class ReproducibleTests : IDisposable
{
    // The build of this run has asked the analyzers, and its packing the validation; they change no byte. One process for each build:
    // two builds run at a time.
    private static readonly string[] Quick = ["-p:RunAnalyzersDuringBuild=false", "-m:1"];
    private readonly string _folder = Directory.CreateTempSubdirectory("nearcache-reproducible-").FullName;

    public ReproducibleTests() => Assert.SkipUnless(
        Environment.GetEnvironmentVariable("NEARCACHE_TOOLS") == "all",
        "builds everything twice: NEARCACHE_TOOLS=all runs it");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Two_builds_in_two_folders_are_the_same_bytes()
    {
        var (one, other) = (CopySources("one"), CopySources(Path.Combine("another", "folder", "deeper")));
        await Task.WhenAll(new[] { one, other }.Select(root => Tool.RunAsync(
            root,
            Path.Combine(root, "src", "pack.sh"),
            [Path.Combine(root, "packed"), "-p:EnablePackageValidation=false", .. Quick])));

        var (hashes, others) = (Hashes(one), Hashes(other));
        Assert.Equal(PackedFolder.All.Length * 2, hashes.Count);
        Assert.Equal(hashes, others);
        foreach (var (name, hash) in hashes)
        {
            TestContext.Current.TestOutputHelper!.WriteLine($"[FIGURE] {name}: SHA-256 {hash} in both folders");
        }
    }

    [Fact]
    public async Task A_public_type_that_is_gone_is_found_out()
    {
        var root = CopySources("changed");
        var (project, baseline) = (Path.Combine(root, "src", "NearCache.Transport"), Path.Combine(root, "baseline"));
        var extra = Path.Combine(project, "Extra.cs");
        await File.WriteAllLinesAsync(
            extra,
            ["namespace NearCache.Transport;", "", "/// <summary>Only in the baseline.</summary>", "public static class Extra;"]);
        await Tool.RunAsync(root, "dotnet", ["pack", project, "-c", "Release", "-o", baseline, "-p:Version=0.0.9", .. Quick]);
        File.Delete(extra);

        var (status, said) = await Tool.TryAsync(
            root,
            "dotnet",
            ["pack", project, "-c", "Release", $"-p:BaselineFolder={baseline}", "-p:BaselineVersion=0.0.9", .. Quick]);

        Assert.NotEqual(0, status);
        Assert.Contains("CP0001", said, StringComparison.Ordinal);
        Assert.Contains("NearCache.Transport.Extra", said, StringComparison.Ordinal);
    }

    /// <summary>Debuggers find the sources of a clone with a remote, and the page of the package names it.</summary>
    [Fact]
    public async Task A_package_names_the_remote_of_its_clone()
    {
        var root = CopySources("cloned");
        foreach (var command in new[]
        {
            "init --quiet", "remote add origin https://github.com/example/nearcache.git", "add --all",
            "-c user.name=test -c user.email=test@example.com commit --quiet --message=All",
        })
        {
            await Tool.RunAsync(root, "git", command.Split(' '));
        }

        var commit = (await Tool.RunAsync(root, "git", "rev-parse", "HEAD")).Trim();
        var project = Path.Combine(root, "src", "NearCache.Transport");
        var said = await Tool.RunAsync(root, "dotnet", ["pack", project, "-c", "Release", "-o", root, "-p:Version=0.0.9", .. Quick]);

        Assert.DoesNotContain("warn", said, StringComparison.OrdinalIgnoreCase);
        using var package = ZipFile.OpenRead(Path.Combine(root, "NearCache.Transport.0.0.9.nupkg"));
        using var symbols = ZipFile.OpenRead(Path.Combine(root, "NearCache.Transport.0.0.9.snupkg"));
        var description = Text(package, "NearCache.Transport.nuspec");
        Assert.Contains("<projectUrl>https://github.com/example/nearcache</projectUrl>", description, StringComparison.Ordinal);
        Assert.Contains(
            $"""<repository type="git" url="https://github.com/example/nearcache.git" """, description, StringComparison.Ordinal);
        Assert.Contains($"commit=\"{commit}\"", description, StringComparison.Ordinal);
        Assert.Contains(
            $"https://raw.githubusercontent.com/example/nearcache/{commit}/*",
            Text(symbols, "lib/net10.0/NearCache.Transport.pdb"),
            StringComparison.Ordinal);
    }

    private static string Text(ZipArchive archive, string name)
    {
        using var reader = new StreamReader(archive.GetEntry(name)!.Open(), Encoding.Latin1);
        return reader.ReadToEnd();
    }

    private string CopySources(string name)
    {
        var root = Path.Combine(_folder, name);
        Repository.Copy(Repository.At("src"), Path.Combine(root, "src"));
        foreach (var file in new[] { "Directory.Build.props", ".editorconfig", "global.json", "CHANGELOG.md" })
        {
            File.Copy(Repository.At(file), Path.Combine(root, file));
        }

        return root;
    }

    private static SortedDictionary<string, string> Hashes(string root) => new(
        Directory.EnumerateFiles(Path.Combine(root, "packed")).ToDictionary(
            file => Path.GetFileName(file),
            file => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))),
        StringComparer.Ordinal);
}
