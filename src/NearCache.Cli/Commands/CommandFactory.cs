using System.CommandLine;
using NearCache.Cli.Connecting;

namespace NearCache.Cli.Commands;

/// <summary>Creates the commands, and the options that several of them have.</summary>
/// <param name="host">The machine.</param>
/// <param name="names">The options that name the fleet.</param>
internal sealed class CommandFactory(ToolHost host, ConnectionOptions names)
{
    /// <summary>Returns all commands, in the order of the help.</summary>
    public IEnumerable<Command> CreateAll() =>
    [
        DoctorCommand.Create(this),
        WhyCommand.Create(this),
        KeyCommands.Create(this),
        RulesCommands.Create(this),
        .. StopCommands.Create(this),
        ProcessesCommand.Create(this),
        ConnectionsCommand.Create(this),
        ZNodesCommands.CreateZNodes(this),
        ZNodesCommands.CreateClean(this),
        TopCommand.Create(this),
        WatchCommand.Create(this),
        TrafficCommands.CreateHot(this),
        TrafficCommands.CreateAdvise(this),
        BundleCommand.Create(this),
        ConsoleCommand.Create(this),
    ];

    /// <summary>Sets what a command does.</summary>
    public Command Does(Command command, Func<CommandContext, CancellationToken, Task<int>> action)
    {
        command.SetAction((parsed, cancellationToken) => action(new CommandContext(host, parsed, names), cancellationToken));
        return command;
    }

    /// <summary>Creates the option that asks for JSON.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Write JSON, for scripts." };

    /// <summary>Creates the option that answers a question in advance.</summary>
    public static Option<bool> Yes() => new("--yes", "-y") { Description = "Do not ask." };
}
