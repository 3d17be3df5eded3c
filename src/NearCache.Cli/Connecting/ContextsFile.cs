using Microsoft.Extensions.Configuration;

namespace NearCache.Cli.Connecting;

/// <summary>The file that names the fleets of an operator. The console reads the same file.</summary>
/// <remarks>
/// A context is the path of a configuration (<c>Config</c>, with <c>Section</c> and <c>Environment</c>), or has the settings itself
/// (<c>NearCache</c>). <c>ReadOnly</c> makes changes through it impossible. <c>Cluster</c> and what stands beside the contexts are for the
/// console.
/// </remarks>
/// <param name="path">The path of the file.</param>
/// <param name="file">Its content.</param>
internal sealed class ContextsFile(string path, IConfiguration file)
{
    private const string ContextsSection = "Contexts";
    private const string CurrentName = "Current";

    private static readonly string[] Members = ["Cluster", "Config", "Section", "Environment", "ReadOnly", "NearCache"];

    /// <summary>Returns the file; null if there is none and none was asked for.</summary>
    public static ContextsFile? Find(ToolHost host, string? asked)
    {
        var named = asked ?? host.Variable("NEARCACHE_CONTEXTS");
        var home = host.Variable("HOME") ?? host.Variable("USERPROFILE");
        var path = named is { Length: > 0 } ? Path.Combine(host.Folder, named)
            : home is { Length: > 0 } ? Path.Combine(home, ".nearcache", "contexts.json")
            : null;
        return path is not null && File.Exists(path) ? new ContextsFile(path, ConfigurationFile.Read(path))
            : named is { Length: > 0 }
                ? throw new ToolException($"There is no contexts file {path}. Correct --contexts or NEARCACHE_CONTEXTS.")
            : null;
    }

    /// <summary>Gets the name of the context that is used if none is named; null if the file names none.</summary>
    public string? Current => file[CurrentName];

    /// <summary>Gets a sentence that names the contexts.</summary>
    public string Names => file.GetSection(ContextsSection).GetChildren().Select(one => one.Key).ToArray() is { Length: > 0 } all
        ? $"{path} has: {string.Join(", ", all)}."
        : $"{path} has no contexts.";

    /// <summary>Gets all contexts.</summary>
    public IEnumerable<NamedContext> All => file.GetSection(ContextsSection).GetChildren().Select(Read);

    /// <summary>Gets the settings of the console beside the contexts, by their paths.</summary>
    public IEnumerable<KeyValuePair<string, string?>> ConsoleSettings => file.GetChildren()
        .Where(child => !child.Key.Equals(ContextsSection, StringComparison.OrdinalIgnoreCase)
            && !child.Key.Equals(CurrentName, StringComparison.OrdinalIgnoreCase))
        .SelectMany(child => child.AsEnumerable());

    /// <summary>Returns whether a configuration is that of a contexts file.</summary>
    public static bool Has(IConfiguration file) => file.GetSection(ContextsSection).Exists();

    /// <summary>Returns a context.</summary>
    public NamedContext Get(string name)
    {
        return Read(file.GetSection(ContextsSection).GetChildren().FirstOrDefault(context => context.Key == name)
            ?? throw new ToolException($"There is no context \"{name}\". {Names}"));
    }

    private NamedContext Read(IConfigurationSection context)
    {
        var name = context.Key;
        if (context.GetChildren().FirstOrDefault(member => !Members.Contains(member.Key, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw new ToolException($"{path}: the context \"{name}\" has the unknown entry \"{unknown.Key}\". Known are: "
                + string.Join(", ", Members) + ".");
        }

        var isReadOnly = context["ReadOnly"] switch
        {
            null => false,
            var text when bool.TryParse(text, out var value) => value,
            var text => throw new ToolException($"{path}: ReadOnly of the context \"{name}\" is \"{text}\", but must be true or false."),
        };
        var settings = context.GetSection("NearCache");
        return (context["Config"], settings.Exists()) switch
        {
            ({ } config, false) => new NamedContext(
                this,
                name,
                context["Cluster"],
                Path.Combine(Path.GetDirectoryName(path)!, config),
                context["Section"],
                context["Environment"],
                null,
                isReadOnly),
            (null, true) => new NamedContext(this, name, context["Cluster"], null, null, null, settings, isReadOnly),
            _ => throw new ToolException(
                $"{path}: the context \"{name}\" needs either Config, the path of an appsettings.json, or NearCache, the settings."),
        };
    }
}

/// <summary>A context of the file: the path of a configuration, or settings.</summary>
internal sealed record NamedContext(
    ContextsFile File,
    string Name,
    string? Cluster,
    string? Config,
    string? Section,
    string? Environment,
    IConfigurationSection? Settings,
    bool IsReadOnly);
