using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using NearCache.Transport;

namespace NearCache.Memcached.Topology;

/// <summary>One entry of the list of servers: an address, and perhaps its weight behind a space, <c>cache-1:11211 weight=3</c>.</summary>
internal sealed record ServerEntry(ServerAddress Address, int Weight)
{
    /// <summary>The port of a server that is named without one.</summary>
    public const int DefaultPort = 11211;

    private const int MostWeight = 1000;
    private const string Mark = "weight=";

    /// <summary>Names the server: its address with the port, without the weight.</summary>
    public string Name => Address.ToString();

    public WeightedServer ToWeightedServer() => new() { Host = Address.UnixPath ?? Address.Host, Port = Address.Port, Weight = Weight };

    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static ServerEntry Parse(string text) =>
        TryParse(text, out var entry, out var problem) ? entry : throw new FormatException($"'{text}' {problem}");

    /// <summary>
    /// Reads one entry, or says in <paramref name="problem"/> what is wrong and what would be right: a clause whose subject is the text.
    /// </summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ServerEntry? entry, [NotNullWhen(false)] out string? problem)
    {
        entry = null;
        var weight = 1;
        var address = text;
        if (text?.LastIndexOf(' ') is { } space and > 0 && text.AsSpan(space + 1).StartsWith(Mark, StringComparison.OrdinalIgnoreCase))
        {
            address = text[..space].TrimEnd();
            if (!int.TryParse(text.AsSpan(space + 1 + Mark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out weight)
                || weight is < 1 or > MostWeight)
            {
                problem = $"has a weight that is not a whole number from 1 to {MostWeight}";
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
