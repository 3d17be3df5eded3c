using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;
using NearCache.ZooKeeper.Watches;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>The session of a client. Accepts requests; a loop and a watchdog open it, keep it alive and close it.</summary>
/// <remarks>
/// The folder <c>Sessions</c> holds everything between the client and the socket. <see cref="SessionLoop"/> connects,
/// <see cref="RequestQueue"/> sends, <see cref="MessageDispatcher"/> receives, and <see cref="SessionStateMachine"/> and
/// <see cref="RollbackDetector"/> decide without sockets and clocks.
/// </remarks>
internal sealed class Session : IAsyncDisposable, IDisposable
{
    private readonly SessionContext _context;
    private readonly SessionLoop _loop;
    private readonly Watchdog _watchdog;
    private readonly Task _running;
    private readonly Action<Operation, Exception> _onFailed;

    public Session(ZooKeeperOptions options, ServerList servers, SessionServices services)
    {
        // The loop and the timers outlive the constructor, so they must not capture the caller's execution context.
        using (ExecutionContext.SuppressFlow())
        {
            _context = new SessionContext(options, servers, services);
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

    /// <summary>Describes the connection on which the session runs; null if there is none. Thread-safe.</summary>
    public ZooKeeperConnectionInfo? Connection => _context.Connection?.Describe();

    /// <summary>Sends a four-letter word to every server, on connections that belong to no session.</summary>
    public async Task<IReadOnlyList<ZooKeeperServerReply>> QueryServersAsync(string word, CancellationToken cancellationToken) =>
        await Task.WhenAll(_context.Servers.All.Select(server => _context.Probe.QueryAsync(server, word, cancellationToken)))
            .ConfigureAwait(false);

    public bool CreatesChroot => _context.Options.CreateChroot;

    /// <summary>Queues a request and returns its operation, which the caller awaits.</summary>
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

    /// <summary>Claims an identity on the current connection and on all later ones.</summary>
    public Task AuthenticateAsync(ZooKeeperAuthentication authentication, CancellationToken cancellationToken)
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_context.Gate)
        {
            _context.Identities.Add(authentication);
            if (_context.Connection is null)
            {
                // The next connection claims it.
                return Task.CompletedTask;
            }

            _context.Identities.ExpectReply(answered);
            Queue.AddControl(writer => ClaimedIdentities.Write(writer, authentication));
        }

        return answered.Task.WaitAsync(_context.Options.RequestTimeout, _context.Time, cancellationToken);
    }

    /// <summary>Replaces the server list, and aborts the connection if the client must move.</summary>
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

    /// <summary>Requests a new session after the old one has expired. Has no effect while the session exists.</summary>
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

    /// <summary>
    /// Sends the request that closes the session if no other thread is sending, closes the socket, and waits for nothing.
    /// </summary>
    public void Dispose()
    {
        if (!_context.IsClosing)
        {
            _context.IsClosing = true;
            if (_context.Connection is not null && _context.StateMachine.SessionId != 0)
            {
                // This thread writes the request, unless the send loop is active. The reply is not read.
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

    // Waits for the loops and releases their resources. Does not depend on the server.
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
