using System.Globalization;

namespace NearCache.Management.Core;

/// <summary>How many connections a memcached server has, and how many of them processes report, without listing them.</summary>
/// <param name="Server">The configured name of the server.</param>
/// <param name="Seen">The connections that the server counts, without that of the console.</param>
/// <param name="Expected">The connections that processes report.</param>
/// <param name="Unreported">
/// The most connections that processes have of which no report tells: for each as many as one that reports has at most.
/// </param>
internal sealed record ConnectionCount(string Server, Observed<int> Seen, Observed<int> Expected, Observed<int> Unreported)
{
    /// <summary>
    /// Gets the connections that no report explains. Those that processes without a report may have are none of them.
    /// </summary>
    public Observed<int> Unaccounted
    {
        get
        {
            if (!Seen.IsKnown || !Expected.IsKnown)
            {
                return Observed.Unknown<int>(Seen.Unknown ?? Expected.Unknown!);
            }

            var left = Math.Max(Seen.Value - Expected.Value, 0);
            return left == 0 ? Observed.Known(0)
                : !Unreported.IsKnown ? Observed.Unknown<int>(Unreported.Unknown)
                : left <= Unreported.Value ? Observed.Unknown<int>(string.Create(
                    CultureInfo.InvariantCulture, $"processes without a report may have the {left} connections that no report explains"))
                : Observed.Known(left - Unreported.Value);
        }
    }

    /// <summary>Returns the counts of each server.</summary>
    public static IReadOnlyList<ConnectionCount> Of(FleetReading reading) =>
    [
        .. reading.Servers.Select((server, index) =>
        {
            var (expected, unreported) = ExpectedBy(reading, index);
            return new ConnectionCount(server.Name, SeenBy(server), expected, unreported);
        }),
    ];

    private static Observed<int> SeenBy(FleetServer server) => server.Statistics switch
    {
        { IsKnown: false, Unknown: var reason } => Observed.Unknown<int>(reason),
        { Value.Connections: { } connections } => Observed.Known((int)Math.Max(connections - 1, 0)),
        _ => Observed.Unknown<int>("the server does not count its connections"),
    };

    // A report has one number for each server of its process, in the order of its list. One with another list, or without numbers, tells
    // nothing of this server.
    private static (Observed<int> Expected, Observed<int> Unreported) ExpectedBy(FleetReading reading, int index)
    {
        if (!reading.Reports.IsKnown)
        {
            return (Observed.Unknown<int>(reading.Reports.Unknown), Observed.Unknown<int>(reading.Reports.Unknown));
        }

        var (sum, most, without) = (0L, 0, 0L);
        foreach (var process in reading.Reports.Value.Processes)
        {
            if (process is { Status: ProcessReportStatus.Live, Summary.Connections: { } connections }
                && connections.Count == reading.Servers.Count)
            {
                sum += connections[index];
                most = Math.Max(most, connections[index]);
            }
            else if (process.Status is ProcessReportStatus.Live or ProcessReportStatus.NoReport)
            {
                without++;
            }
        }

        return (
            Observed.Known((int)Math.Min(sum, int.MaxValue)),
            without > 0 && most == 0
                ? Observed.Unknown<int>("no process reports its connections to the server")
                : Observed.Known((int)Math.Min(without * most, int.MaxValue)));
    }
}
