using System.Net;
using System.Net.Sockets;

namespace ReleaseReplay.Cluster;

/// <summary>Ports for processes and proxies of this machine.</summary>
internal static class Ports
{
    private static int Last = 32000 + (Environment.ProcessId % 100 * 7);

    /// <summary>
    /// Returns a port that nothing listens on now, and that was not returned before. Below the range of outgoing connections, so that none
    /// of those takes it while a pod restarts.
    /// </summary>
    public static int Free()
    {
        while (Interlocked.Decrement(ref Last) is > 10_000 and var port)
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Any, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken: try the next.
            }
        }

        throw new InvalidOperationException("There is no free port.");
    }
}
