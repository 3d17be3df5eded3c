namespace NearCache.Management.Core;

/// <summary>The names of the series of a history.</summary>
internal static class Series
{
    public const string NearReads = "nearReads";
    public const string RemoteReads = "remoteReads";
    public const string Failures = "failures";
    public const string FactoryRuns = "factoryRuns";
    public const string RemoteP99 = "remoteP99";
    public const string OwnTransactions = "ours";
    public const string EnsembleTransactions = "ensemble";
    public const string Nodes = "nodes";
    public const string Live = "live";
    public const string Starved = "starved";
    public const string Silent = "silent";

    /// <summary>Returns the series of the connections of a server.</summary>
    public static string Connections(string server) => "connections:" + server;

    /// <summary>Returns the series of the unaccounted connections of a server.</summary>
    public static string Unaccounted(string server) => "unaccounted:" + server;
}

/// <summary>The figures of a fleet at one time. A figure that is unknown is absent.</summary>
/// <param name="At">The time.</param>
/// <param name="Level">The verdict.</param>
/// <param name="Values">The figures by series.</param>
internal sealed record HistoryPoint(DateTimeOffset At, HealthLevel Level, IReadOnlyDictionary<string, double> Values)
{
    // A chart with more lines is not readable, and a history is bounded.
    private const int MostServers = 50;

    /// <summary>Returns the figures of a reading.</summary>
    public static HistoryPoint Of(FleetReading reading, FleetRates rates, HealthLevel level)
    {
        var values = new Dictionary<string, double>();
        void Add(string series, double? value)
        {
            if (value is { } known && double.IsFinite(known))
            {
                values[series] = known;
            }
        }

        if (rates.Fleet is { IsKnown: true, Value: var traffic })
        {
            Add(Series.NearReads, traffic.NearReads);
            Add(Series.RemoteReads, traffic.RemoteReads);
            Add(Series.Failures, traffic.Failures);
            Add(Series.FactoryRuns, traffic.FactoryRuns);
        }

        if (reading.Reports is { IsKnown: true, Value: var reports })
        {
            Add(Series.Live, reading.Live.Count());
            Add(Series.RemoteP99, reading.RemoteP99?.TotalMilliseconds);
            Add(Series.Starved, reading.Live.Count(FleetJudge.IsStarved));
            Add(Series.Silent, reports.Processes.Count(process => process.Status == ProcessReportStatus.Silent));
        }

        Add(Series.OwnTransactions, rates.OwnTransactions.IsKnown ? rates.OwnTransactions.Value : null);
        Add(Series.EnsembleTransactions,
            reading.Ensemble is { TransactionsPerSecond: { IsKnown: true, Value: var transactions } } ? transactions : null);
        Add(Series.Nodes, reading.Nodes);
        foreach (var count in ConnectionCount.Of(reading).Take(MostServers))
        {
            Add(Series.Connections(count.Server), count.Seen.IsKnown ? count.Seen.Value : null);
            Add(Series.Unaccounted(count.Server), count.Unaccounted.IsKnown ? count.Unaccounted.Value : null);
        }

        return new HistoryPoint(reading.At, level, values);
    }

    /// <summary>Returns the mean of points, with the worst of their levels, at the time of the last.</summary>
    public static HistoryPoint Mean(IReadOnlyList<HistoryPoint> points) => new(
        points[^1].At,
        points.Max(point => point.Level),
        points.SelectMany(point => point.Values)
            .GroupBy(value => value.Key, value => value.Value)
            .ToDictionary(series => series.Key, series => series.Average()));
}

/// <summary>The history of a fleet in memory: every reading of the last minutes, and a summary of each minute of the last day.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class History
{
    /// <summary>The time for which every reading is kept.</summary>
    public static readonly TimeSpan Recent = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan Day = TimeSpan.FromHours(25);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Near = TimeSpan.FromSeconds(90);

    private readonly LinkedList<HistoryPoint> _points = [];
    private readonly LinkedList<HistoryPoint> _minutes = [];
    private readonly List<HistoryPoint> _minute = [];

    /// <summary>Adds the figures of a reading.</summary>
    /// <returns>The summary of the minute that has ended with it; null if none has.</returns>
    public HistoryPoint? Add(HistoryPoint point)
    {
        Append(_points, point, Recent);
        HistoryPoint? ended = null;
        if (_minute.Count > 0 && MinuteOf(_minute[0]) != MinuteOf(point))
        {
            ended = HistoryPoint.Mean(_minute);
            Append(_minutes, ended, Day);
            _minute.Clear();
        }

        _minute.Add(point);
        return ended;
    }

    /// <summary>Adds a summary of a minute that an earlier process has stored.</summary>
    public void Restore(HistoryPoint minute) => Append(_minutes, minute, Day);

    /// <summary>Returns the points of a period up to a time: readings if it is short, else minutes.</summary>
    public IReadOnlyList<HistoryPoint> Of(TimeSpan period, DateTimeOffset until) =>
        [.. (period <= Recent ? _points : _minutes).Where(point => point.At > until - period && point.At <= until)];

    /// <summary>Returns the summary of the minute an hour before; null if it is not known.</summary>
    public HistoryPoint? HourBefore(DateTimeOffset at) =>
        _minutes.Where(minute => (minute.At - (at - Hour)).Duration() <= Near).MinBy(minute => (minute.At - (at - Hour)).Duration());

    private static long MinuteOf(HistoryPoint point) => point.At.UtcTicks / TimeSpan.TicksPerMinute;

    // A wall clock that went back begins anew: a chart has one value for one time.
    private static void Append(LinkedList<HistoryPoint> list, HistoryPoint point, TimeSpan keep)
    {
        while (list.Last is { Value.At: var last } && last >= point.At)
        {
            list.RemoveLast();
        }

        list.AddLast(point);
        while (list.First!.Value.At <= point.At - keep)
        {
            list.RemoveFirst();
        }
    }
}
