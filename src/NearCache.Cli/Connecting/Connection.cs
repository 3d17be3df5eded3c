using System.CommandLine;
using System.Globalization;
using System.Net.Security;
using System.Text;
using Microsoft.Extensions.Configuration;
using NearCache.ZooKeeper;

namespace NearCache.Cli.Connecting;

/// <summary>The fleet that a command is about: the settings of its caches, and where they come from.</summary>
/// <param name="Options">The settings of the caches.</param>
/// <param name="Mistakes">The mistakes in them, as a starting cache names them.</param>
/// <param name="IsReadOnly">Whether changes are impossible.</param>
/// <param name="Timeout">The time that one part of an answer may take.</param>
/// <param name="Source">Where the settings come from, in words.</param>
/// <param name="Settings">The settings as they are written; null if they come from options of the command line alone.</param>
internal sealed record Connection(
    NearCacheOptions Options,
    IReadOnlyList<string> Mistakes,
    bool IsReadOnly,
    TimeSpan Timeout,
    string Source,
    IConfiguration? Settings)
{
    private const string AppSettings = "appsettings.json";

    /// <summary>
    /// Reads the settings: from a file, from a context, or from the options, which override what a file or a context says.
    /// </summary>
    public static Connection Of(ParseResult command, ConnectionOptions names, ToolHost host)
    {
        var (options, source, settings, isReadOnly) = Read(command, names, host);
        if (command.GetValue(names.Namespace) is { } name)
        {
            options.Namespace = name;
        }

        string[] servers = [.. (command.GetValue(names.Memcached) ?? []).SelectMany(
            one => one.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        if (servers.Length > 0)
        {
            options.Memcached.Servers = [.. servers];
        }

        options.ZooKeeper.ConnectionString = command.GetValue(names.ZooKeeper) ?? options.ZooKeeper.ConnectionString;
        if (command.GetValue(names.Tls))
        {
            options.Memcached.Tls ??= new SslClientAuthenticationOptions();
        }

        if (command.GetValue(names.ZooKeeperTls))
        {
            options.ZooKeeper.Tls ??= new SslClientAuthenticationOptions();
        }

        Passwords(command, names, host, options);
        var seconds = command.GetValue(names.Timeout);
        return seconds is < 0.1 or > 60 or double.NaN
            ? throw new ToolException(
                string.Create(CultureInfo.InvariantCulture, $"--timeout is {seconds}, but must be from 0.1 to 60 seconds."))
            : new Connection(
                options,
                FleetConfiguration.FindMistakes(options),
                isReadOnly || command.GetValue(names.ReadOnly),
                TimeSpan.FromSeconds(seconds),
                source,
                settings);
    }

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

    private static (NearCacheOptions Options, string Source, IConfiguration? Settings, bool IsReadOnly) Read(
        ParseResult command, ConnectionOptions names, ToolHost host)
    {
        var (config, section, environment) = (command.GetValue(names.Config), command.GetValue(names.Section)!, Environment());
        if (config is not null)
        {
            return OfFile(Path.Combine(host.Folder, config), section, environment, isReadOnly: false);
        }

        var named = command.GetValue(names.Context) ?? host.Variable("NEARCACHE_CONTEXT");
        var servers = command.GetResult(names.Memcached) is { Implicit: false }
            || command.GetResult(names.ZooKeeper) is { Implicit: false };
        if (named is not null || !servers)
        {
            var file = ContextsFile.Find(host, command.GetValue(names.Contexts));
            if ((named ?? file?.Current) is { Length: > 0 } name)
            {
                var context = (file ?? throw new ToolException(
                    $"There is no contexts file for the context \"{name}\". Name it by --contexts or NEARCACHE_CONTEXTS.")).Get(name);
                return context.Settings is { } settings
                    ? (FleetConfiguration.Read(settings), $"the context {name}", settings, context.IsReadOnly)
                    : OfFile(context.Config!, context.Section ?? section, context.Environment ?? environment, context.IsReadOnly);
            }
        }

        return servers
            ? (new NearCacheOptions(), "the command line", null, false)
            : Path.Combine(host.Folder, AppSettings) is var own && File.Exists(own)
            ? OfFile(own, section, environment, isReadOnly: false)
            : throw new ToolException(
                "No fleet is named: pass --config appsettings.json, --context NAME, or --memcached, --zookeeper and --namespace.");

        string Environment() => command.GetValue(names.Environment) ?? host.Variable("DOTNET_ENVIRONMENT") ?? "Production";

        static (NearCacheOptions, string, IConfiguration?, bool) OfFile(string path, string section, string environment, bool isReadOnly)
        {
            var found = ConfigurationFile.Read(path, environment).GetSection(section);
            return found.Exists()
                ? (FleetConfiguration.Read(found), path, found, isReadOnly)
                : throw new ToolException($"{path} has no section \"{section}\". Name the section of the caches by --section.");
        }
    }

    private static void Passwords(ParseResult command, ConnectionOptions names, ToolHost host, NearCacheOptions options)
    {
        options.Memcached.UserName = command.GetValue(names.User) ?? options.Memcached.UserName;
        if (options.Memcached.UserName is { Length: > 0 } user)
        {
            options.Memcached.Password = host.Variable("NEARCACHE_MEMCACHED_PASSWORD") ?? options.Memcached.Password
                ?? Ask($"Password of {user} on memcached", "NEARCACHE_MEMCACHED_PASSWORD", host);
        }

        if (command.GetValue(names.ZooKeeperUser) is { Length: > 0 } other)
        {
            var password = host.Variable("NEARCACHE_ZOOKEEPER_PASSWORD")
                ?? Ask($"Password of {other} on ZooKeeper", "NEARCACHE_ZOOKEEPER_PASSWORD", host);
            options.ZooKeeper.Authentications.Add(
                new ZooKeeperAuthentication { Scheme = "digest", Credentials = Encoding.UTF8.GetBytes($"{other}:{password}") });
        }
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
