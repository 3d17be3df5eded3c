using System.Globalization;
using NearCache.Memcached.Topology;

namespace NearCache.Memcached;

/// <summary>Finds every mistake in <see cref="MemcachedOptions"/> at once.</summary>
internal static class MemcachedOptionsValidator
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The mistakes, each a sentence that names the setting, its value and what would be right; empty when there is none.
    /// </summary>
    public static IReadOnlyList<string> Validate(MemcachedOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var mistakes = new List<string>();
        CheckServers(options, mistakes);
        CheckRange(options.ConnectionsPerServer, 1, 64, nameof(options.ConnectionsPerServer), mistakes);
        CheckTime(options.ConnectTimeout, TimeSpan.FromMilliseconds(10), Longest, nameof(options.ConnectTimeout), mistakes);
        CheckTime(options.OperationTimeout, TimeSpan.FromMilliseconds(10), Longest, nameof(options.OperationTimeout), mistakes);
        CheckTime(options.StallTimeout, TimeSpan.FromMilliseconds(10), Longest, nameof(options.StallTimeout), mistakes);
        CheckTime(options.MaxReconnectDelay, TimeSpan.FromMilliseconds(1), Longest, nameof(options.MaxReconnectDelay), mistakes);
        var most = options.MaxReconnectDelay > TimeSpan.Zero ? options.MaxReconnectDelay : Longest;
        CheckTime(options.ReconnectDelay, TimeSpan.FromMilliseconds(1), most, nameof(options.ReconnectDelay), mistakes);
        CheckRange(options.ReconnectJitter, 0, 1, nameof(options.ReconnectJitter), mistakes);
        if (options.KeepAlive != TimeSpan.Zero)
        {
            CheckTime(options.KeepAlive, TimeSpan.FromSeconds(1), TimeSpan.FromHours(2), nameof(options.KeepAlive), mistakes);
        }

        CheckRange(options.MaxInFlightCommands, 1, int.MaxValue, nameof(options.MaxInFlightCommands), mistakes);
        CheckRange(options.MaxInFlightBytes, 1, long.MaxValue, nameof(options.MaxInFlightBytes), mistakes);
        CheckRange(options.MaxValueBytes, 1, 1 << 30, nameof(options.MaxValueBytes), mistakes);
        if (options.OverloadPolicy is not (OverloadPolicy.Wait or OverloadPolicy.Fail))
        {
            mistakes.Add($"{nameof(options.OverloadPolicy)} must be Wait or Fail, but is {options.OverloadPolicy}.");
        }

        if (options.UserName is null != options.Password is null)
        {
            mistakes.Add($"{nameof(options.UserName)} and {nameof(options.Password)} belong together: set both or none.");
        }

        CheckWord(options.UserName, nameof(options.UserName), mistakes);
        CheckWord(options.Password, nameof(options.Password), mistakes);
        if (!Enum.IsDefined(options.Distribution))
        {
            mistakes.Add($"{nameof(options.Distribution)} must be one of {string.Join(", ", Enum.GetNames<MemcachedDistribution>())}, but is {options.Distribution}.");
        }

        return mistakes;
    }

    internal static void ThrowIfInvalid(MemcachedOptions options)
    {
        var mistakes = Validate(options);
        if (mistakes.Count > 0)
        {
            throw new ArgumentException(
                $"The options of the memcached client have {mistakes.Count} mistake(s): {string.Join(' ', mistakes)}", nameof(options));
        }
    }

    private static void CheckServers(MemcachedOptions options, List<string> mistakes)
    {
        var servers = options.Servers;
        if (servers is null || servers.Count == 0)
        {
            mistakes.Add("Servers must name at least one server, as host:port.");
            return;
        }

        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < servers.Count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"Servers[{i}]");
            if (!ServerEntry.TryParse(servers[i], out var entry, out var problem))
            {
                mistakes.Add($"{name} is '{servers[i]}', which {problem}.");
                continue;
            }

            if (!seen.TryAdd(entry.Address.Identity, servers[i]))
            {
                var other = seen[entry.Address.Identity];
                mistakes.Add($"{name} is '{servers[i]}', which is named twice{(other == servers[i] ? "" : $", as '{other}' too")}: name each server once.");
            }

            if (entry.Weight != 1 && options.Locator is null && !ServerLocators.SupportsWeights(options.Distribution))
            {
                mistakes.Add($"{name} is '{servers[i]}', but {nameof(options.Distribution)} {options.Distribution} knows no weights: use KetamaWeighted or Rendezvous.");
            }
        }
    }

    // The two are sent with a space between them.
    private static void CheckWord(string? value, string name, List<string> mistakes)
    {
        if (value is not null && (value.Length == 0 || value.Any(letter => letter == ' ' || char.IsControl(letter))))
        {
            mistakes.Add($"{name} must be at least one character, without spaces and control characters.");
        }
    }

    private static void CheckTime(TimeSpan value, TimeSpan least, TimeSpan most, string name, List<string> mistakes) =>
        CheckRange(value, least, most, name, mistakes);

    private static void CheckRange<T>(T value, T least, T most, string name, List<string> mistakes)
        where T : IComparable<T>, IFormattable
    {
        // Written so that NaN is refused.
        if (!(value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0))
        {
            mistakes.Add(string.Create(CultureInfo.InvariantCulture, $"{name} must be from {least} to {most}, but is {value}."));
        }
    }
}
