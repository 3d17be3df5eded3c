using System.CommandLine;

namespace NearCache.Cli.Commands;

/// <summary><c>why</c>: why a key is near or not, and which process wrote it.</summary>
internal static class WhyCommand
{
    public static Command Create(CommandFactory tool)
    {
        var command = new ToolCommand(
            "why",
            "Tells where a key is, by which rule it is near or why it is not, what its item is, and which processes wrote it in the last "
                + "minute. Changes nothing, and does not show the value. Exit code: 0, or 1 if a part of the answer is unknown.",
            "nearcache why product:42");
        var key = new Argument<string>("KEY") { Description = "The key, as the application names it." };
        command.Arguments.Add(key);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var diagnosis = await client.WhyAsync(context.Value(key), cancellationToken).ConfigureAwait(false);
            var text = diagnosis.ToString();

            // The facts, then the meaning in a paragraph of its own.
            foreach (var line in text.Split('\n')[..^1])
            {
                context.Terminal.Line(line);
            }

            context.Terminal.Line();
            context.Terminal.Paragraph("", diagnosis.Summary, 0);
            return diagnosis.Unknown.Count == 0 ? ExitCodes.Success : ExitCodes.Partly;
        });
    }
}
