using System.Reflection;

namespace NearCache.IntegrationTests;

/// <summary>Where the sources lie, and what was built from them.</summary>
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
