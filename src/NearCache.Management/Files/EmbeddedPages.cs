using System.Reflection;
using System.Security.Cryptography;

namespace NearCache.Management.Files;

/// <summary>The pages and their files, which are embedded in the assembly.</summary>
internal static class EmbeddedPages
{
    private const string Prefix = "Pages/";
    private const string Shell = "index.html";

    // Addresses of pages that the shell answers; its script shows the page of the address.
    private static readonly string[] OfShell =
        ["", "changes", "rules", "stop", "processes", "memcached", "zookeeper", "key", "hot"];

    private static readonly Dictionary<string, string> Types = new()
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".png"] = "image/png",
        [".ico"] = "image/x-icon",
        [".woff2"] = "font/woff2",
        [".json"] = "application/json",
        [".txt"] = "text/plain; charset=utf-8",
    };

    /// <summary>Gets the files by their addresses below the console's.</summary>
    public static IReadOnlyDictionary<string, EmbeddedPage> All { get; } = Load(typeof(EmbeddedPages).Assembly);

    private static Dictionary<string, EmbeddedPage> Load(Assembly assembly)
    {
        var files = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(name => name[Prefix.Length..].Replace('\\', '/'), name => Read(assembly, name));
        var pages = new Dictionary<string, EmbeddedPage>(StringComparer.Ordinal);
        foreach (var (path, file) in files)
        {
            // A page has an address without an extension.
            pages[path == Shell ? "" : IsPage(path) ? Path.GetFileNameWithoutExtension(path) : path] = file;
        }

        if (files.TryGetValue(Shell, out var shell))
        {
            foreach (var address in OfShell)
            {
                pages.TryAdd(address, shell);
            }
        }

        return pages;
    }

    private static bool IsPage(string path) => !path.Contains('/') && path.EndsWith(".html", StringComparison.Ordinal);

    private static EmbeddedPage Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        using var content = new MemoryStream();
        stream.CopyTo(content);
        var bytes = content.ToArray();
        return new EmbeddedPage(
            bytes,
            Types.GetValueOrDefault(Path.GetExtension(name), "application/octet-stream"),
            $"\"{Convert.ToHexString(SHA256.HashData(bytes).AsSpan(0, 12))}\"");
    }
}

/// <summary>A file of the pages.</summary>
/// <param name="Content">The content.</param>
/// <param name="Type">The media type.</param>
/// <param name="Tag">The entity tag, which changes with the content.</param>
internal sealed record EmbeddedPage(byte[] Content, string Type, string Tag);
