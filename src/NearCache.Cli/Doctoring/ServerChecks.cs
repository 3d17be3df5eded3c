using System.Globalization;
using NearCache.Cli.Output;

namespace NearCache.Cli.Doctoring;

/// <summary>Checks each memcached server.</summary>
internal static class ServerChecks
{
    // The share of its connections from which a server is nearly full.
    private const double NearlyFull = 0.9;

    private const int FewReserved = 8;

    // What the header and the key of an item take of the server's limit, at most.
    private const int ItemOverhead = 512;

    public static IEnumerable<Check> Of(FleetReading reading)
    {
        foreach (var (index, server) in reading.Servers.Index())
        {
            var found = One(reading, server, reading.EarlierServers.ElementAtOrDefault(index)).ToArray();
            foreach (var check in found)
            {
                yield return check;
            }

            if (found.Length == 0 && server.Statistics.Value is { } statistics)
            {
                yield return Check.Good(CheckGroup.Memcached, Describe(server.Name, statistics, server.Namespace.Value));
            }
        }

        foreach (var check in Identities(reading))
        {
            yield return check;
        }
    }

    private static IEnumerable<Check> One(FleetReading reading, FleetServer server, FleetServer? earlier)
    {
        if (server.Statistics is not { IsKnown: true, Value: var statistics })
        {
            yield return Unreachable(server.Name, server.Statistics.Unknown!, server.Statistics.Cause);
            yield break;
        }

        if (!server.Settings.IsKnown || !server.Namespace.IsKnown)
        {
            yield return Findings.ServerUnreadable.Because(
                $"{server.Name} answers in part: {(server.Settings.Unknown ?? server.Namespace.Unknown)!.TrimEnd('.')}.",
                "Run the command again. If it stays so, look for a proxy that permits only some commands.");
        }

        var refused = (statistics.RejectedConnections ?? 0) - (
            earlier?.Statistics.Value?.RejectedConnections ?? statistics.RejectedConnections ?? 0);
        if (statistics.Connections is { } open && MostConnections(statistics) is { } most && (open >= most * NearlyFull || refused > 0))
        {
            yield return Findings.ConnectionsNearLimit.Because(
                $"{server.Name} has {Words.Number(open)} of about {Words.Count(most, "connection")} that it accepts"
                    + (refused > 0 ? $", and refused {Words.Number(refused)} in the last {Words.Of(reading.Between)}." : "."),
                "Find the owners with nearcache connections, and end what leaks. If all of them are wanted, start memcached with a "
                    + "larger -c.");
        }

        if (earlier?.Statistics.Value?.Evictions is { } before && statistics.Evictions - before is > 0 and { } evicted)
        {
            var rate = evicted / Math.Max(reading.Between.TotalSeconds, 0.1);
            yield return Findings.ServerEvicts.Because(
                $"{server.Name} evicts {Words.Rate(rate)} items a second: {Words.Bytes(statistics.Bytes ?? 0)} of "
                    + $"{Words.Bytes(statistics.MaxBytes ?? 0)} are used.",
                "Give the server more memory (memcached -m), add a server, or shorten ItemLifetime.");
        }

        var keepAlive = reading.Options.Memcached.KeepAlive;
        if (server.Settings.Value?.IdleTimeout is { } idle && idle > TimeSpan.Zero && (keepAlive == TimeSpan.Zero || idle <= keepAlive))
        {
            yield return Findings.IdleTimeout.Because(
                $"{server.Name} closes connections that are idle for {Words.Of(idle)}, and the clients probe theirs "
                    + (keepAlive == TimeSpan.Zero ? "never (KeepAlive is zero)." : $"after {Words.Of(keepAlive)}."),
                $"Set Memcached:KeepAlive below {idle.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s, or raise memcached "
                    + $"-o idle_timeout.");
        }

        if (server.Settings.Value?.MaxItemBytes is { } largest && largest < reading.Options.Memcached.MaxValueBytes)
        {
            yield return Findings.ItemSize.Because(
                $"{server.Name} takes items of at most {Words.Bytes(largest)}, and Memcached:MaxValueBytes is "
                    + $"{Words.Bytes(reading.Options.Memcached.MaxValueBytes)}.",
                $"Set Memcached:MaxValueBytes to {largest - ItemOverhead} or less, or start memcached with a larger -I.");
        }

        if (server.Namespace.Value is { Writes: null } && reading.Live.Any(process => process.Report.Age is not null
            && reading.At - process.Summary.StartedAt > TimeSpan.FromSeconds(30)))
        {
            yield return Findings.CountersMissing.Because(
                $"{server.Name} has no counters of namespace {reading.Options.Namespace}, although processes run.",
                "Processes create them within seconds of reaching the server. If they stay missing, no process reaches it: compare its "
                    + "address with Memcached:Servers of the processes, and check the network between them.");
        }
    }

