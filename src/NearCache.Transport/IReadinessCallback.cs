namespace NearCache.Transport;

/// <summary>Waits for a socket by <see cref="SocketReadiness"/>.</summary>
internal interface IReadinessCallback
{
    /// <summary>Called once for each time that was asked for it: the socket is ready, or closed.</summary>
    /// <remarks>
    /// On one of the few threads that serve all sockets of the process: who runs code there that may block must find that out, and call
    /// <see cref="EpollThread.Replace"/>.
    /// </remarks>
    void Ready();
}
