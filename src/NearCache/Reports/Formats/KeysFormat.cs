using System.Text.Json;

namespace NearCache.Reports.Formats;

/// <summary>The JSON format of the hottest keys in a report. Members that are zero are left out.</summary>
/// <remarks>docs/formats.md, "Process reports".</remarks>
internal static class KeysFormat
{
    // No process does more, so a report that says more is wrong.
    private const double MaxRate = 1e8;

    // The entries that a reader takes of each list, whatever the report has.
    private const int MaxEntries = 100;

    /// <summary>Writes the keys.</summary>
    /// <param name="writer">The writer, after the name of the member.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="maxKeys">The greatest number of keys that is written.</param>
    /// <param name="maxPrefixes">The greatest number of prefixes that is written.</param>
    public static void Write(Utf8JsonWriter writer, ReportedKeys keys, int maxKeys, int maxPrefixes)
    {
        writer.WriteStartObject();
        writer.WriteString("shown"u8, keys.Visibility == KeyVisibility.Plain ? "plain" : "hashed");
        writer.WriteNumber("seconds"u8, (long)keys.Observed.TotalSeconds);
        WriteRate(writer, "reads", keys.UncoveredReadsPerSecond);
        WriteRate(writer, "writes", keys.UncoveredWritesPerSecond);
        WriteAll(writer, "keys", keys.Keys.Take(maxKeys));
        WriteAll(writer, "prefixes", keys.Prefixes.Take(maxPrefixes));
        writer.WriteEndObject();
    }

    /// <summary>Reads the keys. Null if the report shows keys in a way that this version does not know.</summary>
    public static ReportedKeys? Read(ReportObject keys)
    {
        KeyVisibility? visibility = keys.Text("shown") switch
        {
            "plain" => KeyVisibility.Plain,
            "hashed" => KeyVisibility.Hashed,
            _ => null,
        };
        return visibility is not { } shown ? null : new ReportedKeys
        {
            Visibility = shown,
            Observed = TimeSpan.FromSeconds(keys.Count("seconds")),
            UncoveredReadsPerSecond = Rate(keys, "reads"),
            UncoveredWritesPerSecond = Rate(keys, "writes"),
            Keys = [.. keys.Objects("keys").Take(MaxEntries).Select(ReadTraffic).OfType<ReportedTraffic>()],
            Prefixes = [.. keys.Objects("prefixes").Take(MaxEntries).Select(ReadTraffic).OfType<ReportedTraffic>()],
        };
    }

    /// <summary>Writes a rate with at most two decimals and about three digits, unless it is zero.</summary>
    public static void WriteRate(Utf8JsonWriter writer, string name, double rate)
    {
        if (Math.Round(rate, rate >= 100 ? 0 : rate >= 10 ? 1 : 2) is > 0 and var rounded)
        {
            writer.WriteNumber(name, rounded);
        }
    }

    /// <summary>Reads a rate; 0 if there is none.</summary>
    public static double Rate(ReportObject entry, string name) => Math.Min(entry.Fraction(name), MaxRate);

    private static void WriteAll(Utf8JsonWriter writer, string name, IEnumerable<ReportedTraffic> all)
    {
        writer.WriteStartArray(name);
        foreach (var traffic in all)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, traffic.Name);
            if (traffic.Rule is { } rule)
            {
                writer.WriteString("rule"u8, rule);
            }

            if (traffic.NameNature != KeyNature.Unknown)
            {
                writer.WriteString("nature"u8, JsonNamingPolicy.CamelCase.ConvertName(traffic.NameNature.ToString()));
            }

            WriteRate(writer, "hits", traffic.NearHitsPerSecond);
            WriteRate(writer, "reads", traffic.RemoteReadsPerSecond);
            WriteRate(writer, "saved", traffic.SavableReadsPerSecond);
            WriteRate(writer, "writes", traffic.WritesPerSecond);
            WriteRate(writer, "adds", traffic.AddsPerSecond);
            WriteRate(writer, "compares", traffic.ComparesPerSecond);
            WriteRate(writer, "touches", traffic.TouchesPerSecond);
            WriteRate(writer, "error", traffic.ErrorPerSecond);
            if (traffic.NearEntries > 0)
            {
                writer.WriteNumber("entries"u8, traffic.NearEntries);
            }

            if (traffic.MeanBytes is { } bytes)
            {
                writer.WriteNumber("bytes"u8, bytes);
            }

            if (traffic.MeanReadDuration is { } duration)
            {
                writer.WriteNumber("micros"u8, (long)duration.TotalMicroseconds);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static ReportedTraffic? ReadTraffic(ReportObject entry) => entry.Text("name") is not { Length: > 0 } name ? null : new()
    {
        Name = name,
        Rule = entry.Text("rule"),
        NameNature = entry.Text("nature") switch
        {
            "lock" => KeyNature.Lock,
            "session" => KeyNature.Session,
            "counter" => KeyNature.Counter,
            _ => KeyNature.Unknown,
        },
        NearHitsPerSecond = Rate(entry, "hits"),
        RemoteReadsPerSecond = Rate(entry, "reads"),
        SavableReadsPerSecond = Rate(entry, "saved"),
        WritesPerSecond = Rate(entry, "writes"),
        AddsPerSecond = Rate(entry, "adds"),
        ComparesPerSecond = Rate(entry, "compares"),
        TouchesPerSecond = Rate(entry, "touches"),
        ErrorPerSecond = Rate(entry, "error"),
        NearEntries = entry.Count("entries"),
        MeanBytes = entry.Number("bytes"),
        MeanReadDuration = entry.Number("micros") is { } micros ? TimeSpan.FromMicroseconds(Math.Min(micros, int.MaxValue)) : null,
    };
}
