using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace NearCache.Benchmarks.ZooKeeper;

/// <summary>
/// The time that the servers need from a setData to the data in another watching session: two sockets, one thread, blocking calls, no
/// client.
/// </summary>
internal sealed class RawWatch : IDisposable
{
    private const int SetData = 5;
    private const int GetData = 4;
    private const int CloseSession = -11;
    private const int Notification = -1;
    private readonly Socket _writer;
    private readonly Socket _watcher;
    private readonly byte[] _buffer = new byte[4096];
    private readonly byte[] _set;
    private readonly byte[] _get;

    public RawWatch(string writesTo, string watchesAt, string path)
    {
        (_writer, _watcher) = (Open(writesTo), Open(watchesAt));
        _set = Frame([.. Int32(1), .. Int32(SetData), .. Text(path), .. Bytes(new byte[100]), .. Int32(-1)]);
        _get = Frame([.. Int32(1), .. Int32(GetData), .. Text(path), 1]);
    }

    /// <summary>p50 and p99 in µs.</summary>
    public double[] Measure(double seconds)
    {
        var taken = new List<double>();
        _watcher.Send(_get);
        Receive(_watcher);
        var end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        for (var now = Stopwatch.GetTimestamp(); now < end; now = Stopwatch.GetTimestamp())
        {
            _writer.Send(_set);
            while (Receive(_watcher) != Notification)
            {
                // No other message is outstanding.
            }

            _watcher.Send(_get);
            Receive(_watcher);
            taken.Add(Stopwatch.GetElapsedTime(now).TotalMicroseconds);
            Receive(_writer);
        }

        // The last watch belongs to this run.
        _writer.Send(_set);
        Receive(_watcher);
        Receive(_writer);
        taken.Sort();
        return [taken[taken.Count / 2], taken[(int)(taken.Count * 0.99)]];
    }

    public void Dispose()
    {
        foreach (var socket in new[] { _writer, _watcher })
        {
            socket.Send(Frame([.. Int32(1), .. Int32(CloseSession)]));
            Receive(socket);
            socket.Dispose();
        }
    }

    private static byte[] Int32(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Bytes(byte[] value) => [.. Int32(value.Length), .. value];

    private static byte[] Text(string value) => Bytes(Encoding.ASCII.GetBytes(value));

    private static byte[] Frame(byte[] message) => Bytes(message);

    private Socket Open(string address)
    {
        var colon = address.LastIndexOf(':');
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(address[..colon], int.Parse(address[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture));

        // Version, newest transaction, session timeout, session, password, not read-only.
        socket.Send(Frame([.. Int32(0), .. new byte[8], .. Int32(10_000), .. new byte[8], .. Bytes(new byte[16]), 0]));
        Receive(socket);
        return socket;
    }

    // One message; returns its id.
    private int Receive(Socket socket)
    {
        Fill(socket, sizeof(int));
        var length = BinaryPrimitives.ReadInt32BigEndian(_buffer);
        Fill(socket, length);
        return BinaryPrimitives.ReadInt32BigEndian(_buffer);
    }

    private void Fill(Socket socket, int count)
    {
        for (var read = 0; read < count;)
        {
            var now = socket.Receive(_buffer.AsSpan(read, count - read));
            read += now > 0 ? now : throw new IOException("The server closed the connection.");
        }
    }
}
