using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NearCache.Transport;

/// <summary>The address of a server: a host and a port, or the path of a Unix domain socket.</summary>
/// <remarks>
/// Formats: <c>cache-1:11211</c>, <c>10.0.0.1:11211</c>, <c>[::1]:11211</c>, <c>/run/memcached.sock</c>, <c>unix:/run/memcached.sock</c>.
/// The host is kept as written: its name is resolved again for every connection.
/// </remarks>
internal sealed record ServerAddress
{
    private const string UnixPrefix = "unix:";

    private ServerAddress(string host, int port, string? unixPath) => (Host, Port, UnixPath) = (host, port, unixPath);

    /// <summary>Gets the name or IP address, without the brackets of IPv6. For a Unix domain socket, "localhost".</summary>
    public string Host { get; private init; }

    /// <summary>Gets the port, from 1 to 65535; 0 for a Unix domain socket.</summary>
    public int Port { get; }

    /// <summary>Gets the path of a Unix domain socket, or null.</summary>
    public string? UnixPath { get; }

    /// <summary>
    /// Gets the canonical form, which is equal for all spellings of one address: an IP address in its shortest form, a name in lower case,
    /// a full path.
    /// </summary>
    public string Identity => UnixPath is not null
        ? Path.GetFullPath(UnixPath)
        : (
            this with
            {
                Host = IPAddress.TryParse(Host, out var ip)
                    ? (ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip).ToString()
                    : Host.ToLowerInvariant().TrimEnd('.'),
            }).ToString();

    /// <summary>Parses an address. Without <paramref name="defaultPort"/>, the port is required.</summary>
    /// <exception cref="FormatException">The text is not an address; the message gives the reason.</exception>
    public static ServerAddress Parse(string text, int? defaultPort = null) =>
        TryParse(text, defaultPort, out var address, out var problem) ? address : throw new FormatException($"'{text}' {problem}");

    /// <summary>
    /// Parses an address, or returns in <paramref name="problem"/> what is wrong and how to correct it: a clause whose subject is the text.
    /// </summary>
    public static bool TryParse(
        string? text, int? defaultPort, [NotNullWhen(true)] out ServerAddress? address, [NotNullWhen(false)] out string? problem)
    {
        (address, problem) = (null, null);
        if (string.IsNullOrWhiteSpace(text))
        {
            problem = "is empty: write host:port";
            return false;
        }

        if (text.StartsWith(UnixPrefix, StringComparison.Ordinal) || text[0] == '/')
        {
            return TryParseUnix(text[0] == '/' ? text : text[UnixPrefix.Length..], ref address, ref problem);
        }

        if (!TrySplit(text, out var host, out var port, out problem))
        {
            return false;
        }

        if (!IsHost(host))
        {
            problem = "has no legal host: write a name, an IPv4 address, or an IPv6 address in brackets";
            return false;
        }

        var number = defaultPort ?? 0;
        if (port is null ? defaultPort is null : !int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out number)
            || number is < 1 or > 65535)
        {
            problem = port is null ? "has no port: write host:port" : $"has the port '{port}', which is not a number from 1 to 65535";
            return false;
        }

        address = new ServerAddress(host, number, null);
        return true;
    }

    /// <summary>Returns the host and port (with an IPv6 address in brackets), or the path.</summary>
    public override string ToString()
    {
        var host = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;
        return UnixPath ?? string.Create(CultureInfo.InvariantCulture, $"{host}:{Port}");
    }

    private static bool TryParseUnix(string path, ref ServerAddress? address, ref string? problem)
    {
        // sockaddr_un.sun_path holds 108 bytes, including the terminating null.
        if (path.Length == 0 || path[0] != '/' || Encoding.UTF8.GetByteCount(path) > 107)
        {
            problem = "is no absolute path of at most 107 bytes";
            return false;
        }

        address = new ServerAddress("localhost", 0, path);
        return true;
    }

    private static bool TrySplit(string text, out string host, out string? port, [NotNullWhen(false)] out string? problem)
    {
        (host, port, problem) = (text, null, null);
        if (text[0] == '[')
        {
            var end = text.IndexOf(']', StringComparison.Ordinal);
            var rest = end < 0 ? "" : text[(end + 1)..];
            host = end < 0 ? "" : text[1..end];
            if (!IPAddress.TryParse(host, out var ip)
                || ip.AddressFamily != AddressFamily.InterNetworkV6
                || (rest.Length > 0 && rest[0] != ':'))
            {
                problem = "is no IPv6 address in brackets and a port: write [::1]:port";
                return false;
            }

            port = rest.Length > 0 ? rest[1..] : null;
            return true;
        }

        var colon = text.LastIndexOf(':');
        if (colon >= 0 && text.IndexOf(':', StringComparison.Ordinal) != colon)
        {
            problem = "has more than one colon: an IPv6 address stands in brackets, [::1]:port";
            return false;
        }

        if (colon >= 0)
        {
            (host, port) = (text[..colon], text[(colon + 1)..]);
        }

        return true;
    }

    private static bool IsHost(string host) =>
        host.Length is > 0 and <= 255 && Uri.CheckHostName(host) is not (UriHostNameType.Unknown or UriHostNameType.Basic);
}
