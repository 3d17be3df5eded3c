using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using NearCache.Reports.Core;

namespace NearCache.Reports.Formats;

/// <summary>The JSON format of a <see cref="ProcessDetail"/>, at most <see cref="ReportNames.MaxDetail"/> bytes.</summary>
/// <remarks>
/// docs/formats.md, "Process reports". A detail that is too large loses parts in the order of <see cref="Part"/>, and names them in the
/// member <c>dropped</c>.
/// </remarks>
internal static class DetailFormat
{
    // The rules that are kept when a report with all of them is too large.
    private const int BusyRules = 20;

    // The keys and prefixes of a report, and those that are kept when it is too large.
    private const int MaxKeys = 24;
    private const int MaxPrefixes = 40;
    private const int HottestKeys = 12;
    private const int BusiestPrefixes = 24;

    private const int MaxCarriers = 16;

    // The bytes of the reason why a carrier does not deliver.
    private const int MaxProblem = 300;

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly HashSet<string> Known =
        ["format", "id", "address", "near", "servers", "carriers", "zooKeeper", "keys", "rules", "warnings", "dropped"];

    // In the order in which they are dropped.
    private enum Part
    {
        QuietRules,
        CoolKeys,
        Keys,
        Rules,
        Warnings,
        Connections,
        Misses,
        Servers,
        Carriers,
        ZooKeeper,
        None,
    }

    /// <summary>Writes a detail.</summary>
    public static ReadOnlyMemory<byte> Write(ProcessDetail detail)
    {
        for (var first = Part.QuietRules; ; first++)
        {
            var written = Write(detail, first);
            if (written.Length <= ReportNames.MaxDetail || first == Part.None)
            {
                return written;
            }
        }
    }

