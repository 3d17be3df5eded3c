using System.Net.Sockets;
using System.Text;

namespace NearCache.Management.Tests;

/// <summary>Stores reports of the namespace <c>shop</c> as docs/formats.md has them, without the processes that would make them.</summary>
internal static class StoredReports
{
    /// <summary>Stores reports.</summary>
    /// <param name="port">The port of a memcached server.</param>
    /// <param name="count">The number of processes.</param>
    /// <param name="summary">The summary of a process, and all further items, by the ends of their keys.</param>
    public static async Task PutAsync(int port, int count, Func<int, IEnumerable<(string Key, string Value)>> summary)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", port);
        var items = Enumerable.Range(0, count).SelectMany(summary)
            .Prepend(("places", $$"""{"format":1,"places":{{count}},"life":"1f0c2d3e4a5b6978"}""")).ToArray();
        var text = new StringBuilder();
        foreach (var (key, value) in items)
        {
            var content = value.ReplaceLineEndings("");
            text.Append("ms ~nc:1:shop:report:").Append(key).Append(' ')
                .Append(Encoding.UTF8.GetByteCount(content)).Append(" T900\r\n").Append(content).Append("\r\n");
        }

        var sending = socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text.ToString())).AsTask();
        using var reader = new StreamReader(socket.GetStream());
        for (var reply = 0; reply < items.Length; reply++)
        {
            Assert.Equal("HD", await reader.ReadLineAsync());
        }

        await sending;
    }
}
