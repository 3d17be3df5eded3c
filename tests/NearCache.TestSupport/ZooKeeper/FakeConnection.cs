using System.Net.Sockets;
using System.Text;
using NearCache.ZooKeeper;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.TestSupport.ZooKeeper;

/// <summary>
/// One client's connection to a fake server: reads requests one by one, and sends replies and notifications in one order.
/// </summary>
internal sealed class FakeConnection(FakeZooKeeper server, Socket socket) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private readonly Queue<byte[]> _out = new();
    private readonly Queue<byte[]> _held = new();
    private readonly SemaphoreSlim _wake = new(0);
    private bool _closesWhenSent;
    private volatile bool _isClosed;

    public FakeWatches Watches { get; } = new();

    public long SessionId { get; private set; }

    public List<ZooKeeperIdentity> Identities { get; } = [new() { Scheme = "ip", User = "127.0.0.1" }];

    /// <summary>Sends the notification of a change if a watch fires. Requires <c>Gate</c>.</summary>
    public void Fire(WatchEventType type, string path, long zxid)
    {
        if (!Watches.Fires(type, path) || server.DropNotifications)
        {
            return;
        }

        var message = Frame(writer =>
        {
            new ReplyHeader(RequestId.Notification, server.ReportsZxid ? zxid : -1, ZooKeeperErrorCode.Ok).WriteTo(writer);
            new WatchNotification(type, path).WriteTo(writer);
        });
        if (server.HoldsNotifications)
        {
            _held.Enqueue(message);
        }
        else
        {
            Send(message);
        }
    }

    /// <summary>Sends the notifications that were held back. Requires <c>Gate</c>.</summary>
    public void SendHeld()
    {
        while (_held.TryDequeue(out var message))
        {
            Send(message);
        }
    }

    public void Wake() => _wake.Release();

    /// <summary>Closes the connection. Requires <c>Gate</c>.</summary>
    public void Close()
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        server.Forget(this);
        _stream.Dispose();
        _wake.Release();
    }

    public async Task RunAsync()
    {
        var sending = SendAsync();
        try
        {
            await ReceiveAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or JuteFormatException)
        {
            // The client closed the connection, or the fake did.
        }

        lock (server.Quorum.Gate)
        {
            Close();
        }

        await sending;
        Dispose();
    }

    public void Dispose()
    {
        _stream.Dispose();
        _wake.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var header = new byte[4];
        while (!_isClosed)
        {
            await _stream.ReadExactlyAsync(header);
            await ThawedAsync();
            var word = Encoding.ASCII.GetString(header);
            if (SessionId == 0 && word is "isro" or "ruok" or "srvr")
            {
                await _stream.WriteAsync(
                    Encoding.ASCII.GetBytes(word switch { "isro" => server.IsReadOnly ? "ro" : "rw", "ruok" => "imok", _ => Report() }));
                return;
            }

            var length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(header);
            if (length < 0 || length > server.MaxMessageBytes)
            {
                return;
            }

            var message = new byte[length];
            await _stream.ReadExactlyAsync(message);
            await ThawedAsync();
            Task applied;
            lock (server.Quorum.Gate)
            {
                if (_isClosed)
                {
                    return;
                }

                applied = SessionId == 0 ? Connect(message) : Request(message);
            }

            await applied;
        }
    }

    private string Report() => server.Mode switch
    {
        null => "This ZooKeeper instance is not currently serving requests\n",
        "" => "",
        var mode => $"Zxid: 0x{server.Zxid:x}\nMode: {mode}\n",
    };

    private Task Connect(byte[] message)
    {
        var reader = new JuteReader(message);
        var request = ConnectRequest.Read(ref reader);
        var fault = server.OnConnect?.Invoke(request.SessionId);
        if (fault is { IsExecuted: false } or { ReplyBytes: 0 }
            || (request.LastZxid > server.Zxid)
            || (server.IsReadOnly && !request.ReadOnly))
        {
            Answer(fault?.Raw ?? [], thenClose: fault?.Raw is null);
            return Task.CompletedTask;
        }

        var session = request.SessionId == 0
            ? server.Quorum.Make(Math.Max(request.Timeout, 1))
            : server.Quorum.Find(request.SessionId, request.Password.Span);
        if (session is null)
        {
            Answer(Frame(new ConnectResponse(0, 0, new byte[16], false).WriteTo), thenClose: true);
            return Task.CompletedTask;
        }

        foreach (var other in server.Quorum.Servers)
        {
            other.CloseSessionElsewhere(session.Id, except: this);
        }

        SessionId = session.Id;
        var reply = Frame(new ConnectResponse(session.Timeout, session.Id, session.Password, server.IsReadOnly).WriteTo);
        if (fault is { IsSilent: true })
        {
            return Task.CompletedTask;
        }

        Answer(fault?.ReplyBytes is { } bytes ? reply[..Math.Min(bytes, reply.Length)] : reply, thenClose: fault is not null);
        return Task.CompletedTask;
    }

    private Task Request(byte[] message)
    {
        var reader = new JuteReader(message);
        var id = reader.ReadInt32();
        var code = (OperationCode)reader.ReadInt32();
        var answers = new FakeRequestHandler(server, this);
        var path = FakeRequestHandler.PathOf(code, message);
        var request = new FakeRequest(SessionId, code.ToString(), path, id, message.Length);
        server.Note(request);
        var fault = server.OnRequest?.Invoke(request);
        if (fault?.Raw is { } raw)
        {
            Answer(raw, thenClose: false);
            return Task.CompletedTask;
        }

        if (fault is { IsExecuted: false, ReplyBytes: 0 })
        {
            Close();
            return Task.CompletedTask;
        }

        if (fault?.Code is { } error)
        {
            Answer(Frame(new ReplyHeader(id, server.Zxid, error).WriteTo), thenClose: false);
            return Task.CompletedTask;
        }

        return AnswerAsync(id, answers.Answer(code, ref reader), code, fault);
    }

    // The reply to a write is sent after this server has applied it.
    private Task AnswerAsync(int id, FakeReply answer, OperationCode code, FakeFault? fault)
    {
        var applied = server.AppliedAsync(answer.Zxid);
        if (applied.IsCompleted)
        {
            SendAnswer();
            return Task.CompletedTask;
        }

        return LaterAsync();

        async Task LaterAsync()
        {
            await applied;
            lock (server.Quorum.Gate)
            {
                SendAnswer();
            }
        }

        void SendAnswer()
        {
            var reply = Frame(writer =>
            {
                new ReplyHeader(id, code == OperationCode.Auth ? 0 : server.Tree.Zxid, answer.Error).WriteTo(writer);
                if (answer.Error == ZooKeeperErrorCode.Ok)
                {
                    answer.Write?.Invoke(writer);
                }
            });
            if (fault is { IsSilent: true })
            {
                return;
            }

            var ends = answer.Ends || fault?.ReplyBytes is not null;
            Answer(fault?.ReplyBytes is { } bytes ? reply[..Math.Min(bytes, reply.Length)] : reply, ends);
        }
    }

    private void Answer(byte[] bytes, bool thenClose)
    {
        _closesWhenSent |= thenClose;
        Send(bytes);
    }

    private void Send(byte[] message)
    {
        if (!_isClosed)
        {
            _out.Enqueue(message);
            _wake.Release();
        }
    }

    private async Task ThawedAsync()
    {
        while (server.IsFrozen && !_isClosed)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }
    }

    private async Task SendAsync()
    {
        try
        {
            while (!_isClosed)
            {
                await _wake.WaitAsync();
                await ThawedAsync();
                while (TryNext(out var bytes, out var isLast))
                {
                    for (var at = 0; at < bytes.Length; at += server.SendsByteByByte ? 1 : bytes.Length)
                    {
                        await _stream.WriteAsync(bytes.AsMemory(at, server.SendsByteByByte ? 1 : bytes.Length));
                    }

                    if (isLast)
                    {
                        lock (server.Quorum.Gate)
                        {
                            socket.Shutdown(SocketShutdown.Both);
                            Close();
                        }

                        return;
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The client closed the connection, or the fake did.
        }
    }

    private bool TryNext(out byte[] bytes, out bool isLast)
    {
        lock (server.Quorum.Gate)
        {
            var found = _out.TryDequeue(out bytes!);
            isLast = found && _closesWhenSent && _out.Count == 0;
            return found;
        }
    }

    internal static byte[] Frame(Action<JuteWriter> write)
    {
        var writer = new JuteWriter(256);
        var start = writer.BeginFrame();
        write(writer);
        writer.EndFrame(start);
        return writer.Written.ToArray();
    }
}
