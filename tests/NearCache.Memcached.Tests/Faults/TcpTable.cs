using System.Globalization;

namespace NearCache.Memcached.Tests.Faults;

/// <summary>The system's own list of TCP connections (IPv4).</summary>
internal static class TcpTable
{
    private const string Established = "01";

    /// <summary>Connections to a server's port that are established as its clients see it.</summary>
    public static int EstablishedTo(int port) => Least(row => row.RemotePort == port);

    /// <summary>Connections of a server's port that are established as the server sees it.</summary>
    public static int EstablishedAt(int port) => Least(row => row.LocalPort == port);

    // The list is read in pieces: a connection that ends and one that comes meanwhile are both in it. What is too many is there when it is
    // read again.
    private static int Least(Func<(int LocalPort, int RemotePort, string State), bool> isMeant)
    {
        var least = int.MaxValue;
        for (var reading = 0; reading < 3 && least > 1; reading++)
        {
            least = Math.Min(least, Rows().Count(row => row.State == Established && isMeant(row)));
        }

        return least;
    }

    // sl local_address rem_address st …, addresses as hexadecimal IP:port
    private static (int LocalPort, int RemotePort, string State)[] Rows() => [.. File.ReadAllLines("/proc/net/tcp").Skip(1)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(words => (PortOf(words[1]), PortOf(words[2]), words[3]))];

    private static int PortOf(string address) =>
        int.Parse(address.AsSpan(address.IndexOf(':', StringComparison.Ordinal) + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
