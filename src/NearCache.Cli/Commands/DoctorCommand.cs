using System.CommandLine;
using System.Text.Json;
using NearCache.Cli.Doctoring;
using NearCache.Cli.Output;

namespace NearCache.Cli.Commands;

/// <summary><c>doctor</c>: checks the whole fleet without changing anything, and says what to do.</summary>
internal static class DoctorCommand
{
    // So that where nothing answers the parts that are read one after another take less than ten seconds.
    private static readonly TimeSpan LongestPart = TimeSpan.FromSeconds(1.8);

    public static Command Create(CommandFactory tool)
    {
        var command = new ToolCommand(
            "doctor",
            "Checks configuration, servers, processes and rules within ten seconds, and says what to do. Changes nothing. "
                + "Exit code: 0 all is well, 1 warnings, 2 errors.",
            "nearcache doctor --config /etc/shop/appsettings.json",
            "nearcache doctor --pre -c appsettings.json --environment Production",
            "nearcache doctor --context shop --json | jq '.checks[] | select(.level != \"good\")'");
        var (pre, json, all) = (
            new Option<bool>("--pre") { Description = "Check before the first process starts: what processes create may be absent." },
            CommandFactory.Json(),
            new Option<bool>("--problems") { Description = "Show only what is wrong." });
        command.Options.Add(pre);
        var within = Durations.Option(
            "--within", "The longest time for all of it. What was not read by then is named, and not judged.", TimeSpan.FromSeconds(10));
        command.Options.Add(all);
        command.Options.Add(within);
        command.Options.Add(json);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var limit = context.Between(within, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
            var checks = FleetDoctor.Examine(
                await ReadAsync(context, context.Value(pre), limit, cancellationToken).ConfigureAwait(false));
            if (context.Value(json))
            {
                Json(context, checks);
            }
            else
            {
                Print(context.Terminal, context.Value(all) ? [.. checks.Where(check => check.Level != CheckLevel.Good)] : checks);
                Summarize(context.Terminal, checks);
            }

            return FleetDoctor.ExitCodeOf(checks);
        });
    }

    /// <summary>Reads the fleet, for at most a time. With invalid settings nothing is read.</summary>
    public static async Task<FleetReading> ReadAsync(
        CommandContext context, bool isBeforeFirstStart, TimeSpan within, CancellationToken cancellationToken)
    {
        var connection = context.Connection;
        if (connection.Mistakes.Count > 0)
        {
            return new FleetReading { Options = connection.Options, Mistakes = connection.Mistakes, Source = connection.Source };
        }

        // Many small parts at once, so the budget of the doctor is that of a busy viewer.
        using var limit = new ReadingLimit(within, context.Host.Time, cancellationToken);
        var client = await limit.OfAsync("everything", context.ConnectAsync(limit.Token, fleet =>
        {
            fleet.ReadOnly = true;
            fleet.RequestsPerSecond = 50;
            fleet.Timeout = connection.Timeout < LongestPart ? connection.Timeout : LongestPart;
        })).ConfigureAwait(false);
        if (client is null)
        {
            return new FleetReading
            {
                Options = connection.Options,
                Source = connection.Source,
                At = context.Host.Time.GetUtcNow(),
                Limit = within,
                Unread = limit.Unread,
            };
        }

        try
        {
            return await new FleetReader(client, connection.Options, context.Host.Time)
                .ReadAsync(connection.Source, isBeforeFirstStart, limit).ConfigureAwait(false);
        }
        finally
        {
            // Closing in good order takes an answer of ZooKeeper, and there may be no time left for it.
            await client.DisposeAsync().AsTask().WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            client.Dispose();
        }
    }

    /// <summary>Writes results by group, each finding with what it means and what to do.</summary>
    public static void Print(Terminal terminal, IReadOnlyList<Check> checks)
    {
        foreach (var group in checks.GroupBy(check => check.Group).OrderBy(group => group.Key))
        {
            terminal.Line(NameOf(group.Key), Tone.Heading);
            foreach (var check in group)
            {
                var (mark, tone) = check.Level switch
                {
                    CheckLevel.Good => ("√", Tone.Good),
                    CheckLevel.Warning => ("!", Tone.Warning),
                    _ => ("×", Tone.Bad),
                };
                terminal.Paragraph(mark, check.Found, 2, tone);
                if (check.Finding is { } finding)
                {
                    terminal.Paragraph("", $"Why: {finding.Why}", 4);
                    terminal.Paragraph("", $"Do:  {check.Remedy}", 4);
                    terminal.Paragraph("", $"See: {finding.Docs}", 4);
                }
            }

            terminal.Line();
        }
    }

    private static void Summarize(Terminal terminal, IReadOnlyList<Check> checks)
    {
        var (errors, warnings) = (checks.Count(check => check.Level == CheckLevel.Error),
            checks.Count(check => check.Level == CheckLevel.Warning));
        var good = checks.Count - errors - warnings;
        terminal.Line(
            errors + warnings == 0
                ? $"All is well: {Words.Count(good, "check")}."
                : $"{Words.Count(errors, "error")}, {Words.Count(warnings, "warning")}; {Words.Count(good, "check")} good.",
            errors > 0 ? Tone.Bad : warnings > 0 ? Tone.Warning : Tone.Good);
    }

    private static void Json(CommandContext context, IReadOnlyList<Check> checks) => JsonOutput.Write(context.Host.Output, json =>
    {
        json.WriteStartObject();
        json.WriteString("namespace", context.Connection.Options.Namespace);
        json.WriteString("at", context.Host.Time.GetUtcNow());
        json.WriteString("status",
            FleetDoctor.ExitCodeOf(checks) switch { ExitCodes.Success => "good", ExitCodes.Partly => "warnings", _ => "errors" });
        WriteChecks(json, checks);
        json.WriteEndObject();
    });

    /// <summary>Writes the results as the member <c>checks</c>.</summary>
    public static void WriteChecks(Utf8JsonWriter json, IEnumerable<Check> checks)
    {
        json.WriteStartArray("checks");
        foreach (var check in checks)
        {
            json.WriteStartObject();
            json.WriteString("group", NameOf(check.Group));
            json.WriteString("level", check.Level switch { CheckLevel.Good => "good", CheckLevel.Warning => "warning", _ => "error" });
            json.WriteString("found", check.Found);
            if (check.Finding is { } finding)
            {
                json.WriteString("id", finding.Id);
                json.WriteString("why", finding.Why);
                json.WriteString("remedy", check.Remedy);
                json.WriteString("docs", finding.Docs);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string NameOf(CheckGroup group) => group == CheckGroup.Memcached ? "memcached" : group.ToString();
}
