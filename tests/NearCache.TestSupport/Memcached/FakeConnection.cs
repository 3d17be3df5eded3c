using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;

namespace NearCache.TestSupport.Memcached;

/// <summary>
/// One connection of a <see cref="FakeMemcached"/>: reads commands, carries them out in order, sends the replies of what had arrived
/// together.
/// </summary>
internal sealed class FakeConnection(FakeMemcached server, Socket socket) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private readonly List<byte> _replies = [];   // guards itself
    private readonly SemaphoreSlim _sending = new(1);
    private bool _closes;
    private long _needed;   // bytes of a value that is still arriving, with what stands before it

    public void Dispose() => socket.Dispose();

    public async Task RunAsync()
    {
        try
        {
            if (server.Faults.RefuseWith is { } refusal)
            {
                await _stream.WriteAsync(refusal);
                return;
            }

            var reader = PipeReader.Create(_stream);
            while (!_closes)
            {
                var result = await reader.ReadAsync();
                var buffer = result.Buffer;
                if (buffer.Length < _needed && !result.IsCompleted)
                {
                    reader.AdvanceTo(buffer.Start, buffer.End);
                    continue;
                }

                _needed = 0;
                var bytes = System.Buffers.BuffersExtensions.ToArray(buffer);
                var used = 0;
                while (!_closes && !server.Faults.IsSilent && TryTakeCommand(bytes, ref used))
                {
                    // Its reply is behind those of the others.
                }

                reader.AdvanceTo(buffer.GetPosition(used), buffer.End);
                if (server.WhileHeldAsync() is { IsCompleted: false } held && !_closes)
                {
                    _ = SendAfterAsync(held);
                }
                else
                {
                    await SendAsync();
                }

                if (result.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Closed by the other side, or by a test.
        }
        finally
        {
            server.Forget(this);
            await _stream.DisposeAsync();
        }
    }

    private bool TryTakeCommand(byte[] bytes, ref int used)
    {
        var end = Array.IndexOf(bytes, (byte)'\n', used);
        if (end < 0)
        {
            return false;
        }

        var line = Encoding.Latin1.GetString(bytes, used, end - used).TrimEnd('\r');
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        byte[] data = [];
        var next = end + 1;
        if (words is ["ms", _, var size, ..])
        {
            var length = int.Parse(size, CultureInfo.InvariantCulture);
            if (bytes.Length < next + length + 2)
            {
                _needed = next + length + 2 - used;
                return false;
            }

            data = bytes[next..(next + length)];
            next += length + 2;
        }

        used = next;
        var fault = server.Faults.OnCommand?.Invoke(line);
        if (fault?.IsClosedBefore == true)
        {
            _closes = true;
            return true;
        }

        var reply = Answer(line, words, data);
        reply = fault?.Reply ?? reply;
        lock (_replies)
        {
            _replies.AddRange(reply.AsSpan(0, Math.Min(fault?.Keep ?? reply.Length, reply.Length)));
        }

        _closes |= fault?.ClosesAfter == true;
        return true;
    }

    private byte[] Answer(string line, string[] words, byte[] data)
    {
        server.Note(line);
        switch (words)
        {
            case ["mn", ..]:
                return "MN\r\n"u8.ToArray();
            case ["version"]:
                return Encoding.ASCII.GetBytes($"VERSION {server.Version}\r\n");
            case ["flush_all", ..]:
                server.Store.Flush(words.Length > 1 ? long.Parse(words[1], CultureInfo.InvariantCulture) : 0);
                return "OK\r\n"u8.ToArray();
            case ["stats", "detail", "on" or "off"]:
                return "OK\r\n"u8.ToArray();
            case ["stats", "detail", "dump"]:
                return "PREFIX k get 1 hit 1 set 0 del 0\r\nEND\r\n"u8.ToArray();
            case ["stats", "reset"]:
                return "RESET\r\n"u8.ToArray();
            case ["stats", "conns"]:
                return Encoding.ASCII.GetBytes(
                    $"STAT 7:addr tcp:{socket.RemoteEndPoint}\r\nSTAT 7:state conn_read\r\nSTAT 7:secs_since_last_cmd 0\r\nEND\r\n");
            case ["stats", ..]:
                return Encoding.ASCII.GetBytes($"STAT version {server.Version}\r\nSTAT curr_connections "
                    + $"{server.OpenConnections}\r\nSTAT curr_items {server.Items.Count}\r\nEND\r\n");
            case ["mg" or "ms" or "md" or "ma", ..] when IsBefore(6, 10):
                return "ERROR\r\n"u8.ToArray();
            case ["mg", _] when IsBefore(6, 18):
                return "CLIENT_ERROR bad command line format\r\n"u8.ToArray();
            case ["mg", ..] when IsBefore(6, 18):
                // A miss repeats nothing.
                var reply = server.Store.Execute(words, data);
                return reply.AsSpan().StartsWith("EN "u8) ? "EN\r\n"u8.ToArray() : reply;
            case ["mg" or "ms" or "md" or "ma", _, ..]:
                return server.Store.Execute(words, data);
            default:
                return "ERROR\r\n"u8.ToArray();
        }
    }

    private bool IsBefore(int minor, int patch) => System.Version.Parse(server.Version) < new Version(1, minor, patch);

    private async Task SendAsync()
    {
        await _sending.WaitAsync();
        try
        {
            await SendNowAsync();
        }
        finally
        {
            _sending.Release();
        }
    }

    // Commands that come meanwhile are carried out as well.
    private async Task SendAfterAsync(Task held)
    {
        await held;
        try
        {
            await SendAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // Closed meanwhile.
        }
    }

    private async Task SendNowAsync()
    {
        byte[] bytes;
        lock (_replies)
        {
            bytes = [.. _replies];
            _replies.Clear();
        }

        if (bytes.Length == 0)
        {
            return;
        }

        if (server.Faults.Delay > TimeSpan.Zero)
        {
            await Task.Delay(server.Faults.Delay, server.Time);
        }

        var piece = server.Faults.SplitEvery > 0 ? server.Faults.SplitEvery : bytes.Length;
        for (var i = 0; i < bytes.Length; i += piece)
        {
            await _stream.WriteAsync(bytes.AsMemory(i, Math.Min(piece, bytes.Length - i)));
            if (piece < bytes.Length)
            {
                // So that the other side has a chance to read this piece alone.
                await Task.Yield();
                if (server.Faults.PieceDelay > TimeSpan.Zero)
                {
                    await Task.Delay(server.Faults.PieceDelay, server.Time);
                }
            }
        }
    }
}
