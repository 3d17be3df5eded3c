using System.CommandLine;
using NearCache.Cli.Output;
using NearCache.Cli.Rules;

namespace NearCache.Cli.Commands;

/// <summary><c>rules export</c>, <c>diff</c> and <c>apply</c>: the rules as a file under version control.</summary>
internal static class RulesFileCommands
{
    public static IEnumerable<Command> Create(CommandFactory tool) => [Export(tool), Diff(tool), Apply(tool)];

    private static Command Export(CommandFactory tool)
    {
        var command = new ToolCommand(
            "export",
            "Writes the rules as a file that rules apply reads.",
            "nearcache rules export > rules.json",
            "nearcache rules export -f rules.json");
        var file = new Option<string?>("--file", "-f") { Description = "The file. Default: standard output.", HelpName = "FILE" };
        command.Options.Add(file);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var rules = await RulesCommands.CurrentAsync(client, cancellationToken).ConfigureAwait(false);
            var text = RulesFile.Text(rules.Rules.Select(rule => rule.Settings));
            if (context.Value(file) is { } path)
            {
                await File.WriteAllTextAsync(Path.Combine(context.Host.Folder, path), text + "\n", cancellationToken).ConfigureAwait(false);
                context.Terminal.Note($"{Words.Count(rules.Rules.Count, "rule")} of revision {rules.Revision} written to {path}.");
            }
            else
            {
                await context.Host.Output.WriteLineAsync(text).ConfigureAwait(false);
            }

            return ExitCodes.Success;
        });
    }

    private static Command Diff(CommandFactory tool)
    {
        var command = new ToolCommand(
            "diff",
            "Shows what rules apply would change. Exit code: 0 nothing, 1 there are differences.",
            "nearcache rules diff -f rules.json");
        var (file, prune) = FileOptions(command);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var rules = Read(context, file);
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var preview = await client.Rules.PreviewAsync(rules, context.Value(prune), cancellationToken).ConfigureAwait(false);
            Write(context.Terminal, preview);
            return preview.Changes.Count == 0 ? ExitCodes.Success : ExitCodes.Partly;
        });
    }

    private static Command Apply(CommandFactory tool)
    {
        var command = new ToolCommand(
            "apply",
            "Gives the registry the rules of a file in one edit: shows the difference and asks. Nothing happens if they are equal. The "
                + "edit is "
                + "refused if the rules are edited meanwhile, or do not have the revision that is expected.",
            "nearcache rules apply -f rules.json --why \"release 2026.11\"",
            "nearcache rules apply -f rules.json --prune --revision 41 --yes --why \"$CI_COMMIT_TITLE\"");
        var (file, prune) = FileOptions(command);
        var reason = new ReasonOptions().AddTo(command);
        var revision = new Option<long?>("--revision")
        {
            Description = "Refuse the edit unless the rules have this revision, such as that of the export that the file was made from.",
            HelpName = "NUMBER",
        };
        var yes = CommandFactory.Yes();
        command.Options.Add(revision);
        command.Options.Add(yes);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            context.ThrowIfReadOnly();
            var rules = Read(context, file);
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var preview = await client.Rules.PreviewAsync(rules, context.Value(prune), cancellationToken).ConfigureAwait(false);
            if (context.Value(revision) is { } expected && expected != preview.Revision)
            {
                throw new ToolException(
                    $"Nothing was changed: the rules have revision {preview.Revision}, not {expected}. See nearcache rules "
                    + "history, export the rules again, and merge.");
            }

            Write(context.Terminal, preview);
            if (preview.Changes.Count == 0)
            {
                return ExitCodes.Success;
            }

            if (!context.Value(yes) && !context.Terminal.Confirm($"Apply {Words.Count(preview.Changes.Count, "change")}?"))
            {
                context.Terminal.Note("Nothing was changed.");
                return ExitCodes.Failure;
            }

            var after = await client.Rules.ApplyAsync(
                rules, context.Value(prune), reason.Of(context, preview.Revision), cancellationToken).ConfigureAwait(false);
            context.Terminal.Line($"Applied as revision {after.Revision}. Undo: nearcache rules undo {after.Revision} --why \"…\"");
            return ExitCodes.Success;
        });
    }

    private static (Option<string> File, Option<bool> Prune) FileOptions(Command command)
    {
        var file = new Option<string>("--file", "-f")
        {
            Description = "The file: { \"Rules\": [ … ] }, as in appsettings.json.",
            HelpName = "FILE",
            Required = true,
        };
        var prune = new Option<bool>("--prune") { Description = "Remove rules that are not in the file." };
        command.Options.Add(file);
        command.Options.Add(prune);
        return (file, prune);
    }

    private static IReadOnlyList<RuleOptions> Read(CommandContext context, Option<string> file) =>
        RulesFile.Read(Path.Combine(context.Host.Folder, context.Value(file)!));

    private static void Write(Terminal terminal, RulePreview preview)
    {
        foreach (var line in preview.Changes.SelectMany(RuleChanges.Describe))
        {
            terminal.Line(line, line[0] switch { '+' => Tone.Good, '-' => Tone.Bad, _ => Tone.Warning });
        }

        terminal.Line(preview.Changes.Count == 0
            ? $"No difference: revision {preview.Revision} is so already."
            : $"{Words.Count(preview.Changes.Count, "rule")} would change in revision {preview.Revision}.");
    }
}
