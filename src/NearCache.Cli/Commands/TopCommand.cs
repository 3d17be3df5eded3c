using System.CommandLine;
using NearCache.Cli.Output;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace NearCache.Cli.Commands;

/// <summary><c>top</c>: the fleet, again and again: processes, rules, servers and hot keys.</summary>
internal static class TopCommand
{
    private const int MaxRows = 20;
    private const int MaxKeys = 5;

    private static readonly string[] Sorts = ["hits", "reads", "failures", "delay", "staleness", "name"];

    public static Command Create(CommandFactory tool)
    {
        var command = new ToolCommand(
            "top",
            "Shows processes, rules, servers and hot keys with their rates, every few seconds: in place on a terminal, as lines otherwise. "
                + "Ends with Ctrl+C.",
            "nearcache top",
            "nearcache top --sort delay",
            "nearcache top --count 1");
        var (sort, interval, count) = (
            new Option<string>("--sort")
            {
                Description = "The order of processes: hits, reads, failures, delay, staleness or name.",
                HelpName = "COLUMN",
                DefaultValueFactory = _ => "hits",
            },
            Durations.Option("--interval", "The time between two readings. Processes report every 5 s.", TimeSpan.FromSeconds(5)),
            new Option<int?>("--count") { Description = "End after this many readings with rates.", HelpName = "NUMBER" });
        sort.AcceptOnlyFromAmong(Sorts);
        foreach (var option in (Option[])[sort, interval, count])
        {
            command.Options.Add(option);
        }

        return tool.Does(command, async (context, cancellationToken) =>
        {
            var wait = context.Between(interval, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
            var most = context.AtLeastOne(count);
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var time = context.Host.Time;
            var before = await TopReading.ReadAsync(client, time, cancellationToken).ConfigureAwait(false);

            async Task ShowAsync(Action<IRenderable> show)
            {
                for (var shown = 0; most is null || shown < most; shown++)
                {
                    await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
                    var now = await TopReading.ReadAsync(client, time, cancellationToken).ConfigureAwait(false);
                    show(Render(context.Terminal, before, now, context.Value(sort)!));
                    before = now;
                }
            }

            if (context.Terminal.IsRich)
            {
                context.Terminal.Note("Reading …");
                // A screen that is too low shows the beginning.
                var screen = context.Terminal.Live.Live(new Text("")).Cropping(VerticalOverflowCropping.Bottom);
                await screen.StartAsync(live => ShowAsync(view =>
                {
                    live.UpdateTarget(view);
                    live.Refresh();
                })).ConfigureAwait(false);
            }
            else
            {
                await ShowAsync(context.Terminal.Live.Write).ConfigureAwait(false);
            }

            return ExitCodes.Success;
        });
    }

    private static Rows Render(Terminal terminal, TopReading before, TopReading now, string sort)
    {
        var processes = TopProcess.Of(before, now, sort);

        // A column for what is seldom there.
        var hasSilentCarriers = processes.Any(one => one.SilentCarriers.Length > 0);
        List<IRenderable> parts =
        [
            new Text(SafeText.Of($"{now.Namespace}  {Words.Time(now.At)}  "
                + (now.Reports.IsKnown
                    ? $"{Words.Count(processes.Count, "process", "processes")}, "
                        + $"{Words.Rate(processes.Sum(one => one.Hits ?? 0))} near hits/s, "
                        + $"{Words.Rate(processes.Sum(one => one.Reads ?? 0))} remote reads/s"
                    : "processes unknown")
                + (now.Rules.Value is { Stops.Count: > 0 and var stops } ? $", {Words.Count(stops, "stop")} in force" : ""))),
            new Text(""),
            now.Reports.IsKnown
                ? terminal.TableOf(
                    ["PROCESS", "STATE", "NEAR HITS/S", "REMOTE READS/S", "FAILURES/S", "STALENESS", "THREAD DELAY", "VERSION",
                        .. hasSilentCarriers ? ["DOES NOT DELIVER"] : Array.Empty<string>()],
                    processes.Take(MaxRows).Select(one => (IReadOnlyList<string>)
                        [.. one.Cells, .. hasSilentCarriers ? [one.SilentCarriers] : Array.Empty<string>()]))
                : new Text(SafeText.Of($"The processes are unknown: {now.Reports.Unknown}")),
        ];
        if (processes.Count > MaxRows)
        {
            parts.Add(new Text($"and {processes.Count - MaxRows} more"));
        }

        parts.Add(new Text(""));
        parts.Add(now is { Usage.IsKnown: true, Rules.IsKnown: true }
            ? terminal.TableOf(
                ["RULE", "MATCH", "NEAR HITS/S", "REMOTE READS/S", "WRITES/S"],
                now.Usage.Value.OrderByDescending(rule => rule.NearHitsPerSecond + rule.WritesPerSecond)
                    .Select(rule => (IReadOnlyList<string>)
                [
                    rule.Rule, now.Rules.Value.Rules.FirstOrDefault(one => one.Settings.Name == rule.Rule)?.Settings.Match ?? "",
                    Words.Rate(rule.NearHitsPerSecond), Words.Rate(rule.RemoteReadsPerSecond), Words.Rate(rule.WritesPerSecond),
                ]))
            : new Text(SafeText.Of($"The rules are unknown: {now.Rules.Unknown ?? now.Usage.Unknown}")));
        parts.Add(new Text(""));
        parts.Add(terminal.TableOf(
            ["SERVER", "GETS/S", "HIT RATIO", "EVICTIONS/S", "MEMORY", "CONNECTIONS"],
            now.Servers.Select((server, index) => TopServer.Cells(before.Servers.ElementAtOrDefault(index), server, now.Since(before)))));
        parts.Add(new Text(""));
        parts.Add(HotKeys(terminal, now));
        parts.Add(new Text(""));
        return new Rows(parts);
    }

    private static IRenderable HotKeys(Terminal terminal, TopReading now) => now.HotKeys switch
    {
        null => new Text("The hot keys of a large or unknown fleet: nearcache hot"),
        { IsKnown: false, Unknown: var why } => new Text(SafeText.Of($"The hot keys are unknown: {why}")),
        { Value: { } hot } => terminal.TableOf(
            ["HOT KEY", "RULE", "NEAR HITS/S", "REMOTE READS/S", "WRITES/S"],
            hot.Keys.Take(MaxKeys).Select(key => (IReadOnlyList<string>)
            [
                key.Key, key.Rule ?? "none", Words.Rate(key.NearHitsPerSecond), Words.Rate(key.RemoteReadsPerSecond),
                Words.Rate(key.WritesPerSecond),
            ])),
    };
}
