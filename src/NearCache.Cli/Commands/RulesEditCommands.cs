using System.CommandLine;
using System.Globalization;
using NearCache.Cli.Rules;

namespace NearCache.Cli.Commands;

/// <summary>
/// <c>rules add</c>, <c>set</c>, <c>enable</c>, <c>disable</c>, <c>remove</c>, <c>promote</c> and <c>undo</c>: each is one edit.
/// </summary>
internal static class RulesEditCommands
{
    public static IEnumerable<Command> Create(CommandFactory tool) =>
    [
        Add(tool),
        Set(tool),
        Named(tool, "enable", "Puts a rule in force, and ends its dry run.", (rules, name, reason, token) =>
            rules.EnableAsync(name, reason, token)),
        Named(tool, "disable",
            "Takes a rule out of force without removing it. During an incident use nearcache stop, which needs no ZooKeeper.",
            (rules, name, reason, token) => rules.DisableAsync(name, reason, token)),
        Named(tool, "remove", "Removes a rule. nearcache rules undo brings it back.",
            (rules, name, reason, token) => rules.RemoveAsync(name, reason, token)),
        Promote(tool),
        Undo(tool),
    ];

    private static Command Add(CommandFactory tool)
    {
        var command = new ToolCommand(
            "add",
            "Adds a rule. Its keys are kept near after about one RuleLease.",
            "nearcache rules add products --match 'product:*' --near-lifetime 00:05:00 --why \"product pages\"",
            "nearcache rules add menus --match 'menu:*' --dry-run true --why \"see what it would save\"");
        var (name, edit, settings) = (NameOf(command), new EditOptions(command), SettingsOf(command));
        return tool.Does(command, (context, cancellationToken) => EditAsync(context, client => client.Rules.AddAsync(
            RuleSettings.Read(context.Value(name), Given(context, settings)), edit.ReasonOf(context), cancellationToken),
                cancellationToken));
    }

    private static Command Set(CommandFactory tool)
    {
        var command = new ToolCommand(
            "set",
            $"Changes settings of a rule; the value \"{RuleSettings.Default}\" restores a default.",
            "nearcache rules set products --near-lifetime 00:10:00 --why \"fewer reads of the database\"",
            $"nearcache rules set products --max-entries {RuleSettings.Default} --why \"memory is enough\"");
        var (name, edit, settings) = (NameOf(command), new EditOptions(command), SettingsOf(command));
        return tool.Does(command, (context, cancellationToken) =>
        {
            var given = Given(context, settings).ToArray();
            return given.Length == 0
                ? throw new ToolException("Nothing to change: pass at least one setting, such as --near-lifetime 00:05:00.")
                : EditAsync(context, client => client.Rules.ChangeAsync(
                    context.Value(name), rule => Change(rule, given), edit.ReasonOf(context), cancellationToken), cancellationToken);
        });
    }

    private static void Change(RuleOptions rule, IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> given)
    {
        var texts = RuleSettings.TextsOf(rule);
        foreach (var (setting, values) in given)
        {
            if (values is [RuleSettings.Default])
            {
                texts.Remove(setting);
            }
            else
            {
                texts[setting] = values;
            }
        }

        RuleSettings.Copy(RuleSettings.Read(rule.Name, texts), rule);
    }

    private static Command Named(
        CommandFactory tool,
        string verb,
        string description,
        Func<IRuleRegistry, string, EditReason, CancellationToken, Task<RegistrySnapshot>> change)
    {
        var command = new ToolCommand(verb, description, $"nearcache rules {verb} products --why \"ticket 4711\"");
        var (name, edit) = (NameOf(command), new EditOptions(command));
        return tool.Does(command, (context, cancellationToken) => EditAsync(
            context, client => change(client.Rules, context.Value(name), edit.ReasonOf(context), cancellationToken), cancellationToken));
    }

