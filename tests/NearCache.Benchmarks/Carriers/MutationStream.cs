using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NearCache.Benchmarks.Coherence;
using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Carriers;

/// <summary>
/// memcached's own stream of stores (<c>watch mutations</c>): the time from the reply to a store until its line, at several rates. A set
/// names its key; a removal has no line, and would be seen by its log record alone, which is stored 10 ms later.
/// </summary>
internal static class MutationStream
{
    private static readonly TimeSpan LogDelay = TimeSpan.FromMilliseconds(10);

    public static async Task MeasureAsync(Report report)
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        using var stream = await ConnectAsync(memcached.Port);
        await stream.SendAsync("watch mutations\r\n"u8.ToArray());
        var seen = new ConcurrentDictionary<string, long>();
        _ = Task.Run(() => ReadAsync(stream, seen));
        foreach (var perSecond in new[] { 1, 10, 100, 1_000 })
        {
            foreach (var isRemoval in new[] { false, true })
            {
                var took = await MeasureAsync(memcached.Port, seen, perSecond, isRemoval, report.IsQuick ? 4 : 20);
                var name = $"stream/{(isRemoval ? "removals" : "sets")}/{perSecond}";
                report.Figure($"{name}/p50", "us", Caches.Quantile(took, 0.5));
                report.Figure($"{name}/p99", "us", Caches.Quantile(took, 0.99));
            }
        }

        report.Note($"of 30 watchers memcached accepts {await WatchersAsync(memcached.Port)}");
    }

    private static async Task<List<double>> MeasureAsync(
        int port, ConcurrentDictionary<string, long> seen, int perSecond, bool isRemoval, int seconds)
    {
        using var writer = await ConnectAsync(port);
        var sent = new List<(string Key, long At)>();
        var reply = new byte[64];
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond));
        for (var i = 0; i < Math.Max(perSecond * seconds, 8); i++)
        {
            await timer.WaitForNextTickAsync();
            var key = string.Create(CultureInfo.InvariantCulture, $"{perSecond}-{isRemoval}-{i}");
            var command = isRemoval ? $"md {key}\r\n" : $"ms {key} 5\r\nvalue\r\n";
            await writer.SendAsync(Encoding.ASCII.GetBytes(command));
            await writer.ReceiveAsync(reply);
            sent.Add((key, Stopwatch.GetTimestamp()));
            if (isRemoval)
            {
                await Task.Delay(LogDelay, TimeProvider.System);
                await writer.SendAsync(Encoding.ASCII.GetBytes($"ms {key} 5\r\nvalue\r\n"));
                await writer.ReceiveAsync(reply);
            }
        }

        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        return [.. sent.Where(store => seen.ContainsKey(store.Key))
            .Select(store => Math.Max(Stopwatch.GetElapsedTime(store.At, seen[store.Key]).TotalMicroseconds, 0))];
    }

    private static async Task<int> WatchersAsync(int port)
    {
        var watchers = new List<Socket>();
        var accepted = 0;
        for (var i = 0; i < 30; i++)
        {
            var watcher = await ConnectAsync(port);
            watchers.Add(watcher);
            await watcher.SendAsync("watch mutations\r\n"u8.ToArray());
            var reply = new byte[64];
            var length = await watcher.ReceiveAsync(reply);
            accepted += Encoding.ASCII.GetString(reply, 0, length).StartsWith("OK", StringComparison.Ordinal) ? 1 : 0;
        }

        watchers.ForEach(watcher => watcher.Dispose());
        return accepted;
    }

    // "ts=… gid=5 type=item_store key=foo status=stored cmd=set ttl=0 clsid=1 cfd=17 size=3"
    private static async Task ReadAsync(Socket socket, ConcurrentDictionary<string, long> seen)
    {
        using var reader = new StreamReader(new NetworkStream(socket), Encoding.ASCII);
        try
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                var at = line.IndexOf(" key=", StringComparison.Ordinal);
                if (at >= 0)
                {
                    seen.TryAdd(line[(at + 5)..].Split(' ')[0], Stopwatch.GetTimestamp());
                }
            }
        }
        catch (IOException)
        {
            // The measurement has ended.
        }
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }
}
