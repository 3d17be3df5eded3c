using System.Globalization;
using NearCache.Packages.Tests;

[assembly: AssemblyFixture(typeof(PackedFolder))]

namespace NearCache.Packages.Tests;

/// <summary>The packages of this build, in a folder, under a version that no other run has.</summary>
public sealed class PackedFolder : IAsyncLifetime
{
    /// <summary>The libraries.</summary>
    public static readonly string[] Ids =
    [
        "NearCache", "NearCache.Management", "NearCache.Memcached", "NearCache.RabbitMq", "NearCache.Transport", "NearCache.ZooKeeper",
    ];

    /// <summary>The command-line tool.</summary>
    public const string Tool = "NearCache.Cli";

    /// <summary>Every package.</summary>
    public static readonly string[] All = [.. Ids.Append(Tool).Order(StringComparer.Ordinal)];

    private readonly string _root = Directory.CreateTempSubdirectory("nearcache-packages-").FullName;
    private CompilerServer? _compiler;
    private int _folders;

    /// <summary>Where the packages are; a source of packages for NuGet.</summary>
    public string Folder => Path.Combine(_root, "packages");

    public string Version { get; private set; } = "";

    /// <summary>What packing printed.</summary>
    public string Said { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _compiler = await CompilerServer.StartAsync(_root);

        // A number in a version has no leading zero, and the time before ten o'clock has one.
        var suffix = string.Create(CultureInfo.InvariantCulture, $"tests.{Environment.ProcessId}.at{DateTime.UtcNow:HHmmss}");
        Said = await NearCache.Packages.Tests.Tool.RunAsync(Repository.Root, Repository.At("src", "pack.sh"), Folder, "--no-build",
            "-m:1", $"-p:VersionSuffix={suffix}");
        var file = Path.GetFileNameWithoutExtension(Directory.GetFiles(Folder, "NearCache.Transport.*.nupkg").Single());
        Version = file["NearCache.Transport.".Length..];
    }

    /// <summary>A new folder outside the tree, whose projects find the packages.</summary>
    public string NewFolder(string name)
    {
        var number = Interlocked.Increment(ref _folders).ToString(CultureInfo.InvariantCulture);
        var folder = Directory.CreateDirectory(Path.Combine(_root, number, name)).FullName;
        File.WriteAllText(
            Path.Combine(folder, "nuget.config"),
            $"""<configuration><packageSources><add key="packed" value="{Folder}" /></packageSources></configuration>""");
        return folder;
    }

    public ValueTask DisposeAsync()
    {
        _compiler?.Dispose();
        Directory.Delete(_root, recursive: true);

        // NuGet keeps every version that was ever restored.
        var kept = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named
            ? named
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (var folder in All.Select(id => Path.Combine(kept, id.ToLowerInvariant(), Version)).Where(Directory.Exists))
        {
            Directory.Delete(folder, recursive: true);
        }

        return ValueTask.CompletedTask;
    }
}
