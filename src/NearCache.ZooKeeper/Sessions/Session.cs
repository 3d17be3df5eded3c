using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;
using NearCache.ZooKeeper.Watches;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>A session as the client uses it: takes requests, and is opened, kept and closed behind that by a loop and a beat.</summary>
internal sealed class Session : IAsyncDisposable, IDisposable
{
    private readonly SessionContext _context;
    private readonly SessionLoop _loop;
    private readonly Watchdog _watchdog;
    private readonly Task _running;
    private readonly Action<Operation, Exception> _onFailed;

    public Session(ZooKeeperOptions options, ServerList servers, SessionServices dependencies)
    {
        // The loop and the timers outlive the call in which the client is made, and have nothing of its caller's context.
        using (ExecutionContext.SuppressFlow())
        {
            _context = new SessionContext(options, servers, dependencies);
            _onFailed = _context.RecordFailure;
            _loop = new SessionLoop(_context);
            _watchdog = new Watchdog(_context);
            _running = Task.Run(_loop.RunAsync);
        }
    }

    public RequestQueue Queue => _context.Queue;

    public WatchRegistry Watches => _context.Watches;

    public StatePublisher States => _context.States;

    public SessionStateMachine StateMachine => _context.StateMachine;

    public SessionMetrics Metrics => _context.Metrics;

    public bool CreatesChroot => _context.Options.CreateChroot;

    /// <summary>Takes a request; what it returns is awaited by the caller.</summary>
    public PooledOperation<TRequest, TReply> Send<TRequest, TReply>(
        in TRequest request, WatchUpdate? watchUpdate, CancellationToken cancellationToken)
        where TRequest : struct, IRequest<TReply>
    {
        var operation = PooledOperation<TRequest, TReply>.Rent(request);
        operation.WatchUpdate = watchUpdate;
        operation.Started = _context.Now;
        operation.OnFailed = _onFailed;
        Queue.Add(operation);
        operation.RegisterCancellation(cancellationToken);
        return operation;
    }

    /// <summary>Sends a request within a span. Called only if a listener wants spans.</summary>
    public async ValueTask<TReply> SendTracedAsync<TRequest, TReply>(
        TRequest request, WatchUpdate? watchUpdate, CancellationToken cancellationToken)
        where TRequest : struct, IRequest<TReply>
    {
        using var activity = ZooKeeperTraces.Start(OperationNames.Of(request.Code));
        try
        {
            return await Send<TRequest, TReply>(request, watchUpdate, cancellationToken).Reply.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            activity?.SetError(ErrorTypes.Of(e));
            throw;
        }
        finally
        {
            activity?.SetServer(Metrics.Server);
        }
    }

    /// <summary>Adds an identity to this connection and all that follow.</summary>
    public Task AuthenticateAsync(ZooKeeperAuthentication authentication, CancellationToken cancellationToken)
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_context.Gate)
        {
            _context.Identities.Add(authentication);
            if (_context.Connection is null)
            {
                // Every connection begins with it.
                return Task.CompletedTask;
            }

            _context.Identities.ExpectReply(answered);
            Queue.AddControl(writer => ClaimedIdentities.Write(writer, authentication));
        }

        return answered.Task.WaitAsync(_context.Options.RequestTimeout, _context.Time, cancellationToken);
    }

    /// <summary>Replaces the list of servers, and leaves the one that is connected if the new list says so.</summary>
    public void UpdateServers(ServerList servers)
    {
        lock (_context.Gate)
        {
            var connection = _context.Connection;
            if (_context.Servers.Replace(servers, connection?.Address, _context.Random))
            {
                connection!.Abort(new ServersChangedException(connection.Server));
            }

            _context.Rollback.Reset(_context.Servers.All);
        }
    }

    /// <summary>Asks for a new session after the old one expired. Nothing if it has not.</summary>
    public void Renew() => _loop.Renew();

    public async ValueTask DisposeAsync()
    {
        if (!_context.IsClosing)
        {
            _context.IsClosing = true;
            await CloseSessionAsync().ConfigureAwait(false);
            await _context.Stopping.CancelAsync().ConfigureAwait(false);
            ConnectionNow()?.Abort(new OperationCanceledException("The client was disposed."));
        }

        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>Sends the end of the session if no other thread is sending, closes the socket, and waits for nothing.</summary>
    public void Dispose()
    {
        if (!_context.IsClosing)
        {
            _context.IsClosing = true;
            if (_context.Connection is not null && _context.StateMachine.SessionId != 0)
            {
                // The request is written by this thread, unless the send loop is at work. Its reply is not read.
                _ = IgnoreAsync(Send<CloseSessionRequest, EmptyReply>(default, null, CancellationToken.None).Completion);
            }
        }

        _ = _context.Stopping.CancelAsync();
        ConnectionNow()?.Close(new OperationCanceledException("The client was disposed."));
        _ = EndAsync();
    }

    private static async Task IgnoreAsync(ValueTask outcome) =>
        await outcome.AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private Connection? ConnectionNow()
    {
        lock (_context.Gate)
        {
            return _context.Connection;
        }
    }

    // Nothing here needs the server: the loops end, and what they held is given back.
    private async Task EndAsync()
    {
        await _running.ConfigureAwait(false);
        if (States.Current.State != ZooKeeperState.Closed)
        {
            States.Publish(new ZooKeeperStateChange { State = ZooKeeperState.Closed, SessionId = StateMachine.SessionId });
        }

        await _watchdog.DisposeAsync().ConfigureAwait(false);
        _context.Callbacks.Dispose();
        _context.Metrics.Dispose();
    }

    private async Task CloseSessionAsync()
    {
        var session = _context.StateMachine.SessionId;
        if (_context.Connection is null || session == 0)
        {
            return;
        }

        try
        {
            using var limit = new CancellationTokenSource(_context.Options.ConnectTimeout, _context.Time);
            await Send<CloseSessionRequest, EmptyReply>(default, null, limit.Token).Completion.ConfigureAwait(false);
            _context.Logger.SessionClosed(session);
        }
        catch (Exception e) when (e is ZooKeeperException or OperationCanceledException)
        {
            _context.Logger.SessionLeft(e, session);
        }
    }
}
