using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NearCache.Benchmarks.Memcached;

/// <summary>The baseline of one raw socket: keeps a sliding window of requests outstanding, and only counts the bytes of replies.</summary>
internal sealed class RawSocketLoop : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request;
    private readonly byte[] _received = new byte[256 * 1024];
    private readonly int _replyLength;

    /// <summary>Connects. All requests are <paramref name="request"/>, and all replies are <paramref name="replyLength"/> bytes.</summary>
    public RawSocketLoop(int port, byte[] request, int replyLength)
    {
        (_request, _replyLength) = (request, replyLength);
        _socket.Connect(IPAddress.Loopback, port);
    }

    public static RawSocketLoop Get(int port, string key, int valueLength) => new(
        port, Encoding.ASCII.GetBytes($"mg {key} v\r\n"), string.Create(
            CultureInfo.InvariantCulture, $"VA {valueLength}\r\n").Length + valueLength + 2);

    public static RawSocketLoop Set(int port, string key, int valueLength) => new(
        port, [
            .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"ms {key} {valueLength}\r\n")),
            .. new byte[valueLength],
            .. "\r\n"u8,
        ], 4);

    /// <summary>Requests a second with <paramref name="depth"/> outstanding, on blocking calls.</summary>
    public double Rate(int depth, TimeSpan time)
    {
        var requests = new byte[_request.Length * depth];
        for (var i = 0; i < depth; i++)
        {
            _request.CopyTo(requests, i * _request.Length);
        }

        var clock = Stopwatch.StartNew();
        long answered = 0, partial = 0;
        Send(requests);
        while (clock.Elapsed < time)
        {
            partial += _socket.Receive(_received);
            var done = (int)(partial / _replyLength);
            partial %= _replyLength;
            answered += done;
            Send(requests.AsSpan(0, done * _request.Length));
        }

        var rate = answered / clock.Elapsed.TotalSeconds;
        for (var rest = ((long)depth * _replyLength) - partial; rest > 0;)
        {
            rest -= _socket.Receive(_received);
        }

        return rate;
    }

    /// <summary>One request and its reply on asynchronous calls.</summary>
    public Task SendAndReceiveAsync() => SendAndReceiveAsync(_request, _replyLength);

    /// <summary>The median time in microseconds for <paramref name="count"/> requests sent at once.</summary>
    public async Task<double> BatchLatencyAsync(int count, int rounds)
    {
        var requests = Enumerable.Repeat(_request, count).SelectMany(bytes => bytes).ToArray();
        var times = new double[rounds];
        for (var i = 0; i < rounds; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await SendAndReceiveAsync(requests, _replyLength * count);
            times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }

        return Report.Median(times);
    }

    public void Dispose() => _socket.Dispose();

    private async Task SendAndReceiveAsync(byte[] requests, int replies)
    {
        await _socket.SendAsync(requests);
        for (var rest = replies; rest > 0;)
        {
            rest -= await _socket.ReceiveAsync(_received.AsMemory(0, Math.Min(rest, _received.Length)));
        }
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[_socket.Send(bytes)..];
        }
    }
}
