using System.Globalization;
using NearCache.Memcached.Topology;

namespace NearCache.Memcached;

/// <summary>Validates <see cref="MemcachedOptions"/> and reports all errors at once.</summary>
internal static class MemcachedOptionsValidator
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Returns the errors, each a sentence that names the setting, its value and the remedy; empty if the options are valid.
    /// </summary>
    public static IReadOnlyList<string> Validate(MemcachedOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = new List<string>();
        CheckServers(options, errors);
        CheckRange(options.ConnectionsPerServer, 1, 64, nameof(options.ConnectionsPerServer), errors);
        CheckTime(options.ConnectTimeout, TimeSpan.FromMilliseconds(10), Longest, nameof(options.ConnectTimeout), errors);
        CheckTime(options.OperationTimeout, TimeSpan.FromMilliseconds(10), Longest, nameof(options.OperationTimeout), errors);
        CheckTime(options.StallTimeout, TimeSpan.FromMilliseconds(10), Longest, nameof(options.StallTimeout), errors);
        CheckTime(options.MaxReconnectDelay, TimeSpan.FromMilliseconds(1), Longest, nameof(options.MaxReconnectDelay), errors);
        var most = options.MaxReconnectDelay > TimeSpan.Zero ? options.MaxReconnectDelay : Longest;
        CheckTime(options.ReconnectDelay, TimeSpan.FromMilliseconds(1), most, nameof(options.ReconnectDelay), errors);
        CheckRange(options.ReconnectJitter, 0, 1, nameof(options.ReconnectJitter), errors);
        if (options.KeepAlive != TimeSpan.Zero)
        {
            CheckTime(options.KeepAlive, TimeSpan.FromSeconds(1), TimeSpan.FromHours(2), nameof(options.KeepAlive), errors);
        }

        CheckRange(options.MaxInFlightCommands, 1, int.MaxValue, nameof(options.MaxInFlightCommands), errors);
        CheckRange(options.MaxInFlightBytes, 1, long.MaxValue, nameof(options.MaxInFlightBytes), errors);
        CheckRange(options.MaxValueBytes, 1, 1 << 30, nameof(options.MaxValueBytes), errors);
        if (options.OverloadPolicy is not (OverloadPolicy.Wait or OverloadPolicy.Fail))
        {
            errors.Add($"{nameof(options.OverloadPolicy)} must be Wait or Fail, but is {options.OverloadPolicy}.");
        }

        if (options.UserName is null != options.Password is null)
        {
            errors.Add($"{nameof(options.UserName)} and {nameof(options.Password)} belong together: set both or none.");
        }

        CheckWord(options.UserName, nameof(options.UserName), errors);
        CheckWord(options.Password, nameof(options.Password), errors);
        if (!Enum.IsDefined(options.Distribution))
        {
            var names = string.Join(", ", Enum.GetNames<MemcachedDistribution>());
            errors.Add($"{nameof(options.Distribution)} must be one of {names}, but is {options.Distribution}.");
        }

        return errors;
    }

    internal static void ThrowIfInvalid(MemcachedOptions options)
    {
        var errors = Validate(options);
        if (errors.Count > 0)
        {
            throw new ArgumentException(
                $"The options of the memcached client are invalid ({errors.Count} errors): {string.Join(' ', errors)}", nameof(options));
        }
    }

    private static void CheckServers(MemcachedOptions options, List<string> errors)
    {
        var servers = options.Servers;
        if (servers is null || servers.Count == 0)
        {
            errors.Add("Servers must name at least one server, as host:port.");
            return;
        }

        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < servers.Count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"Servers[{i}]");
            if (!ServerEntry.TryParse(servers[i], out var entry, out var problem))
            {
                errors.Add($"{name} is '{servers[i]}', which {problem}.");
                continue;
            }

            if (!seen.TryAdd(entry.Address.Identity, servers[i]))
            {
                var other = seen[entry.Address.Identity];
                errors.Add($"{name} is '{servers[i]}', which is named twice{(other == servers[i] ? "" : $", as '{other}' too")}: "
                    + "name each server once.");
            }

            if (entry.Weight != 1 && options.Locator is null && !ServerLocators.SupportsWeights(options.Distribution))
            {
                errors.Add(
                    $"{name} is '{servers[i]}', but {nameof(options.Distribution)} {options.Distribution} does not support weights: "
                    + "use KetamaWeighted or Rendezvous.");
            }
        }
    }

    // User name and password are sent with a space between them.
    private static void CheckWord(string? value, string name, List<string> errors)
    {
        if (value is not null && (value.Length == 0 || value.Any(letter => letter == ' ' || char.IsControl(letter))))
        {
            errors.Add($"{name} must be at least one character, without spaces and control characters.");
        }
    }

    private static void CheckTime(TimeSpan value, TimeSpan least, TimeSpan most, string name, List<string> errors) =>
        CheckRange(value, least, most, name, errors);

    private static void CheckRange<T>(T value, T least, T most, string name, List<string> errors)
        where T : IComparable<T>, IFormattable
    {
        // Written so that NaN is rejected.
        if (!(value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0))
        {
            errors.Add(string.Create(CultureInfo.InvariantCulture, $"{name} must be from {least} to {most}, but is {value}."));
        }
    }
}
