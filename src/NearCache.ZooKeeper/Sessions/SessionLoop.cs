using NearCache.Transport;
using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Keeps one session with the servers: connects, opens it, runs the connection until it is lost, and begins anew.</summary>
internal sealed class SessionLoop(SessionParts parts) : IMessageSink
{
    private TaskCompletionSource? _renewal;

    /// <summary>Runs until the client is closed, or no server will ever take it.</summary>
    public async Task RunAsync()
    {
        Exception? end = null;
        try
        {
            while (!parts.IsClosing && end is null)
            {
                end = await ConnectAndRunAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (parts.Stop.IsCancellationRequested)
        {
            // Disposed while it waited.
        }
#pragma warning disable CA1031 // Whatever it is, callers must learn that nothing more will come.
        catch (Exception e)
#pragma warning restore CA1031
        {
            parts.Logger.Stopped(e);
            end = e;
        }

        End(end);
    }

    /// <summary>Asks for a new session after the old one expired. Nothing if it has not.</summary>
    public void Renew() => Volatile.Read(ref _renewal)?.TrySetResult();

    void IMessageSink.Arrived(ReadOnlySpan<byte> message, int length) => parts.Inbox.Take(message, length);

    void IMessageSink.Heard() => parts.Core.Heard(parts.Now, parts.Inbox.LastZxid);

    IThreadPoolWorkItem? IMessageSink.TakeDeferred() => parts.Deliveries.TakeDeferred();

    void IMessageSink.Received(int bytes) => parts.Metrics.Received(bytes);

    void IMessageSink.Sending(int bytes)
    {
        parts.Core.Sent(parts.Now);
        parts.Metrics.Sent(bytes);
    }

    // One attempt and, if it succeeds, the life of the connection. What it returns ends the client.
    private async Task<Exception?> ConnectAndRunAsync()
    {
        var server = parts.Servers.Next();
        parts.Logger.Connecting(server.ToString());

        Connection connection;
        ConnectResponse response;
        try
        {
            (connection, response) = await parts.Opener.OpenAsync(server, parts.Core.Request(), parts.Stop.Token).ConfigureAwait(false);
        }
        catch (AuthenticationFailedException e)
        {
            return e;
        }
        catch (Exception e) when (SessionOpener.IsFailure(e) && !parts.Stop.IsCancellationRequested)
        {
            parts.Metrics.ConnectFailed(server.Host, server.Port);
            parts.LastProblem = e;
            await WaitAsync(wait => parts.Logger.ConnectFailed(e, server.ToString(), wait)).ConfigureAwait(false);
            return null;
        }

        await using (connection.ConfigureAwait(false))
        {
            parts.Metrics.Connected(server.Host, server.Port);
            var opening = parts.Core.Opened(response, parts.Now);

            return opening == SessionOpening.Expired
                ? await ExpireAsync(server).ConfigureAwait(false)
                : await RunAsync(connection, server, opening).ConfigureAwait(false);
        }
    }

    private async Task<Exception?> RunAsync(Connection connection, ServerAddress server, SessionOpening opening)
    {
        parts.Inbox.Server = connection.Server;
        var persistent = parts.Watches.Persistent();
        lock (parts.Gate)
        {
            parts.Queue.Attach(FirstMessages());
            parts.Connection = connection;
            if (parts.IsClosing)
            {
                // Whoever disposes looked for a connection before there was this one.
                connection.Abort(new OperationCanceledException("The client was disposed."));
            }
        }

        // Only now: whoever hears of it and disposes the client finds a connection on which the session can be closed. Nothing has been answered yet.
        Announce(connection.Server, opening);
        connection.Wake();
        foreach (var (path, handler) in persistent)
        {
            parts.Deliveries.Notify(handler, new WatchEvent(WatchEventType.Interrupted, path), stays: true);
        }

        parts.Deliveries.Flush();

        var reason = await connection.RunAsync(this).ConfigureAwait(false);
        parts.Metrics.Disconnected(parts.IsClosing ? "closed" : LossReason(reason));
        lock (parts.Gate)
        {
            parts.Connection = null;
            parts.Identities.Fail(reason);
        }

        parts.Queue.Detach((operation, _) => parts.IsClosing
            ? Errors.Closed(operation.Code, operation.Path, operation.IsWrite)
            : Errors.ConnectionLost(operation.Code, operation.Path, connection.Server, operation.IsWrite, reason));
        parts.LastProblem = reason;
        if (reason is AuthenticationFailedException || parts.IsClosing)
        {
            return reason;
        }

        parts.States.Publish(new ZooKeeperStateChange(ZooKeeperState.Connecting, parts.Core.SessionId, false, connection.Server, reason));
        if (reason is QuorumFoundException found)
        {
            parts.Servers.Prefer(found.Server);
            return null;
        }

        await WaitAsync(wait => Lost(reason, connection.Server, wait)).ConfigureAwait(false);
        return null;
    }

    private void Lost(Exception reason, string server, double wait)
    {
        if (reason is JuteFormatException)
        {
            parts.Logger.NotUnderstood(server, reason.Message);
        }

        parts.Logger.ConnectionLost(reason, server, wait);
    }

    private static string LossReason(Exception reason) => reason switch
    {
        JuteFormatException => "protocol",
        TimeoutException => "silent",
        AuthenticationFailedException => "authentication",
        QuorumFoundException => "quorum_found",
        _ => "lost",
    };

    private void Announce(string server, SessionOpening opening)
    {
        if (opening == SessionOpening.Made)
        {
            parts.Metrics.SessionMade();
            parts.Logger.SessionMade(parts.Core.SessionId, server, parts.Core.Granted.TotalMilliseconds);
        }
        else
        {
            parts.Metrics.SessionResumed();
            parts.Logger.SessionResumed(parts.Core.SessionId, server, parts.Core.Granted.TotalMilliseconds);
        }

        parts.States.Publish(new ZooKeeperStateChange(
            parts.Core.IsReadOnly ? ZooKeeperState.ConnectedReadOnly : ZooKeeperState.Connected, parts.Core.SessionId, opening == SessionOpening.Made, server, null));
    }

    private IEnumerable<Action<JuteWriter>> FirstMessages()
    {
        foreach (var message in parts.Identities.FirstMessages())
        {
            yield return message;
        }

        var requests = parts.Watches.Rearm(parts.Core.LastZxid);
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
            parts.Logger.WatchesRearmed(parts.Watches.Count, requests.Count);
        }
    }

    private async Task<Exception?> ExpireAsync(ServerAddress server)
    {
        var lost = parts.Core.SessionId;
        parts.Metrics.Disconnected("expired");
        parts.Logger.SessionExpired(lost);
        parts.Metrics.SessionExpired();
        var renewal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _renewal, renewal);
        parts.Queue.FailAll(
            (operation, wasSent) => Errors.Expired(operation.Code, operation.Path, parts.Options.RenewSession, wasSent && operation.IsWrite),
            parts.Options.RenewSession ? null : operation => Errors.Expired(operation.Code, operation.Path, renews: false, isOutcomeUnknown: false));
        NotifyAll(WatchEventType.SessionLost);
        parts.Core.Renew();

        parts.States.Publish(new ZooKeeperStateChange(ZooKeeperState.Expired, lost, false, server.ToString(), Errors.Expired(OperationCode.CloseSession, null, parts.Options.RenewSession, false)));
        if (!parts.Options.RenewSession)
        {
            await renewal.Task.WaitAsync(parts.Stop.Token).ConfigureAwait(false);
            parts.Queue.Open();
        }

        parts.States.Publish(new ZooKeeperStateChange(ZooKeeperState.Connecting, 0, false, null, null));
        parts.Servers.Repeat();   // it answered: it will do for the new session too
        return null;
    }

