using NearCache.Memcached.Diagnostics;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>What messages, metrics and spans call a command, and the numbers by which it is counted.</summary>
internal static class CommandNames
{
    private const int Kinds = 5;
    private const int Statuses = 6;
    private const int Text = Kinds;
    private const int Batch = Kinds + 3;

    /// <summary>By number: the meta commands, those of the classic protocol, and several meta commands of one kind, or of any.</summary>
    // The form "BATCH get" is OpenTelemetry's.
    public static readonly string[] All =
    [
        "get", "set", "delete", "arithmetic", "no-op",
        "version", "stats", "flush_all",
        "BATCH get", "BATCH set", "BATCH delete", "BATCH arithmetic", "BATCH no-op", "BATCH",
    ];

    /// <summary>By the numbers of <see cref="OutcomeIndex(MetaCommandKind, MetaStatus)"/>.</summary>
    public static readonly CommandOutcome[] Outcomes =
        [.. All[..Batch].SelectMany((name, number) => Enumerable.Range(0, Statuses).Select(status => new CommandOutcome(name, OutcomeOf(number, (MetaStatus)status))))];

    public static string Of(MetaCommandKind kind) => All[(int)kind];

    public static int IndexOf(MetaCommandKind kind) => (int)kind;

    /// <summary>A line of the classic protocol.</summary>
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
