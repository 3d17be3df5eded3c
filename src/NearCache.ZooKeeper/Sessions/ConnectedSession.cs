using NearCache.Transport;
using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Runs a session on one open connection: restores identities and watches, publishes the state, and passes messages on.</summary>
internal sealed class ConnectedSession(SessionContext context) : IConnectionListener
{
    /// <summary>Runs the session until the connection ends.</summary>
    /// <param name="connection">An open connection. The caller disposes it.</param>
    /// <param name="server">The address of the server.</param>
    /// <param name="isNewSession">Whether the session was created and not yet published.</param>
    /// <returns>Why the connection ended, and whether the server answered every identity that was claimed.</returns>
    public async Task<(Exception Reason, bool IsAuthenticated)> RunAsync(Connection connection, ServerAddress server, bool isNewSession)
    {
        context.Dispatcher.OnConnected(connection.Server);
        var persistent = context.Watches.GetPersistent();
        Attach(connection, server);

        // Published after the connection is set: a subscriber that disposes the client must find the connection, to close the session on
        // it. No request has been answered yet.
        Publish(connection.Server, isNewSession);
        connection.SignalSend();
        foreach (var (path, handler) in persistent)
        {
            context.Callbacks.NotifyHandler(handler, new WatchEvent { Type = WatchEventType.Interrupted, Path = path }, isPersistent: true);
        }

        context.Callbacks.Flush();

        var reason = await connection.RunAsync(this).ConfigureAwait(false);
        if (context.Dispatcher.RequiresAuthentication && !context.IsClosing)
        {
            // The session ended with the connection. A new one would end in the same way.
            reason = ExceptionFactory.AuthenticationFailed(ZooKeeperErrorCode.SessionClosedRequireAuth, connection.Server);
        }

        return (reason, Detach(connection.Server, reason));
    }

    void IConnectionListener.OnMessage(ReadOnlySpan<byte> message, int length) => context.Dispatcher.Dispatch(message, length);

    void IConnectionListener.OnBatchDelivered() => context.StateMachine.OnReceived(context.Now, context.Dispatcher.LastZxid);

    IThreadPoolWorkItem? IConnectionListener.TakeDeferred() => context.Callbacks.TakeDeferred();

    void IConnectionListener.OnBytesReceived(int bytes) => context.Metrics.Received(bytes);

    void IConnectionListener.OnSending(int bytes)
    {
        context.StateMachine.OnSent(context.Now);
        context.Metrics.Sent(bytes);
    }

    private void Attach(Connection connection, ServerAddress server)
    {
        lock (context.Gate)
        {
            context.Queue.Attach(CreateFirstMessages());
            context.Connection = connection;
            if (context.IsClosing)
            {
                // Dispose ran before this connection was set, and so did not abort it.
                connection.Abort(new OperationCanceledException("The client was disposed."));
            }
            else if (!context.Servers.All.Contains(server))
            {
                connection.Abort(new ServersChangedException(connection.Server));
            }
        }
    }

    // Returns whether the server answered every identity that was claimed.
    private bool Detach(string server, Exception reason)
    {
        context.Metrics.Disconnected(context.IsClosing ? "closed" : GetCloseReason(reason));
        bool isAuthenticated;
        lock (context.Gate)
        {
            context.Connection = null;
            isAuthenticated = !context.Identities.HasUnanswered;
            context.Identities.FailPending(reason);
        }

        context.Queue.Detach((operation, _) => context.IsClosing
            ? ExceptionFactory.ClientClosed(operation.Code, operation.Path, operation.IsWrite)
            : ExceptionFactory.ConnectionLost(operation.Code, operation.Path, server, operation.IsWrite, reason));
        context.LastFailure = reason;
        return isAuthenticated;
    }

    private void Publish(string server, bool isNewSession)
    {
        var session = context.StateMachine.SessionId;
        var timeout = context.StateMachine.NegotiatedTimeout.TotalMilliseconds;
        if (isNewSession)
        {
            context.Metrics.SessionMade();
            context.Logger.SessionMade(session, server, timeout);
        }
        else
        {
            context.Metrics.SessionResumed();
            context.Logger.SessionResumed(session, server, timeout);
        }

        context.States.Publish(new ZooKeeperStateChange
        {
            State = context.StateMachine.IsReadOnly ? ZooKeeperState.ConnectedReadOnly : ZooKeeperState.Connected,
            SessionId = session,
            IsNewSession = isNewSession,
            Server = server,
        });
    }

    // The identities, then the watches. Requires `Gate`.
    private IEnumerable<Action<JuteWriter>> CreateFirstMessages()
    {
        foreach (var message in context.Identities.CreateMessages())
        {
            yield return message;
        }

        var requests = context.Watches.CreateSetWatchesRequests(context.StateMachine.LastZxid);
        foreach (var request in requests)
        {
            yield return writer =>
            {
                writer.WriteInt32(RequestId.SetWatches);
                writer.WriteInt32((int)request.Code);
                request.WriteTo(writer);
            };
        }

        if (requests.Count > 0)
        {
            context.Logger.WatchesRearmed(context.Watches.Count, requests.Count);
        }
    }

    // Values of the tag `reason` of the metric nearcache.zookeeper.connections.closed.
    private static string GetCloseReason(Exception reason) => reason switch
    {
        JuteFormatException => "protocol",
        TimeoutException => "silent",
        AuthenticationFailedException => "authentication",
        QuorumFoundException => "quorum_found",
        ServersChangedException => "servers_changed",
        _ => "lost",
    };
}
