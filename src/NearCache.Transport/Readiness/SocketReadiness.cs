using System.Net.Sockets;
using NearCache.Transport.Scheduling;

namespace NearCache.Transport.Readiness;

/// <summary>Receives readiness notifications from <see cref="SocketReadiness"/>.</summary>
internal interface IReadinessCallback
{
    /// <summary>Called once for each registration: the socket is ready, or closed.</summary>
    /// <remarks>
    /// Runs on an <see cref="EpollThread"/>, which serves all sockets of the process. A callback that may block must detect this and call
    /// <see cref="EpollThread.Replace"/>.
    /// </remarks>
    void OnReady();
}

/// <summary>Notifies callbacks when a socket becomes readable or writable.</summary>
internal sealed class SocketReadiness(Socket socket)
{
    private readonly SafeSocketHandle _socket = socket.SafeHandle;
    private readonly Lock _gate = new();   // guards everything below
    private IReadinessCallback? _reader;
    private IReadinessCallback? _writer;
    private long _number;
    private bool _isClosed;

    /// <summary>
    /// Notifies the callback once when the socket is readable. The notification may precede the return of this method, on another thread.
    /// </summary>
    public void NotifyWhenReadable(IReadinessCallback callback) => Register(ref _reader, callback);

    /// <summary>
    /// Notifies the callback once when the socket is writable. The notification may precede the return of this method, on another thread.
    /// </summary>
    public void NotifyWhenWritable(IReadinessCallback callback) => Register(ref _writer, callback);

    /// <summary>Unregisters the callback. Returns false if it has been notified or is being notified.</summary>
    public bool TryUnregister(IReadinessCallback callback)
    {
        lock (_gate)
        {
            return TryTake(ref _reader, callback) || TryTake(ref _writer, callback);
        }
    }

    /// <summary>Marks the socket as closed and notifies the registered callbacks on another thread.</summary>
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

    /// <summary>Dispatches events that epoll reported for the socket.</summary>
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

    // Returns false if the socket is closed. Requires `_gate`.
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
