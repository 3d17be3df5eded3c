using System.CommandLine;

namespace NearCache.Cli.Commands;

/// <summary><c>rules</c>: reads and edits the rules of the registry.</summary>
internal static class RulesCommands
{
    public static Command Create(CommandFactory tool)
    {
        var rules = new ToolCommand("rules", "Reads and edits the rules: which keys are kept near.", "nearcache rules list",
            "nearcache rules history");
        foreach (var command in (Command[])
            [
                .. RulesReadingCommands.Create(tool),
                .. RulesEditCommands.Create(tool),
                .. RulesFileCommands.Create(tool),
            ])
        {
            rules.Subcommands.Add(command);
        }

        return rules;
    }

    /// <summary>Returns the rules and stops that count.</summary>
    public static async Task<RegistrySnapshot> CurrentAsync(FleetClient client, CancellationToken cancellationToken)
    {
        var rules = await client.GetRulesAsync(cancellationToken).ConfigureAwait(false);
        return rules.Current is { IsKnown: true, Value: var current }
            ? current
            : throw new ToolException($"The rules are not known: {rules.Current.Unknown!.TrimEnd('.')}. nearcache doctor says what to do.");
    }

    /// <summary>Returns a rule.</summary>
    public static RegisteredRule Find(RegistrySnapshot rules, string name) => rules.Rules.FirstOrDefault(rule => rule.Settings.Name == name)
        ?? throw new ToolException($"There is no rule \"{name}\" in revision {rules.Revision}. There "
            + (rules.Rules.Count == 0 ? "are none." : $"are: {string.Join(", ", rules.Rules.Select(rule => rule.Settings.Name))}."));
}
