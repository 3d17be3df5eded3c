using System.Reflection;

namespace NearCache.Tests.Conventions;

/// <summary>The sources of this assembly.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    /// <summary>Folders that git ignores.</summary>
    private static readonly string[] Generated = ["artifacts", "bin", "obj", ".git", "__pycache__", ".vs", ".idea", ".vscode"];

    /// <summary>A path below the root.</summary>
    public static string At(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>All files below a folder, except build output; relative to the root, with slashes.</summary>
    public static IEnumerable<string> Files(string folder, string pattern = "*") => Directory
        .EnumerateFiles(At(folder), pattern, SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
        .Where(file => !file.Split('/').Any(Generated.Contains))
        .Order(StringComparer.Ordinal);
}
