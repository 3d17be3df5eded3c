using System.Globalization;
using System.Text.Json;
using NearCache.Cli.Output;

namespace NearCache.Cli.Commands;

/// <summary>Processes as JSON. A figure that a process does not report is null.</summary>
internal static class ProcessJson
{
    /// <summary>Writes all processes, and why some may be missing.</summary>
    public static void Write(Utf8JsonWriter json, FleetReports read, IReadOnlyList<string> missing)
    {
        json.WriteStartObject();
        json.WriteStartArray("processes");
        foreach (var process in read.Processes)
        {
            json.WriteStartObject();
            Members(json, process);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Texts("missing", missing);
        json.WriteEndObject();
    }

    /// <summary>Writes one process with its long report, or why that is unknown.</summary>
    public static void Write(Utf8JsonWriter json, ProcessReport process, Observed<ProcessDetail> observed)
    {
        json.WriteStartObject();
        Members(json, process);
        json.WriteString("unknown", observed.Unknown);
        if (observed.Value is { } detail)
        {
            Members(json, detail);
        }

        json.WriteEndObject();
    }

    private static void Members(Utf8JsonWriter json, ProcessReport process)
    {
        var summary = process.Summary;
        json.WriteString("id", process.Id);
        json.WriteString("status", process.Status switch
        {
            ProcessReportStatus.Live => "live",
            ProcessReportStatus.Silent => "silent",
            ProcessReportStatus.Ended => "ended",
            _ => "noReport",
        });
        json.WriteString("state", summary?.State.ToString().ToLowerInvariant());
        json.WriteString("pod", summary?.Pod);
        json.WriteString("host", summary?.Host ?? process.Member?.Host);
        json.WriteString("node", summary?.Node);
        json.Number("processId", summary?.ProcessId ?? process.Member?.ProcessId);
        json.WriteString("version", summary?.Version ?? process.Member?.Version);
        json.WriteBoolean("isMember", process.Member is not null);
        json.WriteString("startedAt", summary?.StartedAt.ToString("O", CultureInfo.InvariantCulture));
        json.Number("starts", summary?.Starts);
        json.Number("reportedSecondsAgo", process.Age?.TotalSeconds);
        json.Number("rulesRevision", summary?.RulesRevision);
        json.Number("stops", summary?.Stops);
        json.Number("confirmedSecondsAgo", summary?.ConfirmedBefore?.TotalSeconds);
        json.Number("nearHits", summary?.NearHits);
        json.Number("remoteReads", summary?.RemoteReads);
        json.Number("failures", summary?.Failures);
        json.Number("factoryRuns", summary?.FactoryRuns);
        json.Number("threadPoolDelaySeconds", summary?.ThreadPoolDelay.TotalSeconds);
        json.Number("violations", summary?.Monitor?.Violations);
        json.WriteStartObject("carriers");
        foreach (var (name, isDelivering) in summary?.Carriers ?? new Dictionary<string, bool>())
        {
            json.WriteBoolean(name, isDelivering);
        }

        json.WriteEndObject();
    }

    private static void Members(Utf8JsonWriter json, ProcessDetail detail)
    {
        json.WriteStartArray("carrierDetails");
        foreach (var carrier in detail.Carriers)
        {
            json.WriteStartObject();
            json.WriteString("name", carrier.Name);
            json.WriteBoolean("isDelivering", carrier.IsDelivering);
            json.WriteString("problem", carrier.Problem);
            json.WriteNumber("sent", carrier.Sent);
            json.WriteNumber("failed", carrier.Failed);
            json.WriteNumber("received", carrier.Received);
            json.WriteNumber("waiting", carrier.Waiting);
            json.Number("messagesPerSecond", carrier.MessagesPerSecond);
            json.WriteNumber("members", carrier.Members);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("servers");
        foreach (var server in detail.Servers)
        {
            json.WriteStartObject();
            json.WriteString("name", server.Name);
            json.WriteString("identity", server.Identity);
            json.WriteBoolean("isServedNear", server.IsServedNear);
            json.Number("confirmedSecondsAgo", server.ConfirmedBefore?.TotalSeconds);
            json.Number("latencySeconds", server.RemoteLatency?.TotalSeconds);
            json.WriteNumber("connections", server.ConnectionCount);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("zooKeeper", detail.ZooKeeper?.State);
        json.WriteNumber("nearEntries", detail.NearEntries);
        json.WriteNumber("nearBytes", detail.NearBytes);
        json.WriteNumber("nearEvictions", detail.NearEvictions);
        json.WriteStartObject("warnings");
        foreach (var (id, count) in detail.Warnings.OrderBy(warning => warning.Key))
        {
            json.WriteNumber(id.ToString(CultureInfo.InvariantCulture), count);
        }

        json.WriteEndObject();
        json.Texts("dropped", detail.Dropped);
    }
}
