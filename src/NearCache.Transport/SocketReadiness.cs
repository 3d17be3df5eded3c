using System.Net.Sockets;

namespace NearCache.Transport;

/// <summary>Tells when a socket can be read or written again.</summary>
internal sealed class SocketReadiness(Socket socket)
{
    private readonly SafeSocketHandle _socket = socket.SafeHandle;
    private readonly Lock _gate = new();   // guards everything below
    private IReadinessCallback? _reader;
    private IReadinessCallback? _writer;
    private long _number;
    private bool _isClosed;

    /// <summary>Tells the listener once, when there is something to read. It may be told before this returns, on another thread.</summary>
    public void WhenReadable(IReadinessCallback listener) => When(ref _reader, listener);

    /// <summary>Tells the listener once, when something can be written. It may be told before this returns, on another thread.</summary>
    public void WhenWritable(IReadinessCallback listener) => When(ref _writer, listener);

    /// <summary>The listener shall not be told any more. False if it was, or is being told.</summary>
    public bool TryForget(IReadinessCallback listener)
    {
        lock (_gate)
        {
            return TryTake(ref _reader, listener) || TryTake(ref _writer, listener);
        }
    }

    /// <summary>The socket was closed: tells what waits, on another thread, so that it finds out.</summary>
    public void Close()
    {
        IReadinessCallback? reader, writer;
        lock (_gate)
        {
            _isClosed = true;
            (reader, writer) = (_reader, _writer);
            (_reader, _writer) = (null, null);
            EpollThread.Remove(_number);
        }

        TellElsewhere(reader);
        TellElsewhere(writer);
    }

    /// <summary>The system says that something has happened.</summary>
    public void Happened(uint events)
    {
        IReadinessCallback? reader = null, writer = null;
        lock (_gate)
        {
            if ((events & (Epoll.In | Epoll.ErrorOrHangUp)) != 0)
            {
                (reader, _reader) = (_reader, null);
            }

            if ((events & (Epoll.Out | Epoll.ErrorOrHangUp)) != 0)
            {
                (writer, _writer) = (_writer, null);
            }

            TryAsk();
        }

        writer?.Ready();
        reader?.Ready();
    }

    private static bool TryTake(ref IReadinessCallback? place, IReadinessCallback listener)
    {
        if (!ReferenceEquals(place, listener))
        {
            return false;
        }

        place = null;
        return true;
    }

    private static void TellElsewhere(IReadinessCallback? listener)
    {
        if (listener is not null)
        {
            WorkScheduler.Queue(new Telling(listener));
        }
    }

    private void When(ref IReadinessCallback? place, IReadinessCallback listener)
    {
        lock (_gate)
        {
            place = listener;
            if (TryAsk())
            {
                return;
            }

            place = null;
        }

        TellElsewhere(listener);
    }

    // False if the socket is closed.
    private bool TryAsk()
    {
        var events = (_reader is null ? 0 : Epoll.In) | (_writer is null ? 0 : Epoll.Out);
        if (_isClosed || events == 0)
        {
            return !_isClosed;
        }

        try
        {
            var isFirst = _number == 0;
            _number = isFirst ? EpollThread.Add(this) : _number;
            Epoll.Ask(EpollThread.List, _socket, events, _number, isFirst);
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private sealed class Telling(IReadinessCallback listener) : IThreadPoolWorkItem
    {
        void IThreadPoolWorkItem.Execute() => listener.Ready();
    }
}
