using System.Globalization;
using System.Text;
using NearCache.Management.Collecting;
using NearCache.Management.Core;

namespace NearCache.Management.Api;

/// <summary>Writes what only an observer of whole fleets knows, in the text format of Prometheus. What is unknown is absent.</summary>
// https://prometheus.io/docs/instrumenting/exposition_formats/, "Text-based format"
internal sealed class PrometheusText
{
    // Labels are bounded: these many pods of a fleet, the ones that matter most.
    private const int MostPods = 20;
    private const int MostOwners = 5;
    private const int LongestLabel = 100;
    private const double LeastDelay = 0.5;
    private const int LeastStarts = 2;

    private readonly SortedDictionary<string, (string Type, string Help, OrderedDictionary<string, double> Samples)> _families =
        new(StringComparer.Ordinal);

    private PrometheusText()
    {
    }

    /// <summary>Returns the figures of fleets.</summary>
    public static string Of(IEnumerable<ContextState> states, DateTimeOffset now)
    {
        var text = new PrometheusText();
        foreach (var state in states)
        {
            text.Add(state, now);
        }

        return text.Write();
    }

    private void Add(ContextState state, DateTimeOffset now)
    {
        (string, string?)[] fleet = [("context", state.Context.Name), ("nearcache_namespace", state.Context.Namespace)];
        void Gauge(string name, string help, double? value, params (string, string?)[] labels) =>
            Sample(name, "gauge", help, value, [.. fleet, .. labels]);

        foreach (var level in Enum.GetValues<HealthLevel>())
        {
            Gauge("nearcache_fleet_verdict", "1 for the verdict of the console, 0 for the others.", state.Verdict.Level == level ? 1 : 0,
                ("level", Mapping.LevelOf(level)));
        }

        if (state is not { Reading: { } reading, Rates: { } rates })
        {
            return;
        }

        Gauge("nearcache_fleet_reading_age_seconds", "Time since the console has read the fleet.", (now - reading.At).TotalSeconds);
        foreach (var count in ConnectionCount.Of(reading))
        {
            var server = reading.Servers.First(server => server.Name == count.Server);
            var statistics = server.Statistics.Value;
            (string, string?) label = ("server", count.Server);
            Gauge("nearcache_fleet_server_up", "1 if the memcached server answers.", server.Statistics.IsKnown ? 1 : 0, label);
            Gauge("nearcache_fleet_connections", "Connections that the server has.", statistics?.Connections, label);
            Gauge("nearcache_fleet_connections_limit", "Connections that the server accepts.", statistics?.MaxConnections, label);
            Gauge("nearcache_fleet_connections_expected", "Connections that processes report.",
                count.Expected.IsKnown ? count.Expected.Value : null, label);
            Gauge("nearcache_fleet_connections_unaccounted", "Connections that no report explains.",
                count.Unaccounted.IsKnown ? count.Unaccounted.Value : null, label);
            foreach (var (owner, unaccounted) in OwnersOf(reading, server))
            {
                Gauge("nearcache_fleet_connections_owner_unaccounted", "Connections that no report explains, by owner.", unaccounted,
                    label, ("owner", owner));
            }

            Sample("nearcache_fleet_connections_refused_total", "counter", "Connections that the server has refused.",
                statistics?.RejectedConnections, [.. fleet, label]);
        }

        AddProcesses(reading, Gauge);
        Gauge("nearcache_fleet_rules_revision", "Revision of the rules.", reading.Registry?.Revision);
        Gauge("nearcache_fleet_rules_changed_seconds", "Unix time of the last edit of the rules.",
            reading.Registry is { History: [.., var last] } ? last.When.ToUnixTimeSeconds() : null);
        Gauge("nearcache_fleet_stops", "Stops in force.", reading.Registry?.Stops.Count);
        Gauge("nearcache_fleet_rules_suspended", "Rules that the churn breaker has suspended.",
            reading.Suspensions.IsKnown ? reading.Suspended.Count() : null);
        Gauge("nearcache_fleet_zookeeper_znodes", "Nodes of the ensemble, of all applications.", reading.Nodes);
        Gauge("nearcache_fleet_zookeeper_transactions_per_second", "Transactions a second of the namespace.",
            rates.OwnTransactions.IsKnown ? rates.OwnTransactions.Value : null);
        Gauge("nearcache_fleet_zookeeper_ensemble_transactions_per_second", "Transactions a second of all applications.",
            reading.Ensemble?.TransactionsPerSecond is { IsKnown: true, Value: var all } ? all : null);
    }

