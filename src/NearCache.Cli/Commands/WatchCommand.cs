using System.CommandLine;
using NearCache.Cli.Output;

namespace NearCache.Cli.Commands;

/// <summary><c>watch</c>: the invalidations of the fleet as they come.</summary>
internal static class WatchCommand
{
    public static Command Create(CommandFactory tool)
    {
        var command = new ToolCommand(
            "watch",
            "Shows the writes of keys with rules as they come, each with its writer, within about a second. Keys are shown as Reports:Keys "
                + "says. Ends with Ctrl+C.",
            "nearcache watch",
            "nearcache watch --match 'product:*' --for 1m",
            "nearcache watch --plain-keys | grep cart");
        var (match, limit, plain) = (
            new Option<string?>("--match") { Description = "Only keys that begin so, or of this form (* and ?).", HelpName = "PATTERN" },
            Durations.Option("--for", "End after this time."),
            new Option<bool>("--plain-keys") { Description = "Show keys as they are. They may be personal data." });
        foreach (var option in (Option[])[match, limit, plain])
        {
            command.Options.Add(option);
        }

        return tool.Does(command, async (context, cancellationToken) =>
        {
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (context.Value(limit) is { } time)
            {
                end.CancelAfter(time);
            }

            var problems = new Dictionary<string, string>(StringComparer.Ordinal);
            try
            {
                await foreach (var seen in client.WatchWritesAsync(end.Token).ConfigureAwait(false))
                {
                    Problem(context.Terminal, problems, seen);
                    foreach (var write in seen.Writes.Where(write => IsWanted(write.Key, context.Value(match))))
                    {
                        var key = write.Key is null ? "(its record is missing)"
                            : context.Value(plain) ? write.Key
                            : client.ShowKey(write.Key);
                        context.Terminal.Line($"{context.Host.Time.GetUtcNow():HH:mm:ss}  {seen.Server}  {key}  by {write.Writer}");
                    }

                    if (seen.Skipped > 0)
                    {
                        context.Terminal.Line($"{seen.Server}: {Words.Count(seen.Skipped, "more write")}, too many to show", Tone.Warning);
                    }
                }
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The time is over.
            }

            return ExitCodes.Success;
        });
    }

    // Said when it begins and when it ends, not at each look.
    private static void Problem(Terminal terminal, Dictionary<string, string> problems, FleetWrites seen)
    {
        if (seen.Problem is { } problem)
        {
            if (problems.TryAdd(seen.Server, problem))
            {
                terminal.Note($"{seen.Server}: {problem}");
            }
        }
        else if (problems.Remove(seen.Server))
        {
            terminal.Note($"{seen.Server} answers again.");
        }
    }

    private static bool IsWanted(string? key, string? pattern) => pattern is null
        || (key is not null && (pattern.AsSpan().ContainsAny('*', '?')
            ? System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, key, ignoreCase: false)
            : key.StartsWith(pattern, StringComparison.Ordinal)));
}
