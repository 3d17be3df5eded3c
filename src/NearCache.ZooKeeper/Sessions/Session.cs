using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;
using NearCache.ZooKeeper.Watches;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>A session as the client uses it: takes requests, and is opened, kept and closed behind that by a loop and a beat.</summary>
internal sealed class Session : IAsyncDisposable, IDisposable
{
    private readonly SessionParts _parts;
    private readonly SessionLoop _loop;
    private readonly Watchdog _watchdog;
    private readonly Task _running;
    private readonly Action<Operation, Exception> _onFailed;

    public Session(ZooKeeperOptions options, ServerList servers, Dependencies dependencies)
    {
        // The loop and the timers outlive the call in which the client is made, and have nothing of its caller's context.
        using (ExecutionContext.SuppressFlow())
        {
            _parts = new SessionParts(options, servers, dependencies);
            _onFailed = _parts.Failed;
            _loop = new SessionLoop(_parts);
            _watchdog = new Watchdog(_parts);
            _running = Task.Run(_loop.RunAsync);
        }
    }

    public RequestQueue Queue => _parts.Queue;

    public WatchRegistry Watches => _parts.Watches;

    public StateHub States => _parts.States;

    public SessionCore Core => _parts.Core;

    public SessionMetrics Metrics => _parts.Metrics;

    public bool CreatesChroot => _parts.Options.CreateChroot;

    /// <summary>Takes a request; what it returns is awaited by the caller.</summary>
    public TypedOperation<TRequest, TReply> Send<TRequest, TReply>(
        in TRequest request, WatchChange? watchChange, CancellationToken cancellationToken)
        where TRequest : struct, IRequest<TReply>
    {
        var operation = TypedOperation<TRequest, TReply>.Rent(request);
        operation.WatchChange = watchChange;
        operation.Started = _parts.Now;
        operation.OnFailed = _onFailed;
        Queue.Add(operation);
        operation.CancelWith(cancellationToken);
        return operation;
    }

    /// <summary>Adds an identity to this connection and all that follow.</summary>
    public Task AuthenticateAsync(ZooKeeperAuthentication authentication, CancellationToken cancellationToken)
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_parts.Gate)
        {
            _parts.Identities.Add(authentication);
            if (_parts.Connection is null)
            {
                // Every connection begins with it.
                return Task.CompletedTask;
            }

            _parts.Identities.Await(answered);
            Queue.AddControl(writer => Identities.Write(writer, authentication));
        }

        return answered.Task.WaitAsync(_parts.Options.RequestTimeout, _parts.Time, cancellationToken);
    }

    /// <summary>Replaces the list of servers, and leaves the one that is connected if the new list says so.</summary>
    public void UpdateServers(ServerList servers)
    {
        lock (_parts.Gate)
        {
            var connection = _parts.Connection;
            if (_parts.Servers.Replace(servers, connection?.Address, _parts.Random))
            {
                connection!.Abort(new ServersChangedException(connection.Server));
            }

            _parts.Rollback.Reset(_parts.Servers.All);
        }
    }

    /// <summary>Asks for a new session after the old one expired. Nothing if it has not.</summary>
    public void Renew() => _loop.Renew();

    public async ValueTask DisposeAsync()
    {
        if (!_parts.IsClosing)
        {
            _parts.IsClosing = true;
            await CloseSessionAsync().ConfigureAwait(false);
            await _parts.Stop.CancelAsync().ConfigureAwait(false);
            ConnectionNow()?.Abort(new OperationCanceledException("The client was disposed."));
        }

        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>Sends the end of the session if no other thread is sending, closes the socket, and waits for nothing.</summary>
    public void Dispose()
    {
        if (!_parts.IsClosing)
        {
            _parts.IsClosing = true;
            if (_parts.Connection is not null && _parts.Core.SessionId != 0)
            {
                // The request is written by this thread, unless the send loop is at work. Its reply is not read.
                _ = IgnoreAsync(Send<CloseSessionRequest, Nothing>(default, null, CancellationToken.None).Completion);
            }
        }

        _ = _parts.Stop.CancelAsync();
        ConnectionNow()?.Close(new OperationCanceledException("The client was disposed."));
        _ = EndAsync();
    }

    private static async Task IgnoreAsync(ValueTask outcome) =>
        await outcome.AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private Connection? ConnectionNow()
    {
        lock (_parts.Gate)
        {
            return _parts.Connection;
        }
    }

    // Nothing here needs the server: the loops end, and what they held is given back.
    private async Task EndAsync()
    {
        await _running.ConfigureAwait(false);
        if (States.Current.State != ZooKeeperState.Closed)
        {
            States.Publish(new ZooKeeperStateChange(ZooKeeperState.Closed, Core.SessionId, false, null, null));
        }

        await _watchdog.DisposeAsync().ConfigureAwait(false);
        _parts.Deliveries.Dispose();
        _parts.Metrics.Dispose();
    }

    private async Task CloseSessionAsync()
    {
        var session = _parts.Core.SessionId;
        if (_parts.Connection is null || session == 0)
        {
            return;
        }

        try
        {
            using var limit = new CancellationTokenSource(_parts.Options.ConnectTimeout, _parts.Time);
            await Send<CloseSessionRequest, Nothing>(default, null, limit.Token).Completion.ConfigureAwait(false);
            _parts.Logger.SessionClosed(session);
        }
        catch (Exception e) when (e is ZooKeeperException or OperationCanceledException)
        {
            _parts.Logger.SessionLeft(e, session);
        }
    }
}
