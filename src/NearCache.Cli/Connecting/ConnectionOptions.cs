using System.CommandLine;

namespace NearCache.Cli.Connecting;

/// <summary>The options of every command that say which fleet is meant, and how it is reached.</summary>
/// <remarks>No option takes a password: an argument is seen by every user of the machine, and kept in the history of the shell.</remarks>
internal sealed class ConnectionOptions
{
    public Option<string?> Config { get; } = new("--config", "-c")
    {
        Description = "The appsettings.json of the caches; appsettings.ENVIRONMENT.json beside it and environment variables are read, too.",
        HelpName = "FILE",
    };

    public Option<string> Section { get; } = new("--section")
    {
        Description = "The section of the configuration that holds the settings of the caches.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "NearCache",
    };

    public Option<string?> Environment { get; } = new("--environment")
    {
        Description = "The environment whose settings are read. Default: DOTNET_ENVIRONMENT, or Production.",
        HelpName = "NAME",
    };

    public Option<string?> Context { get; } = new("--context")
    {
        Description = "A connection of the contexts file. Default: NEARCACHE_CONTEXT, or the current one of the file.",
        HelpName = "NAME",
    };

    public Option<string?> Contexts { get; } = new("--contexts")
    {
        Description = "The contexts file. Default: NEARCACHE_CONTEXTS, or .nearcache/contexts.json in the home folder.",
        HelpName = "FILE",
    };

    public Option<string[]> Memcached { get; } = new("--memcached")
    {
        Description = "A memcached server, host:port. Repeat it, or separate several by commas.",
        HelpName = "SERVER",
    };

    public Option<string?> ZooKeeper { get; } = new("--zookeeper")
    {
        Description = "The ZooKeeper servers and the chroot, such as zk-1:2181,zk-2:2181/app.",
        HelpName = "SERVERS",
    };

    public Option<string?> Namespace { get; } = new("--namespace", "-n") { Description = "The namespace.", HelpName = "NAME" };

    public Option<bool> Tls { get; } = new("--tls") { Description = "Use TLS to memcached." };

    public Option<bool> ZooKeeperTls { get; } = new("--zookeeper-tls") { Description = "Use TLS to ZooKeeper." };

    public Option<string?> User { get; } = new("--user")
    {
        Description = "The user of memcached. The password comes from NEARCACHE_MEMCACHED_PASSWORD, or is asked for.",
        HelpName = "NAME",
    };

    public Option<string?> ZooKeeperUser { get; } = new("--zookeeper-user")
    {
        Description = "The digest user of ZooKeeper. The password comes from NEARCACHE_ZOOKEEPER_PASSWORD, or is asked for.",
        HelpName = "NAME",
    };

    public Option<bool> ReadOnly { get; } = new("--read-only") { Description = "Make every change impossible." };

    public Option<double> Timeout { get; } = new("--timeout")
    {
        Description = "The seconds that one part of an answer may take.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 3,
    };

    public Option<bool> NoColor { get; } = new("--no-color") { Description = "Write no colors, as NO_COLOR does." };

    /// <summary>Gets all options.</summary>
    public IReadOnlyList<Option> All =>
    [
        Config, Section, Environment, Context, Contexts, Memcached, ZooKeeper, Namespace, Tls, ZooKeeperTls, User, ZooKeeperUser,
        ReadOnly, Timeout, NoColor,
    ];

    /// <summary>Adds the options to a command and to those below it.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            option.Recursive = true;
            command.Options.Add(option);
        }
    }
}
