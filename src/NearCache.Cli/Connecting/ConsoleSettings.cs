using System.CommandLine;
using Microsoft.Extensions.Configuration;

namespace NearCache.Cli.Connecting;

/// <summary>
/// The settings of the stand-alone console: the one fleet that the command line names, or every fleet of the contexts file. Environment
/// variables of the console add to them.
/// </summary>
internal static class ConsoleSettings
{
    /// <summary>Returns the settings; empty if neither the command line nor a file names a fleet.</summary>
    public static IConfiguration Of(ParseResult command, ConnectionOptions names, ToolHost host)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var isOne = command.GetValue(names.Config) is not null || Connection.NamesServers(command, names)
            || Connection.ContextName(command, names, host) is not null;
        if (!isOne && ContextsFile.Find(host, command.GetValue(names.Contexts)) is { } all)
        {
            RefuseOverrides(command, names);
            Add(settings, all.ConsoleSettings);
            foreach (var context in all.All)
            {
                var section = Connection.SectionOf(context, command, names, host);
                Add(settings, context.Name, context.Cluster, section, context.IsReadOnly || command.GetValue(names.ReadOnly));
            }
        }
        else if (isOne || Connection.HasOwnFile(host))
        {
            var one = Connection.Of(command, names, host);
            Add(settings, one.Context?.File.ConsoleSettings ?? []);
            Add(settings, one.Context?.Name ?? one.Options.Namespace, one.Context?.Cluster, one.Settings, one.IsReadOnly);
        }

        return new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
    }

    private static void RefuseOverrides(ParseResult command, ConnectionOptions names)
    {
        Option[] ofOneFleet = [names.Namespace, names.Tls, names.ZooKeeperTls, names.User, names.ZooKeeperUser];
        if (Array.Find(ofOneFleet, option => command.GetResult(option) is { Implicit: false }) is { } option)
        {
            throw new ToolException($"{option.Name} is a setting of one fleet, and the contexts file has several: name one by --context.");
        }
    }

    private static void Add(
        Dictionary<string, string?> settings, string name, string? cluster, IConfiguration caches, bool isReadOnly)
    {
        var path = ConfigurationPath.Combine("Contexts", name);
        if (cluster is not null)
        {
            settings[ConfigurationPath.Combine(path, "Cluster")] = cluster;
        }

        settings[ConfigurationPath.Combine(path, "ReadOnly")] = isReadOnly ? "true" : "false";
        foreach (var (setting, value) in caches.AsEnumerable(makePathsRelative: true))
        {
            settings[ConfigurationPath.Combine(path, "NearCache", setting)] = value;
        }
    }

    private static void Add(Dictionary<string, string?> settings, IEnumerable<KeyValuePair<string, string?>> more)
    {
        foreach (var (setting, value) in more)
        {
            settings[setting] = value;
        }
    }
}
