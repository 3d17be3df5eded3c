using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Rules;

/// <summary>Everything that a memcached server holds, by its own list of items.</summary>
/// <remarks>
/// The CAS value changes with every change of an item, and the expiry with a touch. The list is made from the hash table: a list by the
/// order of use skips items that move meanwhile.
/// </remarks>
internal static class MemcachedContent
{
    /// <summary>Reads each item as text, by its key: flags, size, CAS value, expiry, and value.</summary>
    public static async Task<Dictionary<string, Item>> ReadAsync(MemcachedProcess server, CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.Port, cancellationToken);
        using var reader = new StreamReader(new NetworkStream(socket), Encoding.Latin1);
        await socket.SendAsync("lru_crawler metadump hash\r\n"u8.ToArray(), cancellationToken);
        var expiries = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await reader.ReadLineAsync(cancellationToken) is { } line && line != "END")
        {
            var fields = line.Split(' ').Select(field => field.Split('=', 2)).Where(field => field.Length == 2)
                .ToDictionary(field => field[0], field => field[1]);
            expiries[Uri.UnescapeDataString(fields["key"])] = long.Parse(fields["exp"], CultureInfo.InvariantCulture);
        }

        var items = new Dictionary<string, Item>(StringComparer.Ordinal);
        foreach (var (key, expiry) in expiries)
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes($"gets {key}\r\n"), cancellationToken);
            var content = new StringBuilder();
            while (await reader.ReadLineAsync(cancellationToken) is { } line && line != "END")
            {
                content.AppendLine(line);
            }

            items[key] = new Item(expiry, content.ToString());
        }

        return items;
    }

    /// <param name="Expiry">The second since 1970 at which the item ends; -1 for never.</param>
    /// <param name="Content">The reply of the server to a read with the CAS value.</param>
    public sealed record Item(long Expiry, string Content);
}
