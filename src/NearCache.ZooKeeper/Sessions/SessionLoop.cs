using Microsoft.Extensions.Logging;
using NearCache.Transport;
using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// The main loop of a client: connects to a server, opens the session, runs it until the connection ends, and starts over.
/// </summary>
/// <remarks>
/// Every field is accessed only by the loop. <see cref="ConnectedSession"/> runs the session on an open connection;
/// <see cref="SessionTermination"/> ends a session that has expired or is given up.
/// </remarks>
internal sealed class SessionLoop(SessionContext context)
{
    private readonly ConnectedSession _connected = new(context);
    private readonly SessionTermination _termination = new(context);
    private AuthenticationFailedException? _refusal;
    private string _refusedBy = "";
    private bool _isRefusing;
    private bool _isNewSession;

    /// <summary>Runs until the client is disposed.</summary>
    public async Task RunAsync()
    {
        try
        {
            context.Rollback.Reset(context.Servers.All);
            if (context.StartDelay > TimeSpan.Zero)
            {
                await Task.Delay(context.StartDelay, context.Time, context.Stopping.Token).ConfigureAwait(false);
            }

            while (!context.IsClosing)
            {
                await ConnectAndRunAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (context.Stopping.IsCancellationRequested)
        {
            // The client was disposed during a wait.
        }
#pragma warning disable CA1031 // Callers of a client that fails for any reason must get an exception instead of waiting forever.
        catch (Exception e)
#pragma warning restore CA1031
        {
            context.Logger.Stopped(e);
        }

        _termination.Close();
    }

    /// <summary>Requests a new session after the old one has expired. Has no effect while the session exists.</summary>
    public void Renew() => _termination.Renew();

    // One attempt to connect and, if it succeeds, the lifetime of the connection.
    private async Task ConnectAndRunAsync()
    {
        if (context.Rollback.Evaluate(context.StateMachine.LastZxid, context.Now) is { } evidence)
        {
            await GiveUpAsync(evidence).ConfigureAwait(false);
        }

        var server = await NextServerAsync().ConfigureAwait(false);
        context.Logger.Connecting(server.ToString());

        Connection connection;
        ConnectResponse response;
        try
        {
            var request = context.StateMachine.CreateConnectRequest();
            (connection, response) = await context.Opener.OpenAsync(server, request, context.Stopping.Token).ConfigureAwait(false);
        }
        catch (AuthenticationFailedException e)
        {
            RecordRefusal(server, e);
            return;
        }
        catch (Exception e) when (SessionOpener.IsTransientFailure(e) && !context.Stopping.IsCancellationRequested)
        {
            await ConnectFailedAsync(server, e).ConfigureAwait(false);
            return;
        }

        context.Metrics.Connected(server.Host, server.Port);
        context.Rollback.Reset(context.Servers.All);
        var outcome = context.StateMachine.OnConnectResponse(response, context.Now);
        await using (connection.ConfigureAwait(false))
        {
            _isNewSession |= outcome == ConnectOutcome.Created;
            if (outcome is ConnectOutcome.Created or ConnectOutcome.Resumed
                && (!_isNewSession || await FindChrootAsync(connection, server).ConfigureAwait(false)))
            {
                await RunConnectedAsync(connection, server).ConfigureAwait(false);
                return;
            }
        }

        if (outcome == ConnectOutcome.Expired)
        {
            await ExpireAsync(server).ConfigureAwait(false);
        }
        else if (outcome == ConnectOutcome.Rejected)
        {
            context.Metrics.Disconnected("denied");
            var reason = new IOException($"{server} answered that the session has expired although a new session was requested.");
            await ConnectFailedAsync(server, reason).ConfigureAwait(false);
        }
    }

    // Returns false if the connection cannot be used.
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
            var (existed, exists) = await context.Opener.FindChrootAsync(connection, chroot, identities, context.Stopping.Token)
                .ConfigureAwait(false);
            if (!exists)
            {
                context.Logger.ChrootMissing(chroot);
            }
            else if (!existed)
            {
                context.Logger.ChrootCreated(chroot);
            }
        }
        catch (AuthenticationFailedException e)
        {
            context.Metrics.Disconnected("authentication");
            RecordRefusal(server, e);
            return false;
        }
        catch (ZooKeeperException e)
        {
            // Operations will get the same error.
            context.Logger.ChrootFailed(e, chroot);
        }
        catch (Exception e) when (SessionOpener.IsTransientFailure(e) && !context.Stopping.IsCancellationRequested)
        {
            context.Metrics.Disconnected("lost");
            await ConnectFailedAsync(server, e).ConfigureAwait(false);
            return false;
        }

        return true;
    }

