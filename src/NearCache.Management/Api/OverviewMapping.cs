using NearCache.Management.Api.Models;
using NearCache.Management.Collecting;
using NearCache.Management.Core;

namespace NearCache.Management.Api;

/// <summary>Creates the answers of the first screen from the state of a fleet.</summary>
internal static class OverviewMapping
{
    private const string NoHour = "there is no reading of an hour ago";
    private const string NotRead = "not read yet";

    /// <summary>Returns the first screen.</summary>
    public static OverviewModel Overview(ContextState state, DateTimeOffset now)
    {
        var reading = state.Reading;
        return new OverviewModel(
            Mapping.Of(state.Context),
            reading?.At,
            reading is null ? null : Math.Max((now - reading.At).TotalSeconds, 0),
            ContextCollector.Watched.TotalSeconds,
            Mapping.Of(state.Verdict, state.Context.Name),
            Stops(state),
            reading is null
                ? new Part<IReadOnlyList<SuspensionModel>>(null, Reason(state))
                : Part.Of(reading.Suspensions, _ => (IReadOnlyList<SuspensionModel>)
                    [.. reading.Suspended.Select(suspension => Mapping.Of(suspension, reading))]),
            state.LastChange is { } change ? Mapping.Of(change, state.Context.Name) : null,
            new TrafficModel(
                Figure(state, Series.NearReads, FleetUnknown(state)),
                Figure(state, Series.RemoteReads, FleetUnknown(state)),
                Figure(state, Series.Failures, FleetUnknown(state)),
                Figure(state, Series.FactoryRuns, FleetUnknown(state)),
                Figure(state, Series.RemoteP99, reading?.Reports.Unknown ?? "no process reports how long servers take to answer")),
            reading is null ? [] : [.. reading.Servers.Zip(ConnectionCount.Of(reading), (server, count) => Of(state, server, count))],
            reading?.Ensemble is { } ensemble ? Of(state, ensemble) : null,
            Counts(state),
            [
                .. (reading?.Live ?? []).GroupBy(process => process.Summary!.Version)
                    .Select(version => new VersionModel(version.Key, version.Count()))
                    .OrderByDescending(version => version.Processes),
            ],
            Part.Number(reading?.Registry?.Revision, reading?.Rules.Current.Unknown ?? Reason(state)));
    }

    /// <summary>Returns the row of a fleet among others.</summary>
    public static ContextRowModel Row(ContextState state) => new(
        state.Context.Name,
        state.Context.Cluster,
        state.Context.Namespace,
        state.Reading?.At,
        Mapping.Of(state.Verdict, state.Context.Name),
        Part.Number(state.Reading?.Registry?.Stops.Count, state.Reading?.Rules.Current.Unknown ?? Reason(state)),
        state.Reading?.Suspensions.IsKnown == true
            ? Part.Number(state.Reading.Suspended.Count(), "")
            : new Part<double?>(null, state.Reading?.Suspensions.Unknown ?? Reason(state)),
        Counts(state),
        state.Rates?.Fleet is { IsKnown: true, Value: var rates }
            ? Part.Number(rates.NearReads + rates.RemoteReads, "")
            : new Part<double?>(null, FleetUnknown(state)));

    /// <summary>Returns the stops in force.</summary>
    public static Part<IReadOnlyList<StopModel>> Stops(ContextState state) => state.Reading is not { } reading
        ? new Part<IReadOnlyList<StopModel>>(null, Reason(state))
        : Part.Of(reading.Rules.Current, rules => (IReadOnlyList<StopModel>)[.. rules.Stops.Select(Mapping.Of)]);

    /// <summary>Returns a figure of the last reading, beside that of an hour ago.</summary>
    public static FigureModel Figure(ContextState state, string series, string unknown) => new(
        Part.Number(state.Point?.Values.TryGetValue(series, out var now) == true ? now : null, unknown),
        Part.Number(HourAgo(state, series), NoHour));

    /// <summary>Returns why the figures of a fleet's ensemble are unknown.</summary>
    public static string TransactionsUnknown(ContextState state) =>
        state.Reading?.Ensemble?.TransactionsPerSecond.Unknown ?? Reason(state);

    /// <summary>Returns why nothing of a fleet is known.</summary>
    public static string Reason(ContextState state) =>
        state.Verdict.Level == HealthLevel.Unknown && state.Reading is null ? state.Verdict.Sentence : NotRead;

    private static double? HourAgo(ContextState state, string series) =>
        state.HourAgo?.Values.TryGetValue(series, out var before) == true ? before : null;

    private static string FleetUnknown(ContextState state) => state.Rates?.Fleet.Unknown ?? Reason(state);

    private static Part<ProcessCountsModel> Counts(ContextState state)
    {
        if (state.Reading is not { } reading)
        {
            return new Part<ProcessCountsModel>(null, Reason(state));
        }

        return Part.Of(reading.Reports, reports => new ProcessCountsModel(
            reading.Live.Count(),
            reading.Live.Count(process => process.Summary!.State == ProcessState.Starting),
            reading.Live.Count(FleetJudge.IsStarved),
            reports.Processes.Count(process => process.Status == ProcessReportStatus.Silent),
            reports.Processes.Count(process => process.Status == ProcessReportStatus.Ended),
            reports.Processes.Count(process => process.Status == ProcessReportStatus.NoReport),
            reading.Live.Count(process => FleetJudge.LostCarriersOf(process).Any()),
            reports.MembersUnknown));
    }

    private static ServerRowModel Of(ContextState state, FleetServer server, ConnectionCount count)
    {
        var unknown = server.Statistics.Unknown ?? "the server's version does not tell";
        return new ServerRowModel(
            server.Name,
            server.Statistics.IsKnown ? "up" : "down",
            server.Statistics.Unknown,
            Part.Text(server.Statistics.Value?.Version, unknown),
            Part.Number(server.Statistics.Value?.Connections, unknown),
            Part.Number(server.Statistics.Value?.MaxConnections, unknown),
            Part.Number(count.Expected),
            Part.Number(count.Unaccounted),
            Part.Number(HourAgo(state, Series.Unaccounted(server.Name)), NoHour));
    }

    private static EnsembleRowModel Of(ContextState state, FleetEnsemble ensemble) => new(
        ensemble.Session,
        Figure(state, Series.OwnTransactions, state.Rates?.OwnTransactions.Unknown ?? NotRead),
        state.Limits.TransactionsPerSecond,
        Figure(state, Series.EnsembleTransactions, TransactionsUnknown(state)),
        Figure(state, Series.Nodes, "no server of the ensemble tells its number of nodes"),
        ensemble.Subtree.Unknown
            ?? (ensemble.Subtree.Value is { Missing.Count: > 0 and var missing } ? $"{missing} nodes are missing" : null));
}
