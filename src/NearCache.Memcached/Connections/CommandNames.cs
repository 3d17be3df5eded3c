using NearCache.Memcached.Diagnostics;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>The names of commands in messages, metrics and spans, and the indexes by which they are counted.</summary>
internal static class CommandNames
{
    private const int Kinds = 5;
    private const int Statuses = 6;
    private const int Text = Kinds;
    private const int Batch = Kinds + 3;

    /// <summary>
    /// The names by index: the meta commands, the commands of the classic protocol, and groups of meta commands of one kind or of several.
    /// </summary>
    // The form "BATCH get" is OpenTelemetry's.
    public static readonly string[] All =
    [
        "get", "set", "delete", "arithmetic", "no-op",
        "version", "stats", "flush_all",
        "BATCH get", "BATCH set", "BATCH delete", "BATCH arithmetic", "BATCH no-op", "BATCH",
    ];

    /// <summary>The outcomes, by the index that <see cref="OutcomeIndex(MetaCommandKind, MetaStatus)"/> returns.</summary>
    public static readonly CommandOutcome[] Outcomes =
    [
        .. All[..Batch].SelectMany((name, index) =>
            Enumerable.Range(0, Statuses).Select(status => new CommandOutcome(name, OutcomeOf(index, (MetaStatus)status)))),
    ];

    public static string Of(MetaCommandKind kind) => All[(int)kind];

    public static int IndexOf(MetaCommandKind kind) => (int)kind;

    /// <summary>Returns the index of a line of the classic protocol.</summary>
    public static int IndexOf(string line)
    {
        var end = line.IndexOf(' ', StringComparison.Ordinal);
        return Array.IndexOf(All, end < 0 ? line : line[..end], Text);
    }

    public static int IndexOf(ReadOnlySpan<MetaCommand> commands)
    {
        var kind = commands[0].Kind;
        if (commands.Length == 1)
        {
            return (int)kind;
        }

        foreach (ref readonly var command in commands)
        {
            if (command.Kind != kind)
            {
                return All.Length - 1;
            }
        }

        return Batch + (int)kind;
    }

    public static int OutcomeIndex(MetaCommandKind kind, MetaStatus status) => OutcomeIndex((int)kind, status);

    public static int OutcomeIndex(int number, MetaStatus status) => (number * Statuses) + (int)status;

    private static string OutcomeOf(int number, MetaStatus status) => status switch
    {
        MetaStatus.Ok => number == (int)MetaCommandKind.Get ? "hit" : "ok",
        MetaStatus.Miss => "miss",
        MetaStatus.NotStored => "not_stored",
        MetaStatus.Exists => "exists",
        MetaStatus.NotFound => "not_found",
        _ => "error",
    };
}
