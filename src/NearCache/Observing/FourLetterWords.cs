using System.Globalization;

namespace NearCache.Observing;

/// <summary>Parses replies of ZooKeeper servers to four-letter words.</summary>
/// <remarks>https://zookeeper.apache.org/doc/r3.8.0/zookeeperAdmin.html, "The Four Letter Words".</remarks>
internal static class FourLetterWords
{
    /// <summary>Parses a reply to <c>srvr</c>.</summary>
    public static Observed<FleetEnsembleStatus> Status(string text)
    {
        var values = Values(text, ':');
        if (!values.TryGetValue("Mode", out var mode))
        {
            return Observed<FleetEnsembleStatus>.Missing(
                text.Contains("not currently serving requests", StringComparison.Ordinal)
                    ? "the server has no quorum, and serves no requests"
                    : "the server's reply to srvr is not understood",
                text.Contains("not currently serving requests", StringComparison.Ordinal) ? UnknownCause.NoQuorum : UnknownCause.Other);
        }

        // "Latency min/avg/max: 0/0.25/12"
        var latency = values.GetValueOrDefault("Latency min/avg/max", "").Split('/');
        return Observed<FleetEnsembleStatus>.Of(new FleetEnsembleStatus
        {
            Version = values.GetValueOrDefault("Zookeeper version")?.Split(',', '-')[0].Trim(),
            Mode = mode,
            Zxid = values.TryGetValue("Zxid", out var zxid)
                && zxid.StartsWith("0x", StringComparison.Ordinal)
                && long.TryParse(zxid.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number)
                ? number
                : null,
            Nodes = Number(values, "Node count"),
            Connections = Number(values, "Connections"),
            Outstanding = Number(values, "Outstanding"),
            MeanLatency = Milliseconds(latency, 1),
            LongestLatency = Milliseconds(latency, 2),
        });
    }

    /// <summary>Parses a reply to <c>mntr</c>.</summary>
    public static Observed<IReadOnlyDictionary<string, string>> Monitor(string text) => Values(text, '\t') is { Count: > 0 } values
        ? Observed<IReadOnlyDictionary<string, string>>.Of(values)
        : Observed<IReadOnlyDictionary<string, string>>.Missing("the server's reply to mntr is not understood");

    /// <summary>Parses a reply to <c>cons</c>.</summary>
    // " /127.0.0.1:40210[1](queued=0,recved=2,sent=2,sid=0x10000,lop=PING,…)"
    public static Observed<IReadOnlyList<FleetEnsembleConnection>> Connections(string text)
    {
        List<FleetEnsembleConnection> connections = [];
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith('/') && line.IndexOf('[', line.LastIndexOf(':') is var at and > 0 && !line[..at].Contains('(') ? at : 0)
                is > 0 and var end)
            {
                var session = line.IndexOf("sid=0x", StringComparison.Ordinal);
                var digits = session < 0 ? "" : new string([.. line[(session + 6)..].TakeWhile(char.IsAsciiHexDigit)]);
                connections.Add(new FleetEnsembleConnection
                {
                    Address = line[1..end],
                    SessionId = long.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var id) ? id : null,
                });
            }
        }

        return Observed<IReadOnlyList<FleetEnsembleConnection>>.Of(connections);
    }

    private static Dictionary<string, string> Values(string text, char separator)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (var line in text.Split('\n'))
        {
            if (line.IndexOf(separator, StringComparison.Ordinal) is > 0 and var at)
            {
                values.TryAdd(line[..at].Trim(), line[(at + 1)..].Trim());
            }
        }

        return values;
    }

    private static long? Number(Dictionary<string, string> values, string name) =>
        values.TryGetValue(name, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private static double? Milliseconds(string[] values, int index) =>
        values.Length == 3 && double.TryParse(values[index], NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
