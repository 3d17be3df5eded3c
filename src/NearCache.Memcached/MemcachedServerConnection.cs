using System.Globalization;

namespace NearCache.Memcached;

/// <summary>One connection as the server lists it under <c>stats conns</c>.</summary>
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Connection statistics"
// STAT <fd>:<name> <value>\r\n
public sealed record MemcachedServerConnection
{
    /// <summary>The server's own number for it, the file descriptor.</summary>
    public required int Id { get; init; }

    /// <summary>The client's address and port, for instance <c>tcp:10.0.0.7:51234</c>.</summary>
    public required string Address { get; init; }

    /// <summary>Which of the server's addresses it came to; null for a listening socket.</summary>
    public required string? ListenAddress { get; init; }

    /// <summary>What the server does with it, for instance <c>conn_read</c>, <c>conn_listening</c>.</summary>
    public required string State { get; init; }

    /// <summary>Since its last command.</summary>
    public required TimeSpan IdleTime { get; init; }

    internal static IReadOnlyList<MemcachedServerConnection> Parse(IReadOnlyDictionary<string, string> statistics)
    {
        var connections = new List<MemcachedServerConnection>();
        foreach (var group in statistics.Select(entry => (Name: entry.Key.Split(':', 2), entry.Value)).Where(entry => entry.Name.Length == 2).GroupBy(entry => entry.Name[0]))
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
