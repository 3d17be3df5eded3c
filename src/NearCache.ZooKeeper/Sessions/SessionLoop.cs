using Microsoft.Extensions.Logging;
using NearCache.Transport;
using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Keeps one session with the servers: connects, opens it, runs the connection until it is lost, and begins anew.</summary>
internal sealed class SessionLoop(SessionContext context) : IConnectionListener
{
    private TaskCompletionSource? _renewal;
    private AuthenticationFailedException? _refusal;
    private string _refusedBy = "";
    private bool _isRefusing;
    private bool _isNewSession;

    /// <summary>Runs until the client is closed.</summary>
    public async Task RunAsync()
    {
        try
        {
            context.Rollback.Reset(context.Servers.All);
            while (!context.IsClosing)
            {
                await ConnectAndRunAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (context.Stopping.IsCancellationRequested)
        {
            // Disposed while it waited.
        }
#pragma warning disable CA1031 // Whatever it is, callers must learn that nothing more will come.
        catch (Exception e)
#pragma warning restore CA1031
        {
            context.Logger.Stopped(e);
        }

        End();
    }

    /// <summary>Asks for a new session after the old one expired. Nothing if it has not.</summary>
    public void Renew() => Volatile.Read(ref _renewal)?.TrySetResult();

    void IConnectionListener.OnMessage(ReadOnlySpan<byte> message, int length) => context.Dispatcher.Dispatch(message, length);

    void IConnectionListener.OnBatchDelivered() => context.StateMachine.OnReceived(context.Now, context.Dispatcher.LastZxid);

    IThreadPoolWorkItem? IConnectionListener.TakeDeferred() => context.Callbacks.TakeDeferred();

    void IConnectionListener.OnBytesReceived(int bytes) => context.Metrics.Received(bytes);

    void IConnectionListener.OnSending(int bytes)
    {
        context.StateMachine.OnSent(context.Now);
        context.Metrics.Sent(bytes);
    }

    // One attempt and, if it succeeds, the life of the connection.
    private async Task ConnectAndRunAsync()
    {
        if (context.Rollback.Evaluate(context.StateMachine.LastZxid, context.Now) is { } seen)
        {
            await GiveUpAsync(seen).ConfigureAwait(false);
        }

        var server = await NextServerAsync().ConfigureAwait(false);
        context.Logger.Connecting(server.ToString());

        Connection connection;
        ConnectResponse response;
        try
        {
            (connection, response) = await context.Opener.OpenAsync(server, context.StateMachine.CreateConnectRequest(), context.Stopping.Token).ConfigureAwait(false);
        }
        catch (AuthenticationFailedException e)
        {
            IdentityRefused(server, e);
            return;
        }
        catch (Exception e) when (SessionOpener.IsTransientFailure(e) && !context.Stopping.IsCancellationRequested)
        {
            await FailedAsync(server, e).ConfigureAwait(false);
            return;
        }

        context.Metrics.Connected(server.Host, server.Port);
        context.Rollback.Reset(context.Servers.All);
        var opening = context.StateMachine.OnConnectResponse(response, context.Now);
        await using (connection.ConfigureAwait(false))
        {
            _isNewSession |= opening == ConnectOutcome.Created;
            if (opening is ConnectOutcome.Created or ConnectOutcome.Resumed
                && (!_isNewSession || await FindChrootAsync(connection, server).ConfigureAwait(false)))
            {
                await RunAsync(connection, server).ConfigureAwait(false);
                return;
            }
        }

        if (opening == ConnectOutcome.Expired)
        {
            await ExpireAsync(server).ConfigureAwait(false);
        }
        else if (opening == ConnectOutcome.Rejected)
        {
            context.Metrics.Disconnected("denied");
            await FailedAsync(server, new IOException($"{server} answers that the session has expired, where a new one was asked for."))
                .ConfigureAwait(false);
        }
    }

    // False: the connection is of no use.
    private async Task<bool> FindChrootAsync(Connection connection, ServerAddress server)
    {
        if (context.Servers.Chroot is not { Length: > 0 } chroot)
        {
            return true;
        }

        IReadOnlyList<ZooKeeperAuthentication> identities;
        lock (context.Gate)
        {
            identities = context.Identities.All;
        }

        try
        {
            var (was, isThere) = await context.Opener.FindChrootAsync(connection, chroot, identities, context.Stopping.Token).ConfigureAwait(false);
            if (!isThere)
            {
                context.Logger.ChrootMissing(chroot);
            }
            else if (!was)
            {
                context.Logger.ChrootCreated(chroot);
            }
        }
        catch (AuthenticationFailedException e)
        {
            context.Metrics.Disconnected("authentication");
            IdentityRefused(server, e);
            return false;
        }
        catch (ZooKeeperException e)
        {
            // Operations will be told the same.
            context.Logger.ChrootFailed(e, chroot);
        }
        catch (Exception e) when (SessionOpener.IsTransientFailure(e) && !context.Stopping.IsCancellationRequested)
        {
            context.Metrics.Disconnected("lost");
            await FailedAsync(server, e).ConfigureAwait(false);
            return false;
        }

        return true;
    }

    // Servers that refuse the identity are left alone for a while, and if that is all of them, so is everything.
    private async Task<ServerAddress> NextServerAsync()
    {
        if (context.AuthenticationBackoff.GetCommonPause(context.Servers.All, context.Now) is var pause && pause > TimeSpan.Zero)
        {
            await PauseAsync(pause).ConfigureAwait(false);
        }

        for (var tries = context.Servers.Count; ; tries--)
        {
            var server = context.Servers.Next();
            if (tries <= 1 || !context.AuthenticationBackoff.IsPaused(server, context.Now))
            {
                return server;
            }
        }
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        var reason = _refusal!;
        Func<Operation, bool, Exception> failure = (operation, _) =>
            new AuthenticationFailedException(reason.Message, reason.Code, operation.Path);
        context.Queue.FailAll(failure, operation => failure(operation, false));
        _isRefusing = true;
        context.Logger.AuthenticationFailed(_refusedBy, reason.Message, Math.Round(pause.TotalSeconds));
        context.States.Publish(
            new ZooKeeperStateChange(ZooKeeperState.AuthenticationFailed, context.StateMachine.SessionId, false, _refusedBy, reason));
        await Task.Delay(pause, context.Time, context.Stopping.Token).ConfigureAwait(false);
    }

    private void IdentityRefused(ServerAddress server, AuthenticationFailedException reason)
    {
        (_refusal, _refusedBy) = (reason, server.ToString());
        context.LastFailure = reason;
        context.AuthenticationBackoff.RecordRefusal(server, context.Now);
    }

    private async Task FailedAsync(ServerAddress server, Exception reason)
    {
        context.Metrics.ConnectFailed(server.Host, server.Port);
        context.LastFailure = reason;
        context.Rollback.RecordFailure(server, reason is SessionRefusedException, context.Now);
        var (level, name) = (context.ConnectWarnings.LevelAt(context.Now), server.ToString());
        await WaitAsync(wait => context.Logger.ConnectFailed(level, reason, name, wait)).ConfigureAwait(false);
    }

    private async Task RunAsync(Connection connection, ServerAddress server)
    {
        context.Dispatcher.OnConnected(connection.Server);
        var persistent = context.Watches.GetPersistent();
        if (_isRefusing)
        {
            _isRefusing = false;
            context.Queue.Reopen();
        }

        lock (context.Gate)
        {
            context.Queue.Attach(CreateFirstMessages());
            context.Connection = connection;
            if (context.IsClosing)
            {
                // Whoever disposes looked for a connection before there was this one.
                connection.Abort(new OperationCanceledException("The client was disposed."));
            }
            else if (!context.Servers.All.Contains(server))
            {
                connection.Abort(new ServersChangedException(connection.Server));
            }
        }

        // Only now: whoever hears of it and disposes the client finds a connection on which the session can be closed. Nothing has been
        // answered yet.
        Announce(connection.Server);
        connection.SignalSend();
        foreach (var (path, handler) in persistent)
        {
            context.Callbacks.NotifyHandler(handler, new WatchEvent(WatchEventType.Interrupted, path), isPersistent: true);
        }

        context.Callbacks.Flush();

        var reason = await connection.RunAsync(this).ConfigureAwait(false);
        if (context.Dispatcher.RequiresAuthentication && !context.IsClosing)
        {
            // The session has ended with the connection, and so would the next one.
            reason = ExceptionFactory.AuthenticationFailed(ZooKeeperErrorCode.SessionClosedRequireAuth, connection.Server);
        }

        context.Metrics.Disconnected(context.IsClosing ? "closed" : GetCloseReason(reason));
        bool isAccepted;
        lock (context.Gate)
        {
            context.Connection = null;
            isAccepted = !context.Identities.HasUnanswered;
            context.Identities.FailPending(reason);
        }

        context.Queue.Detach((operation, _) => context.IsClosing
            ? ExceptionFactory.ClientClosed(operation.Code, operation.Path, operation.IsWrite)
            : ExceptionFactory.ConnectionLost(operation.Code, operation.Path, connection.Server, operation.IsWrite, reason));
        context.LastFailure = reason;
        if (context.IsClosing)
        {
            return;
        }

        if (reason is AuthenticationFailedException refusal)
        {
            IdentityRefused(server, refusal);
        }
        else if (isAccepted)
        {
            context.AuthenticationBackoff.RecordSuccess(server);
        }

        context.States.Publish(new ZooKeeperStateChange(ZooKeeperState.Connecting, context.StateMachine.SessionId, false, connection.Server, reason));
        if (reason is QuorumFoundException found)
        {
            context.Servers.SetNext(found.Server);
        }
        else if (reason is not ServersChangedException)
        {
            await WaitAsync(wait => Lost(reason, connection.Server, wait)).ConfigureAwait(false);
        }
    }

    private void Lost(Exception reason, string server, double wait)
    {
        var level = context.ConnectWarnings.LevelAt(context.Now);
        if (reason is JuteFormatException && level == LogLevel.Warning)
        {
            context.Logger.NotUnderstood(server, reason.Message);
        }

        context.Logger.ConnectionLost(level, reason, server, wait);
    }

    private static string GetCloseReason(Exception reason) => reason switch
    {
        JuteFormatException => "protocol",
        TimeoutException => "silent",
        AuthenticationFailedException => "authentication",
        QuorumFoundException => "quorum_found",
        ServersChangedException => "servers_changed",
        _ => "lost",
    };

    private void Announce(string server)
    {
        var isNew = _isNewSession;
        _isNewSession = false;
        if (isNew)
        {
            context.Metrics.SessionMade();
            context.Logger.SessionMade(context.StateMachine.SessionId, server, context.StateMachine.NegotiatedTimeout.TotalMilliseconds);
        }
        else
        {
            context.Metrics.SessionResumed();
            context.Logger.SessionResumed(context.StateMachine.SessionId, server, context.StateMachine.NegotiatedTimeout.TotalMilliseconds);
        }

        context.States.Publish(new ZooKeeperStateChange(
            context.StateMachine.IsReadOnly
                ? ZooKeeperState.ConnectedReadOnly
                : ZooKeeperState.Connected, context.StateMachine.SessionId, isNew, server, null));
    }

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

    private async Task ExpireAsync(ServerAddress server)
    {
        context.Metrics.Disconnected("expired");
        context.Logger.SessionExpired(context.StateMachine.SessionId);
        context.Servers.RepeatLast();   // it answered: it will do for the new session too
        await EndSessionAsync(context.StateMachine.SessionId, server.ToString(), givenUp: null).ConfigureAwait(false);
        await WaitAsync(_ => { }).ConfigureAwait(false);
    }

    // No server will open the session, nor any other to a client that has seen so much.
    private async Task GiveUpAsync(string seen)
    {
        var session = context.StateMachine.SessionId;
        context.Logger.SessionGivenUp(session, seen);
        context.Rollback.Reset(context.Servers.All);
        context.StateMachine.ResetHistory();
        context.Dispatcher.ResetZxid();
        if (session != 0)
        {
            await EndSessionAsync(session, null, seen).ConfigureAwait(false);
        }
    }

    // Everything of the session fails, and hears of it; what follows belongs to the next one.
    private async Task EndSessionAsync(long session, string? server, string? givenUp)
    {
        var renews = context.Options.RenewSession;
        context.Metrics.SessionExpired();
        var renewal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _renewal, renewal);
        context.Queue.FailAll(
            (operation, wasSent) => ExceptionFactory.SessionExpired(operation.Code, operation.Path, renews, wasSent && operation.IsWrite, givenUp),
            renews ? null : operation => ExceptionFactory.SessionExpired(operation.Code, operation.Path, renews: false, isOutcomeUnknown: false, givenUp));
        NotifyAllWatches(WatchEventType.SessionLost);
        context.StateMachine.ResetSession();
        _isNewSession = false;

        context.States.Publish(
            new ZooKeeperStateChange(
                ZooKeeperState.Expired, session, false, server, ExceptionFactory.SessionExpired(OperationCode.CloseSession, null, renews, false, givenUp)));
        if (!renews)
        {
            await renewal.Task.WaitAsync(context.Stopping.Token).ConfigureAwait(false);
            context.Queue.Reopen();
        }

        context.States.Publish(new ZooKeeperStateChange(ZooKeeperState.Connecting, 0, false, null, null));
    }

    private async Task WaitAsync(Action<double> log)
    {
        var wait = context.StateMachine.OnDisconnected(context.Now);

        log(Math.Round(wait.TotalMilliseconds));
        await Task.Delay(wait, context.Time, context.Stopping.Token).ConfigureAwait(false);
    }

    private void End()
    {
        context.Queue.FailAll(
            (operation, wasSent) => ExceptionFactory.ClientClosed(operation.Code, operation.Path, wasSent && operation.IsWrite),
            operation => ExceptionFactory.ClientClosed(operation.Code, operation.Path, isOutcomeUnknown: false));
        lock (context.Gate)
        {
            context.Identities.FailPending(new ObjectDisposedException(nameof(ZooKeeperClient)));
        }

        NotifyAllWatches(WatchEventType.Closed);
        context.States.Publish(new ZooKeeperStateChange(ZooKeeperState.Closed, context.StateMachine.SessionId, false, null, null));
    }

    private void NotifyAllWatches(WatchEventType type)
    {
        foreach (var (path, handler) in context.Watches.TakeAll())
        {
            context.Callbacks.NotifyHandler(handler, new WatchEvent(type, path), isPersistent: false);
        }

        context.Callbacks.Flush();
    }
}
