using System.Net.Sockets;
using NearCache.Transport.Scheduling;

namespace NearCache.Transport.Readiness;

/// <summary>Waits for a socket by <see cref="SocketReadiness"/>.</summary>
internal interface IReadinessCallback
{
    /// <summary>Called once for each time that was asked for it: the socket is ready, or closed.</summary>
    /// <remarks>
    /// On one of the few threads that serve all sockets of the process: who runs code there that may block must find that out, and call
    /// <see cref="EpollThread.Replace"/>.
    /// </remarks>
    void OnReady();
}

/// <summary>Tells when a socket can be read or written again.</summary>
internal sealed class SocketReadiness(Socket socket)
{
    private readonly SafeSocketHandle _socket = socket.SafeHandle;
    private readonly Lock _gate = new();   // guards everything below
    private IReadinessCallback? _reader;
    private IReadinessCallback? _writer;
    private long _number;
    private bool _isClosed;

    /// <summary>Tells the callback once, when there is something to read. It may be told before this returns, on another thread.</summary>
    public void NotifyWhenReadable(IReadinessCallback callback) => Register(ref _reader, callback);

    /// <summary>Tells the callback once, when something can be written. It may be told before this returns, on another thread.</summary>
    public void NotifyWhenWritable(IReadinessCallback callback) => Register(ref _writer, callback);

    /// <summary>The callback shall not be told any more. False if it was, or is being told.</summary>
    public bool TryUnregister(IReadinessCallback callback)
    {
        lock (_gate)
        {
            return TryTake(ref _reader, callback) || TryTake(ref _writer, callback);
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
            EpollThread.Unregister(_number);
        }

        QueueNotification(reader);
        QueueNotification(writer);
    }

    /// <summary>The system says that something has happened.</summary>
    public void OnEvents(uint events)
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

            TryArm();
        }

        writer?.OnReady();
        reader?.OnReady();
    }

    private static bool TryTake(ref IReadinessCallback? place, IReadinessCallback callback)
    {
        if (!ReferenceEquals(place, callback))
        {
            return false;
        }

        place = null;
        return true;
    }

    private static void QueueNotification(IReadinessCallback? callback)
    {
        if (callback is not null)
        {
            WorkScheduler.Queue(new Notification(callback));
        }
    }

    private void Register(ref IReadinessCallback? place, IReadinessCallback callback)
    {
        lock (_gate)
        {
            place = callback;
            if (TryArm())
            {
                return;
            }

            place = null;
        }

        QueueNotification(callback);
    }

    // False if the socket is closed.
    private bool TryArm()
    {
        var events = (_reader is null ? 0 : Epoll.In) | (_writer is null ? 0 : Epoll.Out);
        if (_isClosed || events == 0)
        {
            return !_isClosed;
        }

        try
        {
            var isFirst = _number == 0;
            _number = isFirst ? EpollThread.Register(this) : _number;
            Epoll.Arm(EpollThread.Descriptor, _socket, events, _number, isFirst);
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private sealed class Notification(IReadinessCallback callback) : IThreadPoolWorkItem
    {
        void IThreadPoolWorkItem.Execute() => callback.OnReady();
    }
}
