using System.Globalization;
using NearCache.Cli.Doctoring;
using NearCache.Cli.Output;

namespace NearCache.Cli.Commands;

/// <summary>One process in full, for people.</summary>
internal static class ProcessPage
{
    public static void Write(Terminal terminal, ProcessReport process, Observed<ProcessDetail> observed, DateTimeOffset now)
    {
        terminal.Line($"{FleetReading.NameOf(process)}: {ProcessesCommand.StateOf(process)}", Tone.Heading);
        void Say(string name, string? text)
        {
            if (text is { Length: > 0 })
            {
                terminal.Line($"  {name + ":",-16} {text}");
            }
        }

        Say("Id", process.Id);
        Say("Version", process.Summary?.Version ?? process.Member?.Version);
        if (process.Summary is { } summary)
        {
            Say("Host", summary.Pod is null ? null : summary.Host);
            Say("Node", string.Join(", ", new[] { summary.Node, summary.NodeAddress }.OfType<string>()));
            Say("Started", $"{Words.Time(summary.StartedAt)}, {Words.Of(now - summary.StartedAt)} ago"
                + (summary.Starts > 1 ? $"; {Words.Number(summary.Starts)} starts without a pause" : ""));
            Say("Reported", $"{Words.Of(process.Age ?? TimeSpan.Zero)} ago, on {Words.List(process.Servers)}");
            Say("Rules", $"revision {summary.RulesRevision}"
                + (summary.Stops > 0 ? $", {Words.Count(summary.Stops, "stop")} applied" : ""));
            Say("Staleness", summary.ConfirmedBefore is { } staleness ? $"at most {Words.Of(staleness)}"
                : "unconfirmed: a server has never been confirmed");
            Say("Reads", $"{Words.Number(summary.NearHits)} near, {Words.Number(summary.RemoteReads)} from memcached, "
                + $"{Words.Number(summary.Failures)} failed operations, {Words.Number(summary.FactoryRuns)} factory runs since the start");
            Say("Threads", $"work has waited for {Words.Of(summary.ThreadPoolDelay)} at most; garbage collection took "
                + Words.Of(summary.GarbageCollectionPause));
            Say("Monitor", summary.Monitor is { } monitor
                ? $"{Words.Count(monitor.Violations, "violation")}"
                    + (monitor.Checked is { } done ? $" in {Words.Count(done, "check")} of near hits" : "")
                : null);
        }

        if (observed.Value is not { } detail)
        {
            terminal.Line();
            terminal.Line($"Its long report is not known: {observed.Unknown}", Tone.Warning);
            Carriers(terminal, process);
            return;
        }

        Say("Near tier", $"{Words.Count(detail.NearEntries, "entry", "entries")} in {Words.Bytes(detail.NearBytes)}, "
            + $"{Words.Number(detail.NearEvictions)} evicted");
        Say("ZooKeeper", detail.ZooKeeper is { } ensemble
            ? $"{ensemble.State}, {Words.Number(ensemble.Requests)} requests, {Words.Number(ensemble.Failures)} failed"
            : null);
        Say("Warnings", string.Join(", ", detail.Warnings.OrderBy(warning => warning.Key)
            .Select(warning => string.Create(CultureInfo.InvariantCulture, $"{warning.Key} ({warning.Value} times)"))));
        Say("Left out", string.Join(", ", detail.Dropped));
        Carriers(terminal, detail);
        if (detail.Servers.Count > 0)
        {
            terminal.Line();
            terminal.Table(
                ["SERVER", "NEAR", "CONFIRMED", "LATENCY P99", "CONNECTIONS", "IDENTITY"],
                detail.Servers.Select(server => (IReadOnlyList<string>)
                [
                    server.Name,
                    server.IsServedNear ? "yes" : "no",
                    server.ConfirmedBefore is { } before ? $"{Words.Of(before)} ago" : "never",
                    server.RemoteLatency is { } latency ? Words.Of(latency) : "",
                    Words.Number(server.ConnectionCount),
                    server.Identity is { Length: > 8 } identity ? identity[..8] : server.Identity ?? "",
                ]));
        }
    }

    private static void Carriers(Terminal terminal, ProcessDetail detail)
    {
        if (detail.Carriers.Count == 0)
        {
            return;
        }

        terminal.Line();
        terminal.Table(
            ["CARRIER", "DELIVERS", "SENT", "FAILED", "RECEIVED", "WAITING", "MAY SEND", "MEMBERS"],
            detail.Carriers.Select(carrier => (IReadOnlyList<string>)
            [
                carrier.Name, carrier.IsDelivering ? "yes" : "no", Words.Number(carrier.Sent), Words.Number(carrier.Failed),
                Words.Number(carrier.Received), Words.Number(carrier.Waiting), $"{Words.Rate(carrier.MessagesPerSecond)}/s",
                Words.Number(carrier.Members),
            ]));
        foreach (var carrier in detail.Carriers.Where(carrier => !carrier.IsDelivering))
        {
            terminal.Paragraph(
                "!",
                $"{carrier.Name} does not deliver{(carrier.Problem is { } why ? $": {why.TrimEnd('.')}" : "")}. "
                    + (detail.Carriers.Any(other => other.IsDelivering) ? "The other carrier does."
                        : "Changes elsewhere are seen by audits, within about a second."),
                2,
                Tone.Warning);
        }
    }

    // Without the long report only the names are known.
    private static void Carriers(Terminal terminal, ProcessReport process)
    {
        if (ProcessesCommand.SilentCarriersOf(process) is { Length: > 0 } silent)
        {
            terminal.Paragraph("!", $"{silent} does not deliver.", 2, Tone.Warning);
        }
    }
}