    /// <summary>Reads a detail. Returns null for other content.</summary>
    public static ProcessDetail? TryRead(ReadOnlyMemory<byte> content, TimeSpan age)
    {
        using var document = ReportObject.TryParse(content, ReportNames.MaxDetail);
        if (document is null || new ReportObject(document.RootElement) is var report && report.Name("id") is not { } id)
        {
            return null;
        }

        var near = report.Object("near");
        return new ProcessDetail
        {
            Id = id,
            Age = age,
            NodeAddress = report.Address("address"),
            NearEntries = near?.Number("entries") ?? 0,
            NearBytes = near?.Number("bytes") ?? 0,
            NearEvictions = near?.Number("evictions") ?? 0,
            NearMisses = CountsOf(near?.Counts("misses")),
            Servers = [.. report.Objects("servers").Select(ReadServer)],
            Carriers = [.. report.Objects("carriers").Take(MaxCarriers).Select(ReadCarrier)],
            ZooKeeper = report.Object("zooKeeper") is { } zooKeeper ? ReadZooKeeper(zooKeeper) : null,
            Keys = report.Object("keys") is { } keys ? KeysFormat.Read(keys) : null,
            Rules = [.. report.Objects("rules").Select(ReadRule)],
            Warnings = CountsOf(report.Counts("warnings"))
                .Where(entry => int.TryParse(entry.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                .DistinctBy(entry => int.Parse(entry.Key, CultureInfo.InvariantCulture))
                .ToDictionary(entry => int.Parse(entry.Key, CultureInfo.InvariantCulture), entry => entry.Value),
            Dropped = [.. (report.Entries("dropped") ?? []).Where(entry => entry.ValueKind == JsonValueKind.String)
                .Select(entry => ReportText.Clean(entry.GetRawText()[1..^1]))],
            Others = report.Others(Known),
        };
    }

    private static Dictionary<string, long> CountsOf(IEnumerable<KeyValuePair<string, long>>? counts)
    {
        var result = new Dictionary<string, long>();
        foreach (var (name, count) in counts ?? [])
        {
            result[name] = count;
        }

        return result;
    }

    private static ReadOnlyMemory<byte> Write(ProcessDetail detail, Part first)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format"u8, 1);
            writer.WriteString("id"u8, detail.Id);
            if (detail.NodeAddress is { } address)
            {
                writer.WriteString("address"u8, address);
            }

            writer.WriteStartObject("near"u8);
            writer.WriteNumber("entries"u8, detail.NearEntries);
            writer.WriteNumber("bytes"u8, detail.NearBytes);
            writer.WriteNumber("evictions"u8, detail.NearEvictions);
            if (first <= Part.Misses)
            {
                WriteCounts(writer, "misses", detail.NearMisses);
            }

            writer.WriteEndObject();
            if (first <= Part.Servers)
            {
                WriteServers(writer, detail, first <= Part.Connections);
            }

            if (first <= Part.Carriers && detail.Carriers.Count > 0)
            {
                WriteCarriers(writer, detail.Carriers);
            }

            if (first <= Part.ZooKeeper && detail.ZooKeeper is { } zooKeeper)
            {
                WriteZooKeeper(writer, zooKeeper);
            }

            if (first <= Part.Keys && detail.Keys is { } keys)
            {
                writer.WritePropertyName("keys"u8);
                var isWhole = first <= Part.CoolKeys;
                KeysFormat.Write(writer, keys, isWhole ? MaxKeys : HottestKeys, isWhole ? MaxPrefixes : BusiestPrefixes);
            }

            if (first <= Part.Rules)
            {
                WriteRules(writer, first == Part.QuietRules ? detail.Rules : BusiestOf(detail.Rules));
            }

            if (first <= Part.Warnings)
            {
                WriteCounts(
                    writer,
                    "warnings",
                    detail.Warnings.Select(one => KeyValuePair.Create(one.Key.ToString(CultureInfo.InvariantCulture), one.Value)));
            }

            if (first > Part.QuietRules)
            {
                writer.WriteStartArray("dropped"u8);
                for (var part = Part.QuietRules; part < first; part++)
                {
                    writer.WriteStringValue(JsonNamingPolicy.CamelCase.ConvertName(part.ToString()));
                }

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void WriteCounts(Utf8JsonWriter writer, string name, IEnumerable<KeyValuePair<string, long>> counts)
    {
        writer.WriteStartObject(name);
        foreach (var (key, count) in counts)
        {
            writer.WriteNumber(key, count);
        }

        writer.WriteEndObject();
    }

    private static void WriteServers(Utf8JsonWriter writer, ProcessDetail detail, bool withConnections)
    {
        writer.WriteStartArray("servers"u8);
        foreach (var server in detail.Servers)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, server.Name);
            if (server.Identity is { } identity)
            {
                writer.WriteString("identity"u8, identity);
            }

            writer.WriteBoolean("near"u8, server.IsServedNear);
            if (server.ConfirmedBefore is { } age)
            {
                writer.WriteNumber("age"u8, (long)age.TotalMilliseconds);
            }

            if (server.RemoteLatency is { } latency)
            {
                writer.WriteNumber("p99"u8, (long)latency.TotalMicroseconds);
            }

            writer.WriteNumber("open"u8, server.ConnectionCount);
            if (withConnections)
            {
                writer.WriteStartArray("connections"u8);
                foreach (var connection in server.Connections)
                {
                    WriteConnection(writer, connection);
                }

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static ReportedServer ReadServer(ReportObject server) => new()
    {
        Name = server.Text("name") ?? "",
        Identity = server.Text("identity"),
        IsServedNear = server.Flag("near"),
        ConfirmedBefore = server.Milliseconds("age"),
        RemoteLatency = server.Microseconds("p99"),
        ConnectionCount = server.Count("open"),
        Connections = [.. server.Objects("connections").Select(ReadConnection)],
    };

    private static void WriteConnection(Utf8JsonWriter writer, ReportedConnection connection)
    {
        writer.WriteStartObject();
        writer.WriteString("local"u8, connection.Local);
        writer.WriteNumber("opened"u8, connection.OpenedAt.ToUnixTimeSeconds());
        writer.WriteEndObject();
    }

    private static ReportedConnection ReadConnection(ReportObject connection) => new()
    {
        Local = connection.Text("local") ?? "",
        OpenedAt = connection.Time("opened") ?? DateTimeOffset.UnixEpoch,
    };

    private static void WriteCarriers(Utf8JsonWriter writer, IEnumerable<ReportedCarrier> carriers)
    {
        writer.WriteStartArray("carriers"u8);
        foreach (var carrier in carriers)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, carrier.Name);
            writer.WriteBoolean("delivers"u8, carrier.IsDelivering);
            if (carrier.Problem is { } problem)
            {
                writer.WriteString("problem"u8, ReportText.Shorten(ReportText.Clean(problem), MaxProblem));
            }

            writer.WriteNumber("sent"u8, carrier.Sent);
            writer.WriteNumber("failed"u8, carrier.Failed);
            writer.WriteNumber("received"u8, carrier.Received);
            writer.WriteNumber("limit"u8, carrier.MessagesPerSecond);
            writer.WriteNumber("waiting"u8, carrier.Waiting);
            writer.WriteNumber("members"u8, carrier.Members);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static ReportedCarrier ReadCarrier(ReportObject carrier) => new()
    {
        Name = carrier.Text("name") ?? "",
        IsDelivering = carrier.Flag("delivers"),
        Problem = carrier.Text("problem"),
        Sent = carrier.Number("sent") ?? 0,
        Failed = carrier.Number("failed") ?? 0,
        Received = carrier.Number("received") ?? 0,
        MessagesPerSecond = carrier.Fraction("limit"),
        Waiting = carrier.Count("waiting"),
        Members = carrier.Count("members"),
    };

    private static void WriteZooKeeper(Utf8JsonWriter writer, ReportedZooKeeper zooKeeper)
    {
        writer.WriteStartObject("zooKeeper"u8);
        writer.WriteString("state"u8, zooKeeper.State);
        writer.WriteNumber("requests"u8, zooKeeper.Requests);
        writer.WriteNumber("failures"u8, zooKeeper.Failures);
        writer.WriteNumber("announcements"u8, zooKeeper.Announcements);
        writer.WriteNumber("limit"u8, zooKeeper.AnnouncementsPerSecond);
        writer.WriteNumber("waiting"u8, zooKeeper.Waiting);
        writer.WriteNumber("refusals"u8, zooKeeper.QuotaRefusals);
        writer.WriteNumber("members"u8, zooKeeper.Members);
        if (zooKeeper.Connection is { } connection)
        {
            writer.WritePropertyName("connection"u8);
            WriteConnection(writer, connection);
        }

        writer.WriteEndObject();
    }

    private static ReportedZooKeeper ReadZooKeeper(ReportObject zooKeeper) => new()
    {
        State = zooKeeper.Text("state") ?? "",
        Requests = zooKeeper.Number("requests") ?? 0,
        Failures = zooKeeper.Number("failures") ?? 0,
        Announcements = zooKeeper.Number("announcements") ?? 0,
        AnnouncementsPerSecond = zooKeeper.Fraction("limit"),
        Waiting = zooKeeper.Count("waiting"),
        QuotaRefusals = zooKeeper.Number("refusals") ?? 0,
        Members = zooKeeper.Count("members"),
        Connection = zooKeeper.Object("connection") is { } connection ? ReadConnection(connection) : null,
    };

    private static void WriteRules(Utf8JsonWriter writer, IEnumerable<ReportedRule> rules)
    {
        writer.WriteStartArray("rules"u8);
        foreach (var rule in rules)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, rule.Name);
            writer.WriteBoolean("on"u8, rule.IsOn);
            if (rule.IsDryRun)
            {
                writer.WriteBoolean("dryRun"u8, true);
            }

            if (rule.ChurnBreaker != ChurnBreakerState.Closed)
            {
                writer.WriteString("breaker"u8, rule.ChurnBreaker == ChurnBreakerState.Open ? "open" : "halfOpen");
            }

            writer.WriteNumber("hits"u8, rule.NearHits);
            writer.WriteNumber("reads"u8, rule.RemoteReads);
            writer.WriteNumber("writes"u8, rule.Writes);
            writer.WriteNumber("announcements"u8, rule.Announcements);
            KeysFormat.WriteRate(writer, "hitRate", rule.NearHitsPerSecond);
            KeysFormat.WriteRate(writer, "readRate", rule.RemoteReadsPerSecond);
            KeysFormat.WriteRate(writer, "writeRate", rule.WritesPerSecond);
            KeysFormat.WriteRate(writer, "announcementRate", rule.AnnouncementsPerSecond);
            WritePositive(writer, "entries", rule.NearEntries);
            WritePositive(writer, "bytes", rule.NearBytes);
            WritePositive(writer, "trips", rule.Suspensions);
            WritePositive(writer, "seconds", (long)rule.Observed.TotalSeconds);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WritePositive(Utf8JsonWriter writer, string name, long number)
    {
        if (number > 0)
        {
            writer.WriteNumber(name, number);
        }
    }

    private static IEnumerable<ReportedRule> BusiestOf(IReadOnlyList<ReportedRule> rules) =>
        rules.OrderByDescending(rule => rule.NearHits + rule.RemoteReads + rule.Writes).Take(BusyRules);

    private static ReportedRule ReadRule(ReportObject rule) => new()
    {
        Name = rule.Text("name") ?? "",
        IsOn = rule.Flag("on"),
        IsDryRun = rule.Flag("dryRun"),
        ChurnBreaker = rule.Text("breaker") switch
        {
            "open" => ChurnBreakerState.Open,
            "halfOpen" => ChurnBreakerState.HalfOpen,
            _ => ChurnBreakerState.Closed,
        },
        NearHits = rule.Number("hits") ?? 0,
        RemoteReads = rule.Number("reads") ?? 0,
        Writes = rule.Number("writes") ?? 0,
        Announcements = rule.Number("announcements") ?? 0,
        NearHitsPerSecond = KeysFormat.Rate(rule, "hitRate"),
        RemoteReadsPerSecond = KeysFormat.Rate(rule, "readRate"),
        WritesPerSecond = KeysFormat.Rate(rule, "writeRate"),
        AnnouncementsPerSecond = KeysFormat.Rate(rule, "announcementRate"),
        NearEntries = rule.Count("entries"),
        NearBytes = rule.Number("bytes") ?? 0,
        Suspensions = rule.Count("trips"),
        Observed = TimeSpan.FromSeconds(rule.Count("seconds")),
    };
}