    private static Command Promote(CommandFactory tool)
    {
        var command = new ToolCommand(
            "promote",
            "Puts a dry run in force, unless the fleet writes its keys too often. The dry run must be a minute and a half old.",
            "nearcache rules promote menus --max-writes 10 --why \"the dry run saved 400 reads a second\"");
        var most = new Option<double>("--max-writes")
        {
            Description = "The writes a second of all processes above which it is refused.",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => 10,
        };
        var (name, edit) = (NameOf(command), new EditOptions(command));
        command.Options.Add(most);
        return tool.Does(command, (context, cancellationToken) => EditAsync(context, client =>
            client.Rules.EndDryRunAsync(context.Value(name), context.Value(most), edit.ReasonOf(context), cancellationToken),
                cancellationToken));
    }

    private static Command Undo(CommandFactory tool)
    {
        var command = new ToolCommand(
            "undo",
            "Undoes an edit of the history by a new one; later edits of other rules remain.",
            "nearcache rules undo 41 --why \"the old lifetime was right\"");
        var revision = new Argument<long>("REVISION") { Description = "The revision of the edit, from nearcache rules history." };
        command.Arguments.Add(revision);
        var edit = new EditOptions(command);
        return tool.Does(command, (context, cancellationToken) => EditAsync(context, client =>
            client.Rules.UndoAsync(context.Value(revision), edit.ReasonOf(context), cancellationToken), cancellationToken));
    }

    /// <summary>Makes an edit, and writes what it changed.</summary>
    public static async Task<int> EditAsync(
        CommandContext context, Func<FleetClient, Task<RegistrySnapshot>> edit, CancellationToken cancellationToken)
    {
        context.ThrowIfReadOnly();
        var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await using var close = client.ConfigureAwait(false);
        var before = (await client.GetRulesAsync(cancellationToken).ConfigureAwait(false)).Current.Value?.Revision ?? 0;
        Written(context, await edit(client).ConfigureAwait(false), before);
        return ExitCodes.Success;
    }

    /// <summary>Writes the edit that led to a revision.</summary>
    public static void Written(CommandContext context, RegistrySnapshot after, long before)
    {
        if (after.Revision == before)
        {
            context.Terminal.Line($"Nothing to change: revision {after.Revision} is so already.");
            return;
        }

        context.Terminal.Line(string.Create(
            CultureInfo.InvariantCulture, $"Revision {after.Revision}. Undo: nearcache rules undo {after.Revision} --why \"…\""));
        foreach (var line in after.History.LastOrDefault(edit => edit.Revision == after.Revision) is { } last ? RuleChanges.Describe(last)
            : [])
        {
            context.Terminal.Line($"  {line}");
        }
    }

    private static Argument<string> NameOf(Command command)
    {
        var name = new Argument<string>("RULE") { Description = "The name of the rule." };
        command.Arguments.Add(name);
        return name;
    }

    private static (RuleSetting Setting, Option<string[]> Option)[] SettingsOf(Command command)
    {
        var options = RuleSettings.All
            .Select(setting => (setting,
                new Option<string[]>(setting.Option) { Description = setting.Description, HelpName = setting.HelpName }))
            .ToArray();
        foreach (var (_, option) in options)
        {
            command.Options.Add(option);
        }

        return options;
    }

    private static IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> Given(
        CommandContext context, (RuleSetting Setting, Option<string[]> Option)[] settings) => settings
            .Where(one => context.Has(one.Option))
            .Select(one => KeyValuePair.Create<string, IReadOnlyList<string>>(one.Setting.Name, context.Value(one.Option)!));
}

/// <summary>The options of every edit: author, reason and the expected revision.</summary>
internal sealed class EditOptions
{
    private readonly ReasonOptions _reason;
    private readonly Option<long?> _revision = new("--revision")
    {
        Description = "Refuse the edit unless the rules have this revision.",
        HelpName = "NUMBER",
    };

    /// <summary>Creates the options of a command.</summary>
    public EditOptions(Command command)
    {
        _reason = new ReasonOptions().AddTo(command);
        command.Options.Add(_revision);
    }

    /// <summary>Returns the reason of an edit.</summary>
    public EditReason ReasonOf(CommandContext context) => _reason.Of(context, context.Value(_revision));
}
