using System.CommandLine;
using System.Text;
using NearCache.Cli.Output;

namespace NearCache.Cli.Commands;

/// <summary><c>key</c>: reads and removes one key.</summary>
internal static class KeyCommands
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static Command Create(CommandFactory tool)
    {
        var command = new ToolCommand(
            "key", "Reads and removes one key.", "nearcache key get product:42", "nearcache key remove product:42");
        command.Subcommands.Add(Get(tool));
        command.Subcommands.Add(Remove(tool));
        return command;
    }

    private static Command Get(CommandFactory tool)
    {
        var command = new ToolCommand(
            "get",
            "Shows the item of a key on memcached: its server, size, remaining lifetime and kind, and its value only with --value. The "
                + "read does not count as an access. Exit code: 0 it is there, 1 it is not.",
            "nearcache key get product:42",
            "nearcache key get product:42 --value");
        var key = new Argument<string>("KEY") { Description = "The key, as the application names it." };
        var value = new Option<bool>("--value")
        {
            Description = "Show the value, which may be personal data: text, or base64 if it is no text.",
        };
        command.Arguments.Add(key);
        command.Options.Add(value);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var diagnosis = await client.WhyAsync(context.Value(key), cancellationToken).ConfigureAwait(false);
            if (diagnosis.Refusal is { } refusal)
            {
                throw new ToolException($"No item can have this key: {refusal}");
            }

            if (diagnosis.Item is not { } item)
            {
                throw new ToolException($"The item was not read: {string.Join("; ", diagnosis.Unknown)}");
            }

            var terminal = context.Terminal;
            terminal.Line($"server:  {diagnosis.Server?.Name}");
            if (!item.Exists)
            {
                terminal.Line("item:    absent");
                return ExitCodes.Partly;
            }

            terminal.Line($"item:    {(item.IsPlaceholder ? "the placeholder of a fill" : item.Content ?? "of another client")}, "
                + $"{Words.Number(item.Size)} bytes, "
                + (item.TimeToLive is { } left ? $"ends in {Words.Of(left)}" : "without expiry")
                + (item.LastAccess is { } access ? $", last accessed {Words.Of(access)} ago" : ""));
            terminal.Line($"rule:    {diagnosis.Rule?.Name ?? "none"}");
            if (context.Value(value))
            {
                Write(terminal, await client.ReadValueAsync(context.Value(key), cancellationToken).ConfigureAwait(false));
            }

            return ExitCodes.Success;
        });
    }

    private static void Write(Terminal terminal, FleetValue value)
    {
        if (!value.Exists)
        {
            terminal.Line("value:   absent by now", Tone.Warning);
            return;
        }

        var text = value.Bytes.Length > 0 ? TextOf(value.Bytes.Span) : "(empty)";
        terminal.Line(text is null ? "value (base64):" : "value:");
        foreach (var line in text?.Split('\n') ?? [Convert.ToBase64String(value.Bytes.Span)])
        {
            terminal.Whole(line.TrimEnd('\r'));
        }
    }

    private static string? TextOf(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
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
