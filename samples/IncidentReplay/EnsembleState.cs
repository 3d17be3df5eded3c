using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace IncidentReplay;

/// <summary>The state of a ZooKeeper server, as it answers <c>srvr</c>.</summary>
internal readonly record struct EnsembleState(long Zxid, int Znodes)
{
    public static async Task<EnsembleState> AskAsync(string server)
    {
        using var socket = new TcpClient();
        var colon = server.LastIndexOf(':');
        await socket.ConnectAsync(server[..colon], int.Parse(server[(colon + 1)..], CultureInfo.InvariantCulture));
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes("srvr"));
        using var reader = new StreamReader(socket.GetStream());
        var lines = (await reader.ReadToEndAsync()).Split('\n');
        string Of(string name) => lines.First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Trim();
        return new EnsembleState(long.Parse(Of("Zxid: 0x"), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            int.Parse(Of("Node count:"), CultureInfo.InvariantCulture));
    }
}
