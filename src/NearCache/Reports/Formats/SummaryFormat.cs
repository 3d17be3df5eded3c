using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using NearCache.Reports.Core;

namespace NearCache.Reports.Formats;

/// <summary>The JSON format of a <see cref="ProcessSummary"/>, at most <see cref="ReportNames.MaxSummary"/> bytes.</summary>
/// <remarks>
/// docs/formats.md, "Process reports". A summary that is too large loses parts in this order: long names are shortened to 40 bytes, the
/// carriers and the address of the node, which the detail has, too, are left out, the checks of the monitor but its violations, the
/// connections, the stops, the hashes and the time of the last violation, and names are shortened to 16 bytes.
/// </remarks>
internal static class SummaryFormat
{
    private const int LongName = 40;
    private const int ShortName = 16;

    // As many ports as an address has.
    private const int MaxConnections = 65_535;

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly HashSet<string> Known =
    [
        "format", "id", "host", "pod", "node", "pid", "version", "start", "starts", "state", "servers", "placement", "prefix", "rules",
        "stops", "stop", "age", "hits", "reads", "failures", "factories", "connections", "pool", "gc", "p99", "monitor", "address",
        "carriers", "violated",
    ];

    // The greatest size of each is what its parts add up to.
    private enum Size
    {
        Whole,
        LongNames,
        NoCarriers,
        NoAddress,
        NoChecks,
        NoConnections,
        NoStops,
        NoHashes,
        ShortNames,
    }

    /// <summary>Writes a summary.</summary>
    public static ReadOnlyMemory<byte> Write(ProcessSummary summary)
    {
        for (var size = Size.Whole; ; size++)
        {
            var written = Write(summary, size);
            if (written.Length <= ReportNames.MaxSummary || size == Size.ShortNames)
            {
                return written;
            }
        }
    }

    /// <summary>Reads a summary. Returns null for other content.</summary>
    public static ProcessSummary? TryRead(ReadOnlyMemory<byte> content, string @namespace)
    {
        using var document = ReportObject.TryParse(content, ReportNames.MaxSummary);
        if (document is null || new ReportObject(document.RootElement) is var report && report.Name("id") is not { } id)
        {
            return null;
        }

        var pod = report.Text("pod");
        return new ProcessSummary
        {
            Id = id,
            Namespace = @namespace,
            Host = report.Text("host") ?? pod ?? "",
            Pod = pod,
            Node = report.Text("node"),
            NodeAddress = report.Address("address"),
            ProcessId = report.Count("pid"),
            Version = report.Text("version") ?? "",
            StartedAt = report.Time("start") ?? DateTimeOffset.UnixEpoch,
            Starts = Math.Max(report.Count("starts"), 1),
            State = StateOf(report.Name("state")),
            ServersHash = report.Name("servers"),
            PlacementHash = report.Name("placement"),
            PrefixHash = report.Name("prefix"),
            RulesRevision = report.Number("rules") ?? 0,
            Stops = report.Count("stops"),
            StopHashes = [.. (report.Entries("stop") ?? [])
                .Where(entry => entry.ValueKind == JsonValueKind.String && entry.GetRawText().Length == 10)
                .Select(entry => entry.GetRawText()[1..^1])
                .Where(hash => hash.All(char.IsAsciiHexDigitLower))],
            ConfirmedBefore = report.Milliseconds("age"),
            NearHits = report.Number("hits") ?? 0,
            RemoteReads = report.Number("reads") ?? 0,
            RemoteLatency = report.Microseconds("p99"),
            Failures = report.Number("failures") ?? 0,
            FactoryRuns = report.Number("factories") ?? 0,
            Connections = report.Entries("connections") is { } connections
                ? [.. connections.Select(
                    entry => entry.ValueKind == JsonValueKind.Number && entry.TryGetInt32(out var count)
                        ? Math.Clamp(count, 0, MaxConnections)
                        : 0)]
                : null,
            ThreadPoolDelay = report.Milliseconds("pool") ?? TimeSpan.Zero,
            GarbageCollectionPause = report.Milliseconds("gc") ?? TimeSpan.Zero,
            Monitor = MonitorOf([.. report.Numbers("monitor")]) is { } monitor
                ? monitor with { ViolatedBefore = report.Milliseconds("violated") }
                : null,
            Carriers = report.Flags("carriers"),
            Others = report.Others(Known),
        };
    }

