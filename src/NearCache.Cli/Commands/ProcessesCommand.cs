using System.CommandLine;
using System.Globalization;
using NearCache.Cli.Doctoring;
using NearCache.Cli.Output;

namespace NearCache.Cli.Commands;

/// <summary><c>processes</c>: the processes of the fleet by their reports, or one of them in full.</summary>
internal static class ProcessesCommand
{
    public static Command Create(CommandFactory tool)
    {
        var command = new ToolCommand(
            "processes",
            "Lists the processes by their reports, or shows one in full: its servers, its carriers of announcements, its session in "
                + "ZooKeeper, and its warnings. A report is some seconds old. Exit code: 0, or 1 if processes may be missing from the "
                + "list.",
            "nearcache processes",
            "nearcache processes shop-7d9f-x2x4q",
            "nearcache processes --json | jq '.processes[] | select(.carriers | to_entries | any(.value == false))'");
        var name = new Argument<string?>("PROCESS")
        {
            Description = "The pod or host, the beginning of the id (at least four digits), or the process id.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = CommandFactory.Json();
        command.Arguments.Add(name);
        command.Options.Add(json);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var reports = await client.GetReportsAsync(cancellationToken).ConfigureAwait(false);
            if (reports.Value is not { } read)
            {
                throw new ToolException(
                    $"The processes are not known: {reports.Unknown!.TrimEnd('.')}. nearcache doctor says what to do.");
            }

            if (context.Value(name) is { } wanted)
            {
                var process = Find(read, wanted);
                var detail = await client.GetReportAsync(process.Id, cancellationToken).ConfigureAwait(false);
                if (context.Value(json))
                {
                    JsonOutput.Write(context.Host.Output, writer => ProcessJson.Write(writer, process, detail));
                }
                else
                {
                    ProcessPage.Write(context.Terminal, process, detail, context.Host.Time.GetUtcNow());
                }

                return ExitCodes.Success;
            }

            string[] missing =
            [
                .. read.MembersUnknown is { } why && context.Connection.Options.ZooKeeper.ConnectionString.Length > 0
                    ? [$"processes without a report are not listed: {why}"]
                    : Array.Empty<string>(),
                .. read.Servers.Where(server => server.Problem is not null).Select(server => $"{server.Name}: {server.Problem}"),
            ];
            if (context.Value(json))
            {
                JsonOutput.Write(context.Host.Output, writer => ProcessJson.Write(writer, read, missing));
            }
            else
            {
                List(context.Terminal, read, context.Host.Time.GetUtcNow());
                foreach (var reason in missing)
                {
                    context.Terminal.Note($"Processes may be missing: {reason.TrimEnd('.')}.");
                }
            }

            return missing.Length == 0 ? ExitCodes.Success : ExitCodes.Partly;
        });
    }

    /// <summary>Returns the state of a process in a few words.</summary>
    public static string StateOf(ProcessReport process) => process switch
    {
        { Summary: null } => "no report",
        { Status: ProcessReportStatus.Silent } => $"silent {Words.Of(process.Age ?? TimeSpan.Zero)}",
        { Summary.State: var state } => state.ToString().ToLowerInvariant(),
    };

    /// <summary>Returns the names of the carriers that do not deliver to a process; empty if all do or none is known.</summary>
    public static string SilentCarriersOf(ProcessReport process) => string.Join(
        ", ", CarriersOf(process).Where(carrier => !carrier.Value).Select(carrier => carrier.Key));

    private static IReadOnlyDictionary<string, bool> CarriersOf(ProcessReport process) =>
        process.Summary?.Carriers ?? new Dictionary<string, bool>();

    private static void List(Terminal terminal, FleetReports read, DateTimeOffset now)
    {
        if (read.Processes.Count == 0)
        {
            terminal.Line("No process runs or has run lately.");
            return;
        }

        terminal.Table(
            ["PROCESS", "STATE", "UP FOR", "REPORTED", "STALENESS", "THREAD DELAY", "CARRIERS", "VERSION", "ID"],
            read.Processes.Select(process => (IReadOnlyList<string>)
            [
                FleetReading.NameOf(process),
                StateOf(process),
                process.Summary is { } summary ? Words.Of(now - summary.StartedAt) : "",
                process.Age is { } age ? $"{Words.Of(age)} ago" : "",
                process.Summary is null ? "" : process.Summary.ConfirmedBefore is { } staleness ? Words.Of(staleness) : "unconfirmed",
                process.Summary is null ? "" : Words.Of(process.Summary.ThreadPoolDelay),
                string.Join(", ", CarriersOf(process).Select(carrier => carrier.Value ? carrier.Key : $"× {carrier.Key}")),
                process.Summary?.Version ?? process.Member?.Version ?? "",
                process.Id.Length > 8 ? process.Id[..8] : process.Id,
            ]));
        terminal.Line();
        terminal.Line(string.Join(", ", read.Processes.GroupBy(process => process.Status).OrderBy(group => group.Key)
            .Select(group => Words.Count(group.Count(), "process", "processes") + group.Key switch
            {
                ProcessReportStatus.Live => " running",
                ProcessReportStatus.Silent => " silent",
                ProcessReportStatus.Ended => " ended",
                _ => " without a report",
            })) + ".");
        if (read.Processes.Any(process => SilentCarriersOf(process).Length > 0))
        {
            terminal.Line("× does not deliver announcements: nearcache processes PROCESS has the reason.", Tone.Warning);
        }
    }

    private static ProcessReport Find(FleetReports read, string wanted)
    {
        ProcessReport[] found =
        [
            .. read.Processes.Where(process => process.Id == wanted || FleetReading.NameOf(process) == wanted
                || wanted == process.Summary?.Pod || wanted == (process.Summary?.Host ?? process.Member?.Host)
                || wanted == (process.Summary?.ProcessId ?? process.Member?.ProcessId)?.ToString(CultureInfo.InvariantCulture)
                || (wanted.Length >= 4 && process.Id.StartsWith(wanted, StringComparison.Ordinal))),
        ];

        // The reports of earlier processes of a pod stay for 15 minutes.
        return (found.Count(IsLive) == 1 ? [.. found.Where(IsLive)] : found) switch
        {
            [var one] => one,
            [] => throw new ToolException(read.Processes.Count == 0
                ? $"There is no process \"{wanted}\": no process runs or has run lately."
                : $"There is no process \"{wanted}\"; there are: {Words.List(read.Processes.Select(FleetReading.NameOf), 10)}."),
            _ => throw new ToolException(
                $"{Words.Count(found.Length, "process", "processes")} are meant by \"{wanted}\": pass one of the ids "
                    + $"{Words.List(found.Select(process => $"{process.Id} ({FleetReading.NameOf(process)})"), 10)}."),
        };

        static bool IsLive(ProcessReport process) => process.Status == ProcessReportStatus.Live;
    }
}
