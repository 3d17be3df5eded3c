using System.CommandLine;
using NearCache.Cli.Output;
using NearCache.Cli.Rules;

namespace NearCache.Cli.Commands;

/// <summary><c>rules list</c>, <c>show</c> and <c>history</c>.</summary>
internal static class RulesReadingCommands
{
    public static IEnumerable<Command> Create(CommandFactory tool) => [List(tool), Show(tool), History(tool)];

    private static Command List(CommandFactory tool)
    {
        var command = new ToolCommand("list", "Lists the rules with their use by all processes in the last minute.",
            "nearcache rules list --json");
        var json = CommandFactory.Json();
        command.Options.Add(json);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var rules = await RulesCommands.CurrentAsync(client, cancellationToken).ConfigureAwait(false);
            var usage = await client.GetUsageAsync(cancellationToken).ConfigureAwait(false);
            if (context.Value(json))
            {
                ListJson(context, rules, usage);
                return ExitCodes.Success;
            }

            var used = (usage.Value ?? []).ToDictionary(rule => rule.Rule);
            context.Terminal.Table(
                ["RULE", "MATCH", "STATE", "NEAR HITS/S", "REMOTE READS/S", "WRITES/S"],
                rules.Rules.Select(rule => rule.Settings).Select(rule =>
                {
                    var use = used.GetValueOrDefault(rule.Name);
                    string Rate(double? rate) => rate is { } known ? Words.Rate(known) : "unknown";
                    return (IReadOnlyList<string>)
                    [
                        rule.Name, rule.Match, StateOf(rule, rules), Rate(use?.NearHitsPerSecond), Rate(use?.RemoteReadsPerSecond),
                        Rate(use?.WritesPerSecond),
                    ];
                }));
            context.Terminal.Line();
            context.Terminal.Line($"Revision {rules.Revision}, {Words.Count(rules.Rules.Count, "rule")}"
                + (rules.Stops.Count > 0 ? $", {Words.Count(rules.Stops.Count, "stop")} in force (nearcache stops)." : "."));
            if (!usage.IsKnown)
            {
                context.Terminal.Note($"The use is not known: {usage.Unknown}");
            }

            return ExitCodes.Success;
        });
    }

    private static void ListJson(CommandContext context, RegistrySnapshot rules, Observed<IReadOnlyList<RuleUsage>> usage) =>
        JsonOutput.Write(context.Host.Output, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("revision", rules.Revision);
            json.WriteStartArray("rules");
            foreach (var rule in rules.Rules)
            {
                var use = usage.Value?.FirstOrDefault(one => one.Rule == rule.Settings.Name);
                json.WriteStartObject();
                json.WritePropertyName("settings");
                RuleSettings.Write(json, rule.Settings);
                json.WriteString("state", StateOf(rule.Settings, rules));
                json.WriteNumber("since", rule.Since);
                json.Number("nearHitsPerSecond", use?.NearHitsPerSecond);
                json.Number("remoteReadsPerSecond", use?.RemoteReadsPerSecond);
                json.Number("writesPerSecond", use?.WritesPerSecond);
                json.Number("announcementsPerSecond", use?.AnnouncementsPerSecond);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });

    private static Command Show(CommandFactory tool)
    {
        var command = new ToolCommand("show", "Shows one rule: its settings, its use, and its last edits.",
            "nearcache rules show products");
        var name = new Argument<string>("RULE") { Description = "The name of the rule." };
        command.Arguments.Add(name);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var rules = await RulesCommands.CurrentAsync(client, cancellationToken).ConfigureAwait(false);
            var rule = RulesCommands.Find(rules, context.Value(name));
            var usage = await client.GetUsageAsync(cancellationToken).ConfigureAwait(false);
            var terminal = context.Terminal;
            terminal.Line($"{rule.Settings.Name}: {StateOf(rule.Settings, rules)}, since revision {rule.Since}", Tone.Heading);
            foreach (var (setting, texts) in RuleSettings.TextsOf(rule.Settings))
            {
                terminal.Line($"  {setting + ":",-24} {string.Join(", ", texts)}");
            }

            terminal.Line(usage.Value?.FirstOrDefault(one => one.Rule == rule.Settings.Name) is { } use
                ? $"  Last minute, a second:   {Words.Rate(use.NearHitsPerSecond)} near hits, {Words.Rate(use.RemoteReadsPerSecond)} "
                    + $"remote reads, "
                    + $"{Words.Rate(use.WritesPerSecond)} writes, {Words.Rate(use.AnnouncementsPerSecond)} announced"
                : $"  Last minute:             unknown: {usage.Unknown}");
            foreach (var stop in rules.Stops.Where(stop => stop.Rule is null || stop.Rule == rule.Settings.Name))
            {
                terminal.Line($"  Stopped:                 {StopCommands.Describe(stop)}", Tone.Warning);
            }

            Write(terminal, rules.History.Where(edit => edit.Changes?.Any(change => change.Name == rule.Settings.Name) == true));
            return ExitCodes.Success;
        });
    }

    private static Command History(CommandFactory tool)
    {
        var command = new ToolCommand(
            "history",
            "Shows the last edits, newest last: what changed, with author and reason. An author that no program has verified is marked as "
                + "claimed.",
            "nearcache rules history",
            "nearcache rules undo 41 --why \"the old lifetime was right\"");
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var rules = await RulesCommands.CurrentAsync(client, cancellationToken).ConfigureAwait(false);
            Write(context.Terminal, rules.History);
            if (rules.History.Count == 0)
            {
                context.Terminal.Note("There is no history: no registry in ZooKeeper, or no edit yet.");
            }

            return ExitCodes.Success;
        });
    }

    /// <summary>Returns the state of a rule in a few words.</summary>
    public static string StateOf(RuleOptions rule, RegistrySnapshot rules) =>
        rules.Stops.Any(stop => stop.Rule is null || stop.Rule == rule.Name) ? "stopped"
        : rule.DryRun ? "dry run"
        : rule.Enabled ? "on"
        : "off";

    private static void Write(Terminal terminal, IEnumerable<RegistryEdit> edits)
    {
        foreach (var edit in edits)
        {
            terminal.Line($"{edit.Revision}  {Words.Time(edit.When)}  {edit.Who}{(edit.IsVerified ? "" : " (claimed)")}: {edit.Why}",
                Tone.Heading);
            foreach (var line in RuleChanges.Describe(edit))
            {
                terminal.Line($"    {line}");
            }
        }
    }
}
