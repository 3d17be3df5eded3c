using System.CommandLine;
using NearCache.Cli.Output;
using NearCache.Cli.Rules;

namespace NearCache.Cli.Commands;

/// <summary><c>hot</c> and <c>advise</c>: what is read and written most, and which rules that suggests.</summary>
internal static class TrafficCommands
{
    private const int MaxRows = 20;

    public static Command CreateHot(CommandFactory tool)
    {
        var command = new ToolCommand(
            "hot",
            "Shows the keys that are read and written most in the last minute, over all processes. Keys are shown as the processes report "
                + "them (Reports:Keys). Rates are estimates.",
            "nearcache hot",
            "nearcache hot --count 100");
        var count = new Option<int?>("--count")
        {
            Description = "The most keys that are shown.",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => MaxRows,
        };
        command.Options.Add(count);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var most = context.AtLeastOne(count)!.Value;
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var read = await client.GetHotKeysAsync(cancellationToken).ConfigureAwait(false);
            if (read.Value is not { } hot)
            {
                throw new ToolException($"The hot keys are not known: {read.Unknown!.TrimEnd('.')}. nearcache doctor says what to do.");
            }

            var terminal = context.Terminal;
            terminal.Table(
                ["KEY", "RULE", "NEAR HITS/S", "REMOTE READS/S", "WRITES/S", "SIZE", "KIND"],
                hot.Keys.Take(most).Select(key => (IReadOnlyList<string>)
                [
                    key.Key, key.Rule ?? "none", Words.Rate(key.NearHitsPerSecond), Words.Rate(key.RemoteReadsPerSecond),
                    Words.Rate(key.WritesPerSecond), key.MeanBytes is { } bytes ? Words.Bytes(bytes) : "",
                    key.Nature == KeyNature.Unknown ? "" : key.Nature.ToString().ToLowerInvariant(),
                ]));
            if (hot.Prefixes.Count > 0)
            {
                terminal.Line();
                terminal.Table(
                    ["PREFIX WITHOUT A RULE", "REMOTE READS/S", "OF THESE SAVABLE", "WRITES/S", "KIND"],
                    hot.Prefixes.Take(most).Select(prefix => (IReadOnlyList<string>)
                    [
                        prefix.Prefix, Words.Rate(prefix.RemoteReadsPerSecond), Words.Rate(prefix.SavableReadsPerSecond),
                        Words.Rate(prefix.WritesPerSecond), prefix.Nature == KeyNature.Unknown ? "" : prefix.Nature.ToString()
                            .ToLowerInvariant(),
                    ]));
            }

            terminal.Line();
            terminal.Line($"{Words.Count(hot.Processes, "process reports", "processes report")} keys"
                + (hot.OtherProcesses > 0 ? $", and {Words.Number(hot.OtherProcesses)} do not." : "."));
            foreach (var note in hot.Notes)
            {
                terminal.Paragraph("!", note, 0, Tone.Warning);
            }

            return ExitCodes.Success;
        });
    }

    public static Command CreateAdvise(CommandFactory tool)
    {
        var command = new ToolCommand(
            "advise",
            "Proposes edits of the rules, from what the processes read and write: rules to try as a dry run, dry runs to put in force, and "
                + "rules to remove. Changes nothing: each proposal has the command that makes the edit.",
            "nearcache advise");
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var read = await client.GetProposalsAsync(cancellationToken).ConfigureAwait(false);
            if (read.Value is not { } advice)
            {
                throw new ToolException($"Nothing can be proposed: {read.Unknown!.TrimEnd('.')}. nearcache doctor says what to do.");
            }

            var terminal = context.Terminal;
            foreach (var proposal in advice.Proposals)
            {
                Write(terminal, proposal, advice.Revision);
            }

            if (advice.Proposals.Count == 0)
            {
                terminal.Line("There is nothing to propose.");
            }

            foreach (var keys in advice.NotProposed.Take(MaxRows))
            {
                terminal.Paragraph("-", $"Not proposed: {keys.Keys}. {keys.Reason}", 0, Tone.Quiet);
            }

            foreach (var note in advice.Notes)
            {
                terminal.Paragraph("!", note, 0, Tone.Warning);
            }

            return ExitCodes.Success;
        });
    }

    private static void Write(Terminal terminal, RuleProposal proposal, long revision)
    {
        terminal.Line(
            proposal.Kind switch
            {
                ProposalKind.AddDryRun => $"Try a rule for {proposal.Keys}",
                ProposalKind.Promote => $"Put the dry run {proposal.Rule} ({proposal.Keys}) in force",
                _ => $"Remove {proposal.Rule} ({proposal.Keys})",
            } + $", confidence {proposal.Confidence.ToString().ToLowerInvariant()}",
            Tone.Heading);
        terminal.Paragraph("", proposal.Reason, 2);
        terminal.Paragraph(
            "",
            $"{Words.Rate(proposal.ReadsPerSecond)} reads a second, {Words.Rate(proposal.SavedReadsPerSecond)} of them saved "
                + $"({Words.Bytes(proposal.SavedBytesPerSecond)} a second); {Words.Rate(proposal.WritesPerSecond)} writes a second, at "
                    + $"most "
                + $"{Words.Rate(proposal.AnnouncementsPerSecond)} of {Words.Rate(proposal.AnnouncementBudget)} announcements; "
                + $"{Words.Count(proposal.NearEntries, "entry", "entries")} and {Words.Bytes(proposal.NearBytes)} in a process.",
            2);
        if (proposal.Edit is { } edit)
        {
            terminal.Paragraph("", $"Last edit: {edit.Who}{(edit.IsVerified ? "" : " (claimed)")}, {Words.Time(edit.When)}: {edit.Why}", 2);
        }

        if (CommandOf(proposal, revision) is { } command)
        {
            terminal.Line($"  {command}");
        }

        terminal.Line();
    }

    private static string? CommandOf(RuleProposal proposal, long revision) => proposal.Kind switch
    {
        ProposalKind.AddDryRun => proposal.Settings is { } settings
            ? $"nearcache rules add {SafeText.ShellWord(proposal.Rule)} {Options(settings)} --revision {revision} --why \"…\""
            : null,
        ProposalKind.Promote => $"nearcache rules promote {SafeText.ShellWord(proposal.Rule)} --revision {revision} --why \"…\"",
        _ => $"nearcache rules remove {SafeText.ShellWord(proposal.Rule)} --revision {revision} --why \"…\"",
    };

    // A pattern is in quotes, since a shell would expand it.
    private static string Options(RuleOptions settings)
    {
        var texts = RuleSettings.TextsOf(settings);
        return string.Join(' ', RuleSettings.All.Where(setting => texts.ContainsKey(setting.Name)).SelectMany(
            setting => texts[setting.Name].Select(text => $"{setting.Option} {SafeText.ShellWord(text)}")));
    }
}
