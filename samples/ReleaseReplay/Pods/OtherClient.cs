using System.Net.Sockets;

namespace ReleaseReplay.Pods;

/// <summary>
/// Another library in the pod that fills its own pool of connections to memcached at start, synchronously, and so blocks the thread pool
/// for a while. It is not NearCache's.
/// </summary>
internal static class OtherClient
{
    private static readonly TimeSpan Blocks = TimeSpan.FromSeconds(1);
    private static readonly List<TcpClient> Pool = [];   // guarded by itself; it never gives a connection back

    public static void Start(string server, int connections)
    {
        var parts = server.Split(':');
        for (var i = 0; i < connections; i++)
        {
            _ = Task.Run(() =>
            {
                var connection = new TcpClient(parts[0], int.Parse(parts[1], null));
                lock (Pool)
                {
                    Pool.Add(connection);
                }

                // Waits for the others, as a pool that must be full before the first call.
                Thread.Sleep(Blocks);
            });
        }
    }
}
