using System.Globalization;

namespace NearCache.Memcached;

/// <summary>One connection as the server lists it under <c>stats conns</c>.</summary>
/// <param name="Id">The server's own number for it, the file descriptor.</param>
/// <param name="Address">The client's address and port, for instance <c>tcp:10.0.0.7:51234</c>.</param>
/// <param name="ListenAddress">Which of the server's addresses it came to; null for a listening socket.</param>
/// <param name="State">What the server does with it, for instance <c>conn_read</c>, <c>conn_listening</c>.</param>
/// <param name="IdleTime">Since its last command.</param>
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Connection statistics"
// STAT <fd>:<name> <value>\r\n
public sealed record MemcachedServerConnection(int Id, string Address, string? ListenAddress, string State, TimeSpan IdleTime)
{
    internal static IReadOnlyList<MemcachedServerConnection> Parse(IReadOnlyDictionary<string, string> statistics)
    {
        var connections = new List<MemcachedServerConnection>();
        foreach (var group in statistics.Select(entry => (Name: entry.Key.Split(':', 2), entry.Value)).Where(entry => entry.Name.Length == 2).GroupBy(entry => entry.Name[0]))
        {
            if (int.TryParse(group.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                var values = group.ToDictionary(entry => entry.Name[1], entry => entry.Value);
                _ = int.TryParse(values.GetValueOrDefault("secs_since_last_cmd"), NumberStyles.None, CultureInfo.InvariantCulture, out var idle);
                connections.Add(new MemcachedServerConnection(
                    id, values.GetValueOrDefault("addr", ""), values.GetValueOrDefault("listen_addr"), values.GetValueOrDefault("state", ""), TimeSpan.FromSeconds(idle)));
            }
        }

        return connections;
    }
}
