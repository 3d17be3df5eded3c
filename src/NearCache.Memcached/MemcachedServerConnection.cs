using System.Globalization;
using System.Net;

namespace NearCache.Memcached;

/// <summary>Describes a connection as the server lists it in <c>stats conns</c>.</summary>
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Connection statistics"
// STAT <fd>:<name> <value>\r\n
public sealed record MemcachedServerConnection
{
    // More than a server accepts: each connection takes a file descriptor.
    private const int MaxConnections = 1 << 20;
    private const int MaxText = 300;

    /// <summary>Gets the server's id of the connection, its file descriptor.</summary>
    public required int Id { get; init; }

    /// <summary>Gets the client's address and port, for instance <c>tcp:10.0.0.7:51234</c>.</summary>
    public required string Address { get; init; }

    /// <summary>
    /// Gets the parsed <see cref="Address"/>, an IPv4 address as such even on a socket for both families; null for a Unix domain socket,
    /// or if the server prints something else.
    /// </summary>
    public IPEndPoint? Client { get; init; }

    /// <summary>
    /// Gets a value that indicates whether this is a socket on which the server hears clients, and no connection: one that accepts
    /// connections, or one for UDP, of which each thread of the server has its own.
    /// </summary>
    public bool IsListening => State == "conn_listening" || Address.StartsWith("udp", StringComparison.Ordinal);

    /// <summary>Gets the server's address that the client connected to; null for a listening socket.</summary>
    public required string? ListenAddress { get; init; }

    /// <summary>Gets the state of the connection, for instance <c>conn_read</c> or <c>conn_listening</c>.</summary>
    public required string State { get; init; }

    /// <summary>Gets the time since the last command.</summary>
    public required TimeSpan IdleTime { get; init; }

    /// <summary>Parses the statistics. Lines that are not in the format are ignored; texts are bounded.</summary>
    internal static IReadOnlyList<MemcachedServerConnection> Parse(IReadOnlyDictionary<string, string> statistics)
    {
        var connections = new Dictionary<int, Dictionary<string, string>>();
        foreach (var (name, value) in statistics)
        {
            var colon = name.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !int.TryParse(name.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                continue;
            }

            if (!connections.TryGetValue(id, out var values))
            {
                if (connections.Count == MaxConnections)
                {
                    continue;
                }

                connections[id] = values = [];
            }

            values.TryAdd(name[(colon + 1)..], value.Length <= MaxText ? value : value[..MaxText]);
        }

        return [.. connections.Select(connection => Of(connection.Key, connection.Value))];
    }

    private static MemcachedServerConnection Of(int id, Dictionary<string, string> values)
    {
        var address = values.GetValueOrDefault("addr", "");
        _ = int.TryParse(
            values.GetValueOrDefault("secs_since_last_cmd"), NumberStyles.None, CultureInfo.InvariantCulture, out var idle);
        return new MemcachedServerConnection
        {
            Id = id,
            Address = address,
            Client = ParseAddress(address),
            ListenAddress = values.GetValueOrDefault("listen_addr"),
            State = values.GetValueOrDefault("state", ""),
            IdleTime = TimeSpan.FromSeconds(idle),
        };
    }

    // tcp:10.0.0.7:51234 | tcp6:[fd00::7]:51234 | udp:0.0.0.0:11211 | unix:/run/memcached.sock
    private static IPEndPoint? ParseAddress(string address)
    {
        var colon = address.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || address.AsSpan(0, colon) is not ("tcp" or "tcp6")
            || !IPEndPoint.TryParse(address.AsSpan(colon + 1), out var end))
        {
            return null;
        }

        return end.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end;
    }
}