    private async Task RunConnectedAsync(Connection connection, ServerAddress server)
    {
        if (_isRefusing)
        {
            _isRefusing = false;
            context.Queue.Reopen();
        }

        var isNewSession = _isNewSession;
        _isNewSession = false;
        var (reason, isAuthenticated) = await _connected.RunAsync(connection, server, isNewSession).ConfigureAwait(false);
        if (context.IsClosing)
        {
            return;
        }

        if (reason is AuthenticationFailedException refusal)
        {
            RecordRefusal(server, refusal);
        }
        else if (isAuthenticated)
        {
            context.AuthenticationBackoff.RecordSuccess(server);
        }

        context.States.Publish(new ZooKeeperStateChange
        {
            State = ZooKeeperState.Connecting,
            SessionId = context.StateMachine.SessionId,
            Server = connection.Server,
            Reason = reason,
        });
        if (reason is QuorumFoundException found)
        {
            context.Servers.SetNext(found.Server);
        }
        else if (reason is not ServersChangedException)
        {
            await DelayAsync(delay => LogLoss(reason, connection.Server, delay)).ConfigureAwait(false);
        }
    }

    // Skips the servers that recently refused the client's identity. Waits if that is all of them.
    private async Task<ServerAddress> NextServerAsync()
    {
        if (context.AuthenticationBackoff.GetCommonPause(context.Servers.All, context.Now) is var pause && pause > TimeSpan.Zero)
        {
            await PauseAsync(pause).ConfigureAwait(false);
        }

        for (var attempts = context.Servers.Count; ; attempts--)
        {
            var server = context.Servers.Next();
            if (attempts <= 1 || !context.AuthenticationBackoff.IsPaused(server, context.Now))
            {
                return server;
            }
        }
    }

    // All servers refuse the identity: fails all requests, and new ones until a server accepts.
    private async Task PauseAsync(TimeSpan pause)
    {
        var reason = _refusal!;
        AuthenticationFailedException CreateFailure(Operation operation) => new(reason.Message, reason.Code, operation.Path);
        context.Queue.FailAll((operation, _) => CreateFailure(operation), CreateFailure);
        _isRefusing = true;
        context.Logger.AuthenticationFailed(_refusedBy, reason.Message, Math.Round(pause.TotalSeconds));
        context.States.Publish(new ZooKeeperStateChange
        {
            State = ZooKeeperState.AuthenticationFailed,
            SessionId = context.StateMachine.SessionId,
            Server = _refusedBy,
            Reason = reason,
        });
        await Task.Delay(pause, context.Time, context.Stopping.Token).ConfigureAwait(false);
    }

    private void RecordRefusal(ServerAddress server, AuthenticationFailedException reason)
    {
        (_refusal, _refusedBy) = (reason, server.ToString());
        context.LastFailure = reason;
        context.AuthenticationBackoff.RecordRefusal(server, context.Now);
    }

    private async Task ConnectFailedAsync(ServerAddress server, Exception reason)
    {
        context.Metrics.ConnectFailed(server.Host, server.Port);
        context.LastFailure = reason;
        context.Rollback.RecordFailure(server, reason is SessionRefusedException, context.Now);
        var (level, name) = (context.ConnectWarnings.LevelAt(context.Now), server.ToString());
        await DelayAsync(delay => context.Logger.ConnectFailed(level, reason, name, delay)).ConfigureAwait(false);
    }

    private void LogLoss(Exception reason, string server, double delay)
    {
        var level = context.ConnectWarnings.LevelAt(context.Now);
        if (reason is JuteFormatException && level == LogLevel.Warning)
        {
            context.Logger.NotUnderstood(server, reason.Message);
        }

        context.Logger.ConnectionLost(level, reason, server, delay);
    }

    private async Task ExpireAsync(ServerAddress server)
    {
        context.Metrics.Disconnected("expired");
        context.Logger.SessionExpired(context.StateMachine.SessionId);

        // The server replied, so the next attempt uses it again.
        context.Servers.RepeatLast();
        await EndSessionAsync(context.StateMachine.SessionId, server.ToString(), givenUp: null).ConfigureAwait(false);
        await DelayAsync(_ => { }).ConfigureAwait(false);
    }

    // No server opens this session, nor a new one for a client that has seen newer transactions.
    private async Task GiveUpAsync(string evidence)
    {
        var session = context.StateMachine.SessionId;
        context.Logger.SessionGivenUp(session, evidence);
        context.Rollback.Reset(context.Servers.All);
        context.StateMachine.ResetHistory();
        context.Dispatcher.ResetZxid();
        if (session != 0)
        {
            await EndSessionAsync(session, null, evidence).ConfigureAwait(false);
        }
    }

    private Task EndSessionAsync(long session, string? server, string? givenUp)
    {
        _isNewSession = false;
        return _termination.ExpireAsync(session, server, givenUp);
    }

    private async Task DelayAsync(Action<double> log)
    {
        var delay = context.StateMachine.OnDisconnected(context.Now);

        log(Math.Round(delay.TotalMilliseconds));
        await Task.Delay(delay, context.Time, context.Stopping.Token).ConfigureAwait(false);
    }
}
