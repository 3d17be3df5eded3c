using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using NearCache.Transport;

namespace NearCache.Memcached.Topology;

/// <summary>An entry of the server list: an address, optionally followed by a weight, as in <c>cache-1:11211 weight=3</c>.</summary>
internal sealed record ServerEntry(ServerAddress Address, int Weight)
{
    /// <summary>The default port.</summary>
    public const int DefaultPort = 11211;

    private const int MaxWeight = 1000;
    private const string WeightPrefix = "weight=";

    /// <summary>Gets the name of the server: its address with the port, without the weight.</summary>
    public string Name => Address.ToString();

    public WeightedServer ToWeightedServer() => new() { Host = Address.UnixPath ?? Address.Host, Port = Address.Port, Weight = Weight };

    /// <exception cref="FormatException">The text is not an entry; the message gives the reason.</exception>
    public static ServerEntry Parse(string text) =>
        TryParse(text, out var entry, out var problem) ? entry : throw new FormatException($"'{text}' {problem}");

    /// <summary>
    /// Parses an entry, or returns in <paramref name="problem"/> what is wrong and how to correct it: a clause whose subject is the text.
    /// </summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ServerEntry? entry, [NotNullWhen(false)] out string? problem)
    {
        entry = null;
        var weight = 1;
        var address = text;
        if (text?.LastIndexOf(' ') is { } space and > 0
            && text.AsSpan(space + 1).StartsWith(WeightPrefix, StringComparison.OrdinalIgnoreCase))
        {
            address = text[..space].TrimEnd();
            if (!int.TryParse(text.AsSpan(space + 1 + WeightPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out weight)
                || weight is < 1 or > MaxWeight)
            {
                problem = $"has a weight that is not a whole number from 1 to {MaxWeight}";
                return false;
            }
        }

        if (!ServerAddress.TryParse(address, DefaultPort, out var parsed, out problem))
        {
            return false;
        }

        entry = new ServerEntry(parsed, weight);
        return true;
    }
}
