using System.Reflection;

namespace NearCache.IntegrationTests;

/// <summary>The folder of the sources, and the programs built from them.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(data => data.Key == "RepositoryRoot").Value!;

    /// <summary>A sample as built with this test: artifacts/bin/NAME/CONFIGURATION/NAME.dll.</summary>
    public static string Sample(string name)
    {
        var pivot = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.Combine(Root, "artifacts", "bin", name, pivot, name + ".dll");
    }

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));
}
