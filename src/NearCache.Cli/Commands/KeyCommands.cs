using System.CommandLine;

namespace NearCache.Cli.Commands;

/// <summary><c>key</c>: reads and removes one key.</summary>
internal static class KeyCommands
{
    public static Command Create(CommandFactory tool)
    {
        var command = new ToolCommand("key", "Removes one key.", "nearcache key remove product:42");
        command.Subcommands.Add(Remove(tool));
        return command;
    }

    private static Command Remove(CommandFactory tool)
    {
        var command = new ToolCommand(
            "remove",
            "Removes a key from memcached and from the near tier of every process, as a removal by an application does.",
            "nearcache key remove product:42",
            "nearcache key remove product:42 --yes");
        var key = new Argument<string>("KEY") { Description = "The key, as the application names it." };
        var yes = CommandFactory.Yes();
        command.Arguments.Add(key);
        command.Options.Add(yes);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            context.ThrowIfReadOnly();
            var name = context.Value(key);
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            if (!context.Value(yes) && !context.Terminal.Confirm($"Remove {name} from namespace {client.Namespace}?"))
            {
                context.Terminal.Note("Nothing was removed.");
                return ExitCodes.Failure;
            }

            var existed = await client.RemoveKeyAsync(name, cancellationToken).ConfigureAwait(false);
            context.Terminal.Line(existed
                ? $"Removed {name}. Every process drops its near entry within about a second."
                : $"{name} was not there. Every process drops its near entry, if it has one, within about a second.");
            return ExitCodes.Success;
        });
    }
}
