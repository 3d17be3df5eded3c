using NearCache.Cli.Output;

namespace NearCache.Cli.Doctoring;

/// <summary>Checks the settings, as a starting process does.</summary>
internal static class ConfigurationChecks
{
    public static IEnumerable<Check> Of(FleetReading reading)
    {
        var options = reading.Options;
        var hasServers = options.Memcached.Servers is { Count: > 0 } || options.ZooKeeper.ConnectionString.Length > 0;
        if (!hasServers)
        {
            yield return Findings.NoServers.Because(
                $"{reading.Source} names no server: Memcached:Servers and ZooKeeper:ConnectionString are empty.",
                "Set Memcached:Servers to the memcached servers of the fleet, in the configuration of every process.");
        }

        // Without servers the check of the settings says the same.
        foreach (var mistake in reading.Mistakes.Where(mistake => hasServers || !mistake.Contains("are empty", StringComparison.Ordinal)))
        {
            yield return Findings.Configuration.Because(
                mistake.TrimEnd('.') + ".", $"Correct it in {reading.Source}, and in the configuration of every process.");
        }

        if (reading.Unread.Count > 0)
        {
            yield return Findings.NotJudged.Because(
                $"Not read within {Words.Of(reading.Limit)}, and not judged: {string.Join(", ", reading.Unread)}.",
                "Run the command again with a longer --within, from a machine that is not busy. If it stays so, the network or the "
                    + "servers are slow.");
        }

        if (reading.Mistakes.Count == 0)
        {
            yield return Check.Good(
                CheckGroup.Configuration,
                $"The settings are valid ({reading.Source}): namespace {options.Namespace}, "
                + (options.Memcached.Servers.Count > 0 ? Words.Count(options.Memcached.Servers.Count, "memcached server")
                    : "another remote")
                + (options.ZooKeeper.ConnectionString.Length > 0 ? $", ZooKeeper {options.ZooKeeper.ConnectionString}."
                    : ", no ZooKeeper."));
        }
    }
}