    // The violations alone, or all four.
    private static ReportedMonitor? MonitorOf(long[] counts) => counts switch
    {
        [var violations, var completed, var agreed, var unclassified, ..] => new ReportedMonitor
        {
            Violations = violations,
            Checked = completed,
            Agreed = agreed,
            Unclassified = unclassified,
        },
        [var violations, ..] => new ReportedMonitor { Violations = violations },
        _ => null,
    };

    private static ReadOnlyMemory<byte> Write(ProcessSummary summary, Size size)
    {
        var buffer = new ArrayBufferWriter<byte>(ReportNames.MaxSummary);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format"u8, 1);
            writer.WriteString("id"u8, summary.Id);
            WriteName("host", summary.Host == summary.Pod ? null : summary.Host);
            WriteName("pod", summary.Pod);
            WriteName("node", summary.Node);
            writer.WriteNumber("pid"u8, summary.ProcessId);
            WriteName("version", summary.Version);
            writer.WriteNumber("start"u8, summary.StartedAt.ToUnixTimeSeconds());
            writer.WriteNumber("starts"u8, summary.Starts);
            writer.WriteString("state"u8, NameOf(summary.State));
            if (size < Size.NoHashes)
            {
                WriteName("servers", summary.ServersHash);
                WriteName("placement", summary.PlacementHash);
                WriteName("prefix", summary.PrefixHash);
            }

            writer.WriteNumber("rules"u8, summary.RulesRevision);
            writer.WriteNumber("stops"u8, summary.Stops);
            if (size < Size.NoStops && summary.StopHashes.Count > 0)
            {
                writer.WriteStartArray("stop"u8);
                foreach (var hash in summary.StopHashes)
                {
                    writer.WriteStringValue(hash);
                }

                writer.WriteEndArray();
            }

            if (summary.ConfirmedBefore is { } age)
            {
                writer.WriteNumber("age"u8, (long)age.TotalMilliseconds);
            }

            writer.WriteNumber("hits"u8, summary.NearHits);
            writer.WriteNumber("reads"u8, summary.RemoteReads);
            writer.WriteNumber("failures"u8, summary.Failures);
            writer.WriteNumber("factories"u8, summary.FactoryRuns);
            if (size < Size.NoConnections && summary.Connections is { } connections)
            {
                writer.WriteStartArray("connections"u8);
                foreach (var count in connections)
                {
                    writer.WriteNumberValue(count);
                }

                writer.WriteEndArray();
            }

            writer.WriteNumber("pool"u8, (long)summary.ThreadPoolDelay.TotalMilliseconds);
            writer.WriteNumber("gc"u8, (long)summary.GarbageCollectionPause.TotalMilliseconds);
            if (summary.RemoteLatency is { } latency)
            {
                writer.WriteNumber("p99"u8, (long)latency.TotalMicroseconds);
            }

            if (summary.Monitor is { } monitor)
            {
                writer.WriteStartArray("monitor"u8);
                writer.WriteNumberValue(monitor.Violations);
                if (size < Size.NoChecks && monitor is { Checked: { } completed, Agreed: { } agreed, Unclassified: { } unclassified })
                {
                    writer.WriteNumberValue(completed);
                    writer.WriteNumberValue(agreed);
                    writer.WriteNumberValue(unclassified);
                }

                writer.WriteEndArray();
                if (size < Size.NoHashes && monitor.ViolatedBefore is { } violated)
                {
                    writer.WriteNumber("violated"u8, (long)violated.TotalMilliseconds);
                }
            }

            if (size < Size.NoAddress && summary.NodeAddress is { } address)
            {
                writer.WriteString("address"u8, address);
            }

            if (size < Size.NoCarriers && summary.Carriers.Count > 0)
            {
                writer.WriteStartObject("carriers"u8);
                foreach (var (name, isDelivering) in summary.Carriers)
                {
                    writer.WriteBoolean(name, isDelivering);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndObject();

            void WriteName(string name, string? text)
            {
                if (text is not null)
                {
                    var most = size == Size.Whole ? ReportNames.MaxSummary : size < Size.ShortNames ? LongName : ShortName;
                    writer.WriteString(name, ReportText.Shorten(ReportText.Clean(text), most));
                }
            }
        }

        return buffer.WrittenMemory;
    }

    private static string NameOf(ProcessState state) => state switch
    {
        ProcessState.Starting => "starting",
        ProcessState.Running => "running",
        ProcessState.Ended => "ended",
        _ => "unknown",
    };

    private static ProcessState StateOf(string? name) => name switch
    {
        "starting" => ProcessState.Starting,
        "running" => ProcessState.Running,
        "ended" => ProcessState.Ended,
        _ => ProcessState.Unknown,
    };
}