    private async Task WaitAsync(Action<double> log)
    {
        var wait = parts.Core.Lost(parts.Now);

        log(Math.Round(wait.TotalMilliseconds));
        await Task.Delay(wait, parts.Time, parts.Stop.Token).ConfigureAwait(false);
    }

    private void End(Exception? reason)
    {
        Func<Operation, bool, Exception> failure = reason is AuthenticationFailedException refused
            ? (operation, _) => new AuthenticationFailedException(refused.Message, refused.Code, operation.Path)
            : (operation, wasSent) => Errors.Closed(operation.Code, operation.Path, wasSent && operation.IsWrite);
        parts.Queue.FailAll(failure, operation => failure(operation, false));
        lock (parts.Gate)
        {
            parts.Identities.Fail(reason ?? new ObjectDisposedException(nameof(ZooKeeperClient)));
        }

        NotifyAll(WatchEventType.Closed);
        if (reason is AuthenticationFailedException && !parts.IsClosing)
        {
            parts.Logger.AuthenticationFailed(parts.Inbox.Server, reason.Message);
            parts.States.Publish(new ZooKeeperStateChange(ZooKeeperState.AuthenticationFailed, parts.Core.SessionId, false, parts.Inbox.Server, reason));
        }
        else
        {
            parts.States.Publish(new ZooKeeperStateChange(ZooKeeperState.Closed, parts.Core.SessionId, false, null, null));
        }
    }

    private void NotifyAll(WatchEventType type)
    {
        foreach (var (path, handler) in parts.Watches.TakeAll())
        {
            parts.Deliveries.Notify(handler, new WatchEvent(type, path), stays: false);
        }

        parts.Deliveries.Flush();
    }
}
