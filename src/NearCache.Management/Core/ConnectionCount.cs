namespace NearCache.Management.Core;

/// <summary>How many connections a memcached server has, and how many of them processes report, without listing them.</summary>
/// <param name="Server">The configured name of the server.</param>
/// <param name="Seen">The connections that the server counts, without that of the console.</param>
/// <param name="Expected">The connections that processes report.</param>
internal sealed record ConnectionCount(string Server, Observed<int> Seen, Observed<int> Expected)
{
    /// <summary>Gets the connections that no report explains.</summary>
    public Observed<int> Unaccounted => Seen.IsKnown && Expected.IsKnown
        ? Observed.Known(Math.Max(Seen.Value - Expected.Value, 0))
        : Observed.Unknown<int>(Seen.Unknown ?? Expected.Unknown!);

    /// <summary>Returns the counts of each server.</summary>
    public static IReadOnlyList<ConnectionCount> Of(FleetReading reading) =>
        [.. reading.Servers.Select((server, index) => new ConnectionCount(server.Name, SeenBy(server), ExpectedBy(reading, index)))];

    private static Observed<int> SeenBy(FleetServer server) => server.Statistics switch
    {
        { IsKnown: false, Unknown: var reason } => Observed.Unknown<int>(reason),
        { Value.Connections: { } connections } => Observed.Known((int)Math.Max(connections - 1, 0)),
        _ => Observed.Unknown<int>("the server does not count its connections"),
    };

    // A report has one number for each server of its process, in the order of its list.
    private static Observed<int> ExpectedBy(FleetReading reading, int index)
    {
        if (!reading.Reports.IsKnown)
        {
            return Observed.Unknown<int>(reading.Reports.Unknown);
        }

        var sum = 0;
        foreach (var process in reading.Reports.Value.Processes)
        {
            if (process.Status == ProcessReportStatus.NoReport)
            {
                return Observed.Unknown<int>("a process has no report, so its connections are not known");
            }

            if (process.Status != ProcessReportStatus.Live)
            {
                continue;
            }

            if (process.Summary!.Connections is not { } connections || connections.Count != reading.Servers.Count)
            {
                return Observed.Unknown<int>("a process reports no connections, or has another list of servers");
            }

            sum += connections[index];
        }

        return Observed.Known(sum);
    }
}
