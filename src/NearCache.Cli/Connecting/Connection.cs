using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace NearCache.Cli.Connecting;

/// <summary>The fleet that a command is about: the settings of its caches, and where they come from.</summary>
/// <param name="Options">The settings of the caches.</param>
/// <param name="Mistakes">The mistakes in them, as a starting cache names them.</param>
/// <param name="IsReadOnly">Whether changes are impossible.</param>
/// <param name="Timeout">The time that one part of an answer may take.</param>
/// <param name="Source">Where the settings come from, in words.</param>
/// <param name="Settings">The settings as they are written, with what the command line says in their place, passwords included.</param>
/// <param name="Context">The context that names the fleet; null if something else does.</param>
internal sealed record Connection(
    NearCacheOptions Options,
    IReadOnlyList<string> Mistakes,
    bool IsReadOnly,
    TimeSpan Timeout,
    string Source,
    IConfiguration Settings,
    NamedContext? Context)
{
    private const string AppSettings = "appsettings.json";

    /// <summary>
    /// Reads the settings: from a file, from a context, or from the options, which override what a file or a context says.
    /// </summary>
    public static Connection Of(ParseResult command, ConnectionOptions names, ToolHost host)
    {
        var seconds = command.GetValue(names.Timeout);
        if (seconds is < 0.1 or > 60 or double.NaN)
        {
            throw new ToolException(
                string.Create(CultureInfo.InvariantCulture, $"--timeout is {seconds}, but must be from 0.1 to 60 seconds."));
        }

        var (section, source, context) = Read(command, names, host);
        var settings = Override(new EffectiveSettings(section), command, names, host).Build();
        var options = FleetConfiguration.Read(settings);
        return new Connection(
            options,
            FleetConfiguration.FindMistakes(options),
            context?.IsReadOnly == true || command.GetValue(names.ReadOnly),
            TimeSpan.FromSeconds(seconds),
            source,
            settings,
            context);
    }

    /// <summary>Returns whether options name the servers of a fleet.</summary>
    public static bool NamesServers(ParseResult command, ConnectionOptions names) =>
        command.GetResult(names.Memcached) is { Implicit: false } || command.GetResult(names.ZooKeeper) is { Implicit: false };

    /// <summary>Returns the name of the context that is asked for; null if none is.</summary>
    public static string? ContextName(ParseResult command, ConnectionOptions names, ToolHost host) =>
        command.GetValue(names.Context) ?? (host.Variable("NEARCACHE_CONTEXT") is { Length: > 0 } name ? name : null);

    /// <summary>Returns whether there is a file of settings in the current folder.</summary>
    public static bool HasOwnFile(ToolHost host) => File.Exists(Path.Combine(host.Folder, AppSettings));

    /// <summary>Returns the section with the settings of a context.</summary>
    public static IConfigurationSection SectionOf(NamedContext context, ParseResult command, ConnectionOptions names, ToolHost host) =>
        context.Settings ?? SectionOf(
            context.Config!, context.Section ?? command.GetValue(names.Section)!, context.Environment ?? Environment(command, names, host));

    /// <summary>Connects. Servers that do not answer are no failure.</summary>
    /// <exception cref="ToolException">The settings are invalid.</exception>
    public Task<FleetClient> ConnectAsync(ToolHost host, CancellationToken cancellationToken, Action<FleetClientOptions>? configure = null)
    {
        if (Mistakes.Count > 0)
        {
            throw new ToolException($"The settings ({Source}) are invalid: {string.Join(' ', Mistakes)}");
        }

        var fleet = new FleetClientOptions { ReadOnly = IsReadOnly, Timeout = Timeout };
        configure?.Invoke(fleet);
        return FleetClient.ConnectAsync(Options, fleet, null, host.Time, cancellationToken);
    }

    private static (IConfigurationSection? Section, string Source, NamedContext? Context) Read(
        ParseResult command, ConnectionOptions names, ToolHost host)
    {
        if (command.GetValue(names.Config) is { } config)
        {
            return OfFile(Path.Combine(host.Folder, config));
        }

        var (named, servers) = (ContextName(command, names, host), NamesServers(command, names));
        ContextsFile? file = null;
        if (named is not null || !servers)
        {
            file = ContextsFile.Find(host, command.GetValue(names.Contexts));
            if ((named ?? file?.Current) is { Length: > 0 } name)
            {
                var context = (file ?? throw new ToolException(
                    $"There is no contexts file for the context \"{name}\". Name it by --contexts or NEARCACHE_CONTEXTS.")).Get(name);
                return (SectionOf(context, command, names, host), context.Config ?? $"the context {name}", context);
            }
        }

        return servers ? (null, "the command line", null)
            : HasOwnFile(host) ? OfFile(Path.Combine(host.Folder, AppSettings))
            : file is not null ? throw new ToolException($"No fleet is named: pass --context NAME. {file.Names}")
            : throw new ToolException(
                "No fleet is named: pass --config appsettings.json, --context NAME, or --memcached, --zookeeper and --namespace.");

        (IConfigurationSection, string, NamedContext?) OfFile(string path) =>
            (SectionOf(path, command.GetValue(names.Section)!, Environment(command, names, host)), path, null);
    }

    private static IConfigurationSection SectionOf(string path, string section, string environment)
    {
        var file = ConfigurationFile.Read(path, environment);
        return file.GetSection(section) is var found && found.Exists() ? found
            : ContextsFile.Has(file) ? throw new ToolException($"{path} is a contexts file: pass it by --contexts.")
            : throw new ToolException($"{path} has no section \"{section}\". Name the section of the caches by --section.");
    }

    private static string Environment(ParseResult command, ConnectionOptions names, ToolHost host) =>
        command.GetValue(names.Environment) ?? host.Variable("DOTNET_ENVIRONMENT") ?? "Production";

    private static EffectiveSettings Override(EffectiveSettings settings, ParseResult command, ConnectionOptions names, ToolHost host)
    {
        settings.Set("Namespace", command.GetValue(names.Namespace));
        settings.SetList(
            "Memcached:Servers",
            [.. (command.GetValue(names.Memcached) ?? []).SelectMany(
                one => one.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))]);
        settings.Set("ZooKeeper:ConnectionString", command.GetValue(names.ZooKeeper));
        settings.Set("Memcached:Tls", command.GetValue(names.Tls) ? "true" : null);
        settings.Set("ZooKeeper:Tls", command.GetValue(names.ZooKeeperTls) ? "true" : null);
        settings.Set("Memcached:UserName", command.GetValue(names.User));
        if (settings["Memcached:UserName"] is { Length: > 0 } user)
        {
            settings.Set("Memcached:Password", host.Variable("NEARCACHE_MEMCACHED_PASSWORD") ?? settings["Memcached:Password"]
                ?? Ask($"Password of {user} on memcached", "NEARCACHE_MEMCACHED_PASSWORD", host));
        }

        if (command.GetValue(names.ZooKeeperUser) is { Length: > 0 } other)
        {
            // Beside the identities of the settings, whose keys are numbers.
            var password = host.Variable("NEARCACHE_ZOOKEEPER_PASSWORD")
                ?? Ask($"Password of {other} on ZooKeeper", "NEARCACHE_ZOOKEEPER_PASSWORD", host);
            settings.Set("ZooKeeper:Authentications:user:Scheme", "digest");
            settings.Set("ZooKeeper:Authentications:user:Credentials", $"{other}:{password}");
        }

        return settings;
    }

    private static string Ask(string question, string variable, ToolHost host)
    {
        if (!host.IsInputTerminal)
        {
            throw new ToolException($"{question} is not known, and there is no terminal to ask: set {variable}.");
        }

        host.Error.Write($"{question}: ");
        var password = host.ReadSecret();
        host.Error.WriteLine();
        return password is { Length: > 0 } ? password : throw new ToolException($"{question} is empty: set {variable}, or type it.");
    }
}