    // memcached keeps some of the connections that -c allows for files of its threads, and a few more (measured with 1.6.18: 5 to 8).
    private static long? MostConnections(FleetServerStatistics statistics) => statistics.MaxConnections is > 0 and { } allowed
        ? long.TryParse(statistics.All.GetValueOrDefault("reserved_fds"), NumberStyles.None, CultureInfo.InvariantCulture, out var own)
            ? Math.Max(allowed - own - FewReserved, 1)
            : allowed
        : null;

    private static Check Unreachable(string server, string reason, UnknownCause cause)
    {
        // The reason often begins with the server, which is said already.
        var text = reason.TrimEnd('.');
        text = text.StartsWith($"{server} cannot be used: ", StringComparison.Ordinal)
            || text.StartsWith($"{server} is down: ", StringComparison.Ordinal)
            ? text[(text.IndexOf(": ", server.Length, StringComparison.Ordinal) + 2)..]
            : text;
        return cause switch
        {
            UnknownCause.ServerFull => Findings.ServerFull.Because(
                $"{server} has as many connections as it allows (memcached -c), so this tool cannot connect either.",
                "Find the owners on the machine of the server with ss -tn, or ask another server with nearcache connections: the clients "
                    + "are the same. End what leaks, then start memcached with a larger -c."),
            UnknownCause.ServerTooOld => Findings.ServerTooOld.Because($"{reason.TrimEnd('.')}.", "Upgrade memcached on this server."),
            _ when cause == UnknownCause.NotAuthenticated || text.Contains("requires TLS", StringComparison.Ordinal) =>
                Findings.ServerRefuses.Because(
                    $"{server} cannot be used with these settings: {text}.",
                    TlsAdvice.Of(text, "Memcached:Servers")
                        ?? "Correct Memcached:Tls, Memcached:UserName and Memcached:Password, here and in the processes: TLS must be on "
                        + "exactly where the server has it (memcached -Z), and its certificate must be valid for the name in "
                        + "Memcached:Servers."),
            _ => Findings.ServerUnreachable.Because(
                $"{server} does not answer: {text}.",
                "Check that memcached runs there and that this machine reaches it. If only this machine does not, run the tool elsewhere."),
        };
    }

    private static IEnumerable<Check> Identities(FleetReading reading)
    {
        foreach (var server in reading.Servers)
        {
            var seen = reading.Details.SelectMany(detail => detail.Servers).Where(one => one.Name == server.Name)
                .Select(one => one.Identity)
                .Append(server.Namespace.Value?.Identity)
                .OfType<string>()
                .Distinct(StringComparer.Ordinal)
                .Count();
            var addresses = reading.Options.EveryAddressIsAServer ? 0 : reading.Addresses.GetValueOrDefault(server.Name);
            if (seen > 1 || addresses > 1)
            {
                yield return Findings.NotOneServer.Because(
                    $"{server.Name} is not one server: "
                        + (seen > 1 ? $"{seen} servers were seen behind it." : $"its name has {addresses} addresses."),
                    "Name each server by an address of its own in Memcached:Servers, without a load balancer or a name of several servers "
                        + "(or set EveryAddressIsAServer for a headless service), then flush the servers that were behind the name.");
            }
        }

        var twice = reading.Servers.Where(server => server.Namespace.Value?.Identity is not null)
            .GroupBy(server => server.Namespace.Value!.Identity)
            .Where(same => same.Skip(1).Any());
        foreach (var same in twice)
        {
            yield return Findings.SameServerTwice.Because(
                $"{string.Join(" and ", same.Select(server => server.Name))} are the same server.",
                "Name each server once in Memcached:Servers of every process.");
        }
    }

    private static string Describe(string name, FleetServerStatistics statistics, FleetServerNamespace? held) => string.Join(
        ", ",
        new[]
        {
            $"{name}: memcached {statistics.Version}",
            statistics.Uptime is { } uptime ? $"up for {Words.Of(uptime)}" : null,
            statistics is { Bytes: { } bytes, MaxBytes: { } most } ? $"{Words.Bytes(bytes)} of {Words.Bytes(most)}" : null,
            statistics.Connections is { } open && MostConnections(statistics) is { } limit
                ? $"{Words.Number(open)} of about {Words.Count(limit, "connection")}"
                : null,
            statistics.Evictions is > 0 and { } evictions ? $"{Words.Number(evictions)} evictions since its start, none now"
                : "no evictions",
            held is { Identity: { } identity } ? $"identity {identity[..8]}" : null,
        }.OfType<string>()) + ".";
}
