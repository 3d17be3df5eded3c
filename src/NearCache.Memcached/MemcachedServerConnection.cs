using System.Globalization;

namespace NearCache.Memcached;

/// <summary>Describes a connection as the server lists it in <c>stats conns</c>.</summary>
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Connection statistics"
// STAT <fd>:<name> <value>\r\n
public sealed record MemcachedServerConnection
{
    /// <summary>Gets the server's id of the connection, its file descriptor.</summary>
    public required int Id { get; init; }

    /// <summary>Gets the client's address and port, for instance <c>tcp:10.0.0.7:51234</c>.</summary>
    public required string Address { get; init; }

    /// <summary>Gets the server's address that the client connected to; null for a listening socket.</summary>
    public required string? ListenAddress { get; init; }

    /// <summary>Gets the state of the connection, for instance <c>conn_read</c> or <c>conn_listening</c>.</summary>
    public required string State { get; init; }

    /// <summary>Gets the time since the last command.</summary>
    public required TimeSpan IdleTime { get; init; }

    internal static IReadOnlyList<MemcachedServerConnection> Parse(IReadOnlyDictionary<string, string> statistics)
    {
        var connections = new List<MemcachedServerConnection>();
        var entries = statistics.Select(entry => (Name: entry.Key.Split(':', 2), entry.Value)).Where(entry => entry.Name.Length == 2);
        foreach (var group in entries.GroupBy(entry => entry.Name[0]))
        {
            if (int.TryParse(group.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                var values = group.ToDictionary(entry => entry.Name[1], entry => entry.Value);
                _ = int.TryParse(
                    values.GetValueOrDefault("secs_since_last_cmd"), NumberStyles.None, CultureInfo.InvariantCulture, out var idle);
                connections.Add(new MemcachedServerConnection
                {
                    Id = id,
                    Address = values.GetValueOrDefault("addr", ""),
                    ListenAddress = values.GetValueOrDefault("listen_addr"),
                    State = values.GetValueOrDefault("state", ""),
                    IdleTime = TimeSpan.FromSeconds(idle),
                });
            }
        }

        return connections;
    }
}
