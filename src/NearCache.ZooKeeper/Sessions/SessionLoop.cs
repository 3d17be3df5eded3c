using Microsoft.Extensions.Logging;
using NearCache.Transport;
using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Keeps one session with the servers: connects, opens it, runs the connection until it is lost, and begins anew.</summary>
internal sealed class SessionLoop(SessionParts parts) : IMessageSink
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
            parts.Rollback.Reset(parts.Servers.All);
            while (!parts.IsClosing)
            {
                await ConnectAndRunAsync().ConfigureAwait(false);
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
        }

        End();
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

    // One attempt and, if it succeeds, the life of the connection.
    private async Task ConnectAndRunAsync()
    {
        if (parts.Rollback.Judge(parts.Core.LastZxid, parts.Now) is { } seen)
        {
            await GiveUpAsync(seen).ConfigureAwait(false);
        }

        var server = await NextServerAsync().ConfigureAwait(false);
        parts.Logger.Connecting(server.ToString());

        Connection connection;
        ConnectResponse response;
        try
        {
            (connection, response) = await parts.Opener.OpenAsync(server, parts.Core.Request(), parts.Stop.Token).ConfigureAwait(false);
        }
        catch (AuthenticationFailedException e)
        {
            IdentityRefused(server, e);
            return;
        }
        catch (Exception e) when (SessionOpener.IsFailure(e) && !parts.Stop.IsCancellationRequested)
        {
            await FailedAsync(server, e).ConfigureAwait(false);
            return;
        }

        parts.Metrics.Connected(server.Host, server.Port);
        parts.Rollback.Reset(parts.Servers.All);
        var opening = parts.Core.Opened(response, parts.Now);
        await using (connection.ConfigureAwait(false))
        {
            _isNewSession |= opening == SessionOpening.Made;
            if (opening is SessionOpening.Made or SessionOpening.Resumed
                && (!_isNewSession || await FindChrootAsync(connection, server).ConfigureAwait(false)))
            {
                await RunAsync(connection, server).ConfigureAwait(false);
                return;
            }
        }

        if (opening == SessionOpening.Expired)
        {
            await ExpireAsync(server).ConfigureAwait(false);
        }
        else if (opening == SessionOpening.Denied)
        {
            parts.Metrics.Disconnected("denied");
            await FailedAsync(server, new IOException($"{server} answers that the session has expired, where a new one was asked for."))
                .ConfigureAwait(false);
        }
    }

    // False: the connection is of no use.
    private async Task<bool> FindChrootAsync(Connection connection, ServerAddress server)
    {
        if (parts.Servers.Chroot is not { Length: > 0 } chroot)
        {
            return true;
        }

        IReadOnlyList<ZooKeeperAuthentication> identities;
        lock (parts.Gate)
        {
            identities = parts.Identities.All;
        }

        try
        {
            var (was, isThere) = await parts.Opener.FindChrootAsync(connection, chroot, identities, parts.Stop.Token).ConfigureAwait(false);
            if (!isThere)
            {
                parts.Logger.ChrootMissing(chroot);
            }
            else if (!was)
            {
                parts.Logger.ChrootCreated(chroot);
            }
        }
        catch (AuthenticationFailedException e)
        {
            parts.Metrics.Disconnected("authentication");
            IdentityRefused(server, e);
            return false;
        }
        catch (ZooKeeperException e)
        {
            // Operations will be told the same.
            parts.Logger.ChrootFailed(e, chroot);
        }
        catch (Exception e) when (SessionOpener.IsFailure(e) && !parts.Stop.IsCancellationRequested)
        {
            parts.Metrics.Disconnected("lost");
            await FailedAsync(server, e).ConfigureAwait(false);
            return false;
        }

        return true;
    }

    // Servers that refuse the identity are left alone for a while, and if that is all of them, so is everything.
    private async Task<ServerAddress> NextServerAsync()
    {
        if (parts.Refusals.PauseOfAll(parts.Servers.All, parts.Now) is var pause && pause > TimeSpan.Zero)
        {
            await PauseAsync(pause).ConfigureAwait(false);
        }

        for (var tries = parts.Servers.Count; ; tries--)
        {
            var server = parts.Servers.Next();
            if (tries <= 1 || !parts.Refusals.IsPaused(server, parts.Now))
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
        parts.Queue.FailAll(failure, operation => failure(operation, false));
        _isRefusing = true;
        parts.Logger.AuthenticationFailed(_refusedBy, reason.Message, Math.Round(pause.TotalSeconds));
        parts.States.Publish(
            new ZooKeeperStateChange(ZooKeeperState.AuthenticationFailed, parts.Core.SessionId, false, _refusedBy, reason));
        await Task.Delay(pause, parts.Time, parts.Stop.Token).ConfigureAwait(false);
    }

    private void IdentityRefused(ServerAddress server, AuthenticationFailedException reason)
    {
        (_refusal, _refusedBy) = (reason, server.ToString());
        parts.LastProblem = reason;
        parts.Refusals.Refused(server, parts.Now);
    }

    private async Task FailedAsync(ServerAddress server, Exception reason)
    {
        parts.Metrics.ConnectFailed(server.Host, server.Port);
        parts.LastProblem = reason;
        parts.Rollback.Failed(server, reason is SessionRefusedException, parts.Now);
        var (level, name) = (parts.Warnings.LevelAt(parts.Now), server.ToString());
        await WaitAsync(wait => parts.Logger.ConnectFailed(level, reason, name, wait)).ConfigureAwait(false);
    }

    private async Task RunAsync(Connection connection, ServerAddress server)
    {
        parts.Inbox.Begin(connection.Server);
        var persistent = parts.Watches.Persistent();
        if (_isRefusing)
        {
            _isRefusing = false;
            parts.Queue.Open();
        }

        lock (parts.Gate)
        {
            parts.Queue.Attach(FirstMessages());
            parts.Connection = connection;
            if (parts.IsClosing)
            {
                // Whoever disposes looked for a connection before there was this one.
                connection.Abort(new OperationCanceledException("The client was disposed."));
            }
            else if (!parts.Servers.All.Contains(server))
            {
                connection.Abort(new ServersChangedException(connection.Server));
            }
        }

        // Only now: whoever hears of it and disposes the client finds a connection on which the session can be closed. Nothing has been
        // answered yet.
        Announce(connection.Server);
        connection.Wake();
        foreach (var (path, handler) in persistent)
        {
            parts.Deliveries.Notify(handler, new WatchEvent(WatchEventType.Interrupted, path), stays: true);
        }

        parts.Deliveries.Flush();

        var reason = await connection.RunAsync(this).ConfigureAwait(false);
        if (parts.Inbox.DemandsIdentity && !parts.IsClosing)
        {
            // The session has ended with the connection, and so would the next one.
            reason = Errors.AuthenticationFailed(ZooKeeperErrorCode.SessionClosedRequireAuth, connection.Server);
        }

        parts.Metrics.Disconnected(parts.IsClosing ? "closed" : LossReason(reason));
        bool isAccepted;
        lock (parts.Gate)
        {
            parts.Connection = null;
            isAccepted = !parts.Identities.AreUnanswered;
            parts.Identities.Fail(reason);
        }

        parts.Queue.Detach((operation, _) => parts.IsClosing
            ? Errors.Closed(operation.Code, operation.Path, operation.IsWrite)
            : Errors.ConnectionLost(operation.Code, operation.Path, connection.Server, operation.IsWrite, reason));
        parts.LastProblem = reason;
        if (parts.IsClosing)
        {
            return;
        }

        if (reason is AuthenticationFailedException refusal)
        {
            IdentityRefused(server, refusal);
        }
        else if (isAccepted)
        {
            parts.Refusals.Accepted(server);
        }

        parts.States.Publish(new ZooKeeperStateChange(ZooKeeperState.Connecting, parts.Core.SessionId, false, connection.Server, reason));
        if (reason is QuorumFoundException found)
        {
            parts.Servers.Prefer(found.Server);
        }
        else if (reason is not ServersChangedException)
        {
            await WaitAsync(wait => Lost(reason, connection.Server, wait)).ConfigureAwait(false);
        }
    }

    private void Lost(Exception reason, string server, double wait)
    {
        var level = parts.Warnings.LevelAt(parts.Now);
        if (reason is JuteFormatException && level == LogLevel.Warning)
        {
            parts.Logger.NotUnderstood(server, reason.Message);
        }

        parts.Logger.ConnectionLost(level, reason, server, wait);
    }

    private static string LossReason(Exception reason) => reason switch
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
            parts.Metrics.SessionMade();
            parts.Logger.SessionMade(parts.Core.SessionId, server, parts.Core.Granted.TotalMilliseconds);
        }
        else
        {
            parts.Metrics.SessionResumed();
            parts.Logger.SessionResumed(parts.Core.SessionId, server, parts.Core.Granted.TotalMilliseconds);
        }

        parts.States.Publish(new ZooKeeperStateChange(
            parts.Core.IsReadOnly
                ? ZooKeeperState.ConnectedReadOnly
                : ZooKeeperState.Connected, parts.Core.SessionId, isNew, server, null));
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

    private async Task ExpireAsync(ServerAddress server)
    {
        parts.Metrics.Disconnected("expired");
        parts.Logger.SessionExpired(parts.Core.SessionId);
        parts.Servers.Repeat();   // it answered: it will do for the new session too
        await EndSessionAsync(parts.Core.SessionId, server.ToString(), givenUp: null).ConfigureAwait(false);
        await WaitAsync(_ => { }).ConfigureAwait(false);
    }

    // No server will open the session, nor any other to a client that has seen so much.
    private async Task GiveUpAsync(string seen)
    {
        var session = parts.Core.SessionId;
        parts.Logger.SessionGivenUp(session, seen);
        parts.Rollback.Reset(parts.Servers.All);
        parts.Core.GiveUp();
        parts.Inbox.ForgetZxid();
        if (session != 0)
        {
            await EndSessionAsync(session, null, seen).ConfigureAwait(false);
        }
    }

    // Everything of the session fails, and hears of it; what follows belongs to the next one.
    private async Task EndSessionAsync(long session, string? server, string? givenUp)
    {
        var renews = parts.Options.RenewSession;
        parts.Metrics.SessionExpired();
        var renewal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _renewal, renewal);
        parts.Queue.FailAll(
            (operation, wasSent) => Errors.Expired(operation.Code, operation.Path, renews, wasSent && operation.IsWrite, givenUp),
            renews ? null : operation => Errors.Expired(operation.Code, operation.Path, renews: false, isOutcomeUnknown: false, givenUp));
        NotifyAll(WatchEventType.SessionLost);
        parts.Core.Renew();
        _isNewSession = false;

        parts.States.Publish(
            new ZooKeeperStateChange(
                ZooKeeperState.Expired, session, false, server, Errors.Expired(OperationCode.CloseSession, null, renews, false, givenUp)));
        if (!renews)
        {
            await renewal.Task.WaitAsync(parts.Stop.Token).ConfigureAwait(false);
            parts.Queue.Open();
        }

        parts.States.Publish(new ZooKeeperStateChange(ZooKeeperState.Connecting, 0, false, null, null));
    }

    private async Task WaitAsync(Action<double> log)
    {
        var wait = parts.Core.Lost(parts.Now);

        log(Math.Round(wait.TotalMilliseconds));
        await Task.Delay(wait, parts.Time, parts.Stop.Token).ConfigureAwait(false);
    }

    private void End()
    {
        parts.Queue.FailAll(
            (operation, wasSent) => Errors.Closed(operation.Code, operation.Path, wasSent && operation.IsWrite),
            operation => Errors.Closed(operation.Code, operation.Path, isOutcomeUnknown: false));
        lock (parts.Gate)
        {
            parts.Identities.Fail(new ObjectDisposedException(nameof(ZooKeeperClient)));
        }

        NotifyAll(WatchEventType.Closed);
        parts.States.Publish(new ZooKeeperStateChange(ZooKeeperState.Closed, parts.Core.SessionId, false, null, null));
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