    // Two owners may have one name.
    private static IEnumerable<(string Owner, int Unaccounted)> OwnersOf(FleetReading reading, FleetServer server) =>
        (reading.Owners.FirstOrDefault(owned => owned.Server == server.Name)?.Owners ?? [])
            .Where(owner => owner.Unaccounted > 0)
            .GroupBy(NameOf, (name, same) => (name, same.Sum(owner => owner.Unaccounted)))
            .OrderByDescending(owner => owner.Item2)
            .Take(MostOwners);

    private static string NameOf(ConnectionOwner owner) => owner switch
    {
        { Kind: ConnectionOwnerKind.Node, Node: { } node } => node,
        { Kind: ConnectionOwnerKind.Process, Processes: [var process, ..] } => process.Pod ?? process.Host,
        _ => owner.Address,
    };

    private static void AddProcesses(FleetReading reading, Action<string, string, double?, (string, string?)[]> gauge)
    {
        if (reading.Reports is not { IsKnown: true, Value: var reports })
        {
            return;
        }

        foreach (var same in reports.Processes
            .GroupBy(process => (process.Status, Version: process.Summary?.Version ?? process.Member?.Version))
            .OrderByDescending(same => same.Count()).Take(MostPods))
        {
            gauge("nearcache_fleet_processes", "Processes by status and version.", same.Count(),
                [("status", StatusOf(same.Key.Status)), ("version", same.Key.Version)]);
        }

        if (reports.MembersUnknown is null)
        {
            gauge("nearcache_fleet_processes_unreported", "Members in ZooKeeper without a report.",
                reports.Processes.Count(process => process.Status == ProcessReportStatus.NoReport), []);
        }

        var pods = reading.Live.GroupBy(process => (Pod: process.Summary!.Pod ?? process.Summary.Host, process.Summary.Node))
            .Select(pod => (
                Labels: new (string, string?)[] { ("pod", pod.Key.Pod), ("node", pod.Key.Node) },
                Starts: pod.Max(process => process.Summary!.Starts),
                Delay: pod.Max(process => process.Summary!.ThreadPoolDelay).TotalSeconds,
                Start: pod.Max(process => process.Summary!.StartedAt)))
            .ToArray();
        foreach (var pod in pods.Where(pod => pod.Starts >= LeastStarts).OrderByDescending(pod => pod.Starts).Take(MostPods))
        {
            gauge("nearcache_fleet_process_starts", "Starts of the pods that start most, without a pause.", pod.Starts,
                pod.Labels);
        }

        foreach (var pod in pods.Where(pod => pod.Delay >= LeastDelay).OrderByDescending(pod => pod.Delay).Take(MostPods))
        {
            gauge("nearcache_fleet_process_thread_pool_delay_seconds", "Time that work waits for a thread, in the most starved pods.",
                pod.Delay, pod.Labels);
        }

        foreach (var pod in pods.OrderByDescending(pod => pod.Start).Take(1))
        {
            gauge("nearcache_fleet_newest_start_seconds", "Unix time of the newest start.", pod.Start.ToUnixTimeSeconds(),
                pod.Labels);
        }
    }

    private static string StatusOf(ProcessReportStatus status) =>
        status == ProcessReportStatus.NoReport ? "no_report" : Mapping.NameOf(status);

    private void Sample(string name, string type, string help, double? value, (string Name, string? Value)[] labels)
    {
        if (value is not { } known || !double.IsFinite(known))
        {
            return;
        }

        if (!_families.TryGetValue(name, out var family))
        {
            _families[name] = family = (type, help, []);
        }

        var shown = labels.Where(label => !string.IsNullOrEmpty(label.Value)).Select(label => $"{label.Name}=\"{Escape(label.Value!)}\"");

        // Two names may be one label after they were cut. A series has one value.
        family.Samples.TryAdd(string.Join(',', shown), known);
    }

    // A label is text of an unknown author, too. Alerts show it, so it is one line, without characters that are not seen.
    private static string Escape(string value) => string.Concat((value.Length > LongestLabel ? value[..LongestLabel] : value)
            .Select(character => char.GetUnicodeCategory(character) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate ? '?' : character))
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal);

    private string Write()
    {
        var text = new StringBuilder();
        foreach (var (name, family) in _families)
        {
            text.Append("# HELP ").Append(name).Append(' ').Append(family.Help).Append('\n');
            text.Append("# TYPE ").Append(name).Append(' ').Append(family.Type).Append('\n');
            foreach (var (labels, value) in family.Samples)
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {value}\n");
            }
        }

        return text.ToString();
    }
}
