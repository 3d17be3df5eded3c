using NearCache.Memcached.Diagnostics;
using NearCache.Transport;
using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>
/// Maintains one connection to a server: opens it for the first call, reopens it when it is lost, and probes a server that is down with one
/// attempt at a time.
/// </summary>
/// <remarks>
/// When a healthy connection is lost, it is reopened after the first, short delay, and calls wait for it. If that fails, or if the server
/// fell silent, the server is down: calls fail at once until an attempt in the background succeeds.
/// </remarks>
internal sealed class ReconnectingConnection(ConnectionSettings settings) : IAsyncDisposable
{
    // Prevents ten attempts a second to a server that closes each connection at once.
    private static readonly TimeSpan MinHealthyAge = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();   // guards the start and the published connection
    private readonly CancellationTokenSource _stop = new();
    private readonly Backoff _backoff =
        new(settings.Options.ReconnectDelay, settings.Options.MaxReconnectDelay, settings.Options.ReconnectJitter, Random.Shared);

    private readonly LinkedList<ScheduledCompletionSource<bool>> _waiters = new();   // callers that wait for the replacement of `_current`
    private Connection? _latest;    // the connection that the loop opens or runs; none is created after `_isClosed` was set
    private Connection? _current;   // the published one: null or `_latest`
    private ConnectionFailure? _down;
    private Task? _loop;
    private ConnectionFailure? _ended;
    private Task? _closing;
    private bool _isClosed;
    private int _attempts;
    private bool _wasOpen;
    private int _shortLives;   // consecutive short-lived connections

    public MemcachedServerState State
    {
        get
        {
            if (Volatile.Read(ref _isClosed))
            {
                return MemcachedServerState.Closed;
            }

            return Volatile.Read(ref _current) is { } connection
                ? connection.IsOpen ? MemcachedServerState.Up : MemcachedServerState.Connecting
                : Volatile.Read(ref _down) is null ? MemcachedServerState.Unused : MemcachedServerState.Down;
        }
    }

    private ConnectionFailure EndReason => _ended ?? ConnectionFailure.Closed();

    /// <summary>Gets the last known version of the server, or null.</summary>
    public string? Version { get; private set; }

    /// <summary>Returns the connection to use; if there is none, returns null and the reason.</summary>
    public Connection? TryGet(out ConnectionFailure? failure)
    {
        failure = null;
        var connection = Volatile.Read(ref _current);
        if (connection is not null)
        {
            return connection;
        }

        lock (_gate)
        {
            if (_loop is null && !_isClosed)
            {
                Start();
            }

            failure = _current is null ? _down : null;
            return _current;
        }
    }

    /// <summary>Waits until the given connection is no longer the published one.</summary>
    public async Task WaitForReplacementAsync(Connection connection, CancellationToken cancellationToken)
    {
        LinkedListNode<ScheduledCompletionSource<bool>> waiter;
        lock (_gate)
        {
            if (!ReferenceEquals(_current, connection))
            {
                return;
            }

            waiter = _waiters.AddLast(new ScheduledCompletionSource<bool>(queue: null));
        }

        try
        {
            await waiter.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
            {
                if (waiter.List is not null)
                {
                    _waiters.Remove(waiter);
                }
            }

            throw;
        }
    }

    /// <summary>Gets the number of commands in flight.</summary>
    public int InFlight => Volatile.Read(ref _current)?.InFlight ?? 0;

    public bool IsOpen => Volatile.Read(ref _current)?.IsOpen == true;

    /// <summary>Returns whether the given connection is the published one.</summary>
    public bool IsCurrent(long connectionId) => Volatile.Read(ref _current)?.Id == connectionId;

    /// <summary>Describes the connection in use, being opened or being closed; null unless its socket is connected. Thread-safe.</summary>
    public MemcachedConnectionInfo? Describe() => Volatile.Read(ref _latest)?.Describe(isClosing: Volatile.Read(ref _isClosed));

    /// <summary>Closes the connection and ends the loop without waiting. Thread-safe.</summary>
    public void Abort()
    {
        var (latest, _) = MarkClosed();

        // Callbacks run on the thread pool: this may be the finalizer thread.
        _ = _stop.CancelAsync();
        latest?.Abort(EndReason);
    }

    /// <summary>
    /// Closes the connection and ends the loop. Commands still in flight after <paramref name="drain"/> fail. A second call ends the drain.
    /// </summary>
    /// <param name="drain">The time to wait for replies.</param>
    /// <param name="why">The failure of later calls. If null, the client was disposed.</param>
    public Task CloseAsync(TimeSpan drain, ConnectionFailure? why = null)
    {
        var closing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _ended ??= _closing is null ? why : null;
            _closing ??= closing.Task;
        }

        if (_closing == closing.Task)
        {
            return CloseOnceAsync(drain, closing);
        }

        Abort();
        return _closing;
    }

    public ValueTask DisposeAsync() => new(CloseAsync(TimeSpan.Zero));

    private async Task CloseOnceAsync(TimeSpan drain, TaskCompletionSource closing)
    {
        var (latest, current) = MarkClosed();
        if (current is not null && drain > TimeSpan.Zero)
        {
            await DrainAsync(current, drain).ConfigureAwait(false);
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        latest?.Abort(EndReason);
        await (_loop ?? Task.CompletedTask).ConfigureAwait(false);
        closing.SetResult();
    }

    /// <summary>Lets later calls fail. Afterward the loop creates no further connection: the returned ones are its last.</summary>
    private (Connection? Latest, Connection? Current) MarkClosed()
    {
        lock (_gate)
        {
            _isClosed = true;
            var last = (_latest, _current);
            Publish(null, EndReason);
            return last;
        }
    }

    // A separate method, because a closure in the method above would be allocated by every call.
    private void Start()
    {
        // The loop and the timer outlive this call and must not capture the caller's execution context.
        using (ExecutionContext.SuppressFlow())
        {
            var first = new Connection(settings);
            (_latest, _current) = (first, first);
            _loop = WorkScheduler.RunAsync(() => RunAsync(first));
        }
    }

    private async Task RunAsync(Connection first)
    {
        for (Connection? connection = first; connection is not null;)
        {
            connection = await TryOpenAsync(connection).ConfigureAwait(false) is { } failure
                ? await ProbeAsync(connection, failure).ConfigureAwait(false)
                : await RunUntilLostAsync(connection).ConfigureAwait(false);
        }
    }

    /// <summary>Opens a connection; returns the failure, or null if the connection is open.</summary>
    private async Task<ConnectionFailure?> TryOpenAsync(Connection connection)
    {
        try
        {
            await connection.OpenAsync(_stop.Token).ConfigureAwait(false);
            return null;
        }
        catch (Exception e)
        {
            var failure = _isClosed ? EndReason : ConnectionFailure.NotConnected(settings.Server, e);
            if (!_isClosed)
            {
                settings.Metrics.ConnectFailed(failure.Reason);
            }

            return failure;
        }
    }

    /// <summary>Runs an open connection until it ends; returns the connection to open next, or null after the close.</summary>
    private async Task<Connection?> RunUntilLostAsync(Connection connection)
    {
        OnConnected(connection);

        // The end of the connection continues this method in the queue, without the thread pool, whose threads callers may block.
        await WorkScheduler.SwitchToNewQueue();
        var end = await connection.RunAsync().ConfigureAwait(false);
        settings.Metrics.Disconnected(_isClosed ? EndReason.Reason : end.Reason);
        if (Volatile.Read(ref _isClosed))
        {
            return null;
        }

        settings.Logger.ConnectionLost(connection.Id, settings.Server, connection.Age, connection.InFlight, end.Text);
        var wasLong = connection.Age >= MinHealthyAge;
        _shortLives = wasLong ? 0 : _shortLives + 1;
        if (wasLong)
        {
            _backoff.Reset();
        }

        if (end.IsSuspect || _shortLives > 1)
        {
            return await ProbeAsync(connection, end).ConfigureAwait(false);
        }

        var next = TryCreate(isPublished: true);
        if (next is null || await WaitAsync(_backoff.Next()).ConfigureAwait(false))
        {
            return next;
        }

        next.Close(EndReason);
        return null;
    }

    /// <summary>Marks the server as down; returns the connection that probes it after the delay, or null after the close.</summary>
    private async Task<Connection?> ProbeAsync(Connection connection, ConnectionFailure failure) =>
        await MarkDownAndWaitAsync(connection, failure).ConfigureAwait(false) ? TryCreate(isPublished: false) : null;

    /// <summary>Returns the connection to open next, or null after the close. Calls wait for it if it is published.</summary>
    private Connection? TryCreate(bool isPublished)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return null;
            }

            _latest = new Connection(settings);
            if (isPublished)
            {
                Publish(_latest, null);
            }

            return _latest;
        }
    }

    private void OnConnected(Connection connection)
    {
        Version = connection.Version;
        settings.Metrics.Connected(isAgain: _wasOpen);
        _wasOpen = true;
        settings.Logger.Connected(settings.Server, connection.Describe()?.Local?.ToString(), connection.Version, connection.Id);
        bool wasDown;
        lock (_gate)
        {
            wasDown = _down is not null && !_isClosed;
            if (!_isClosed)
            {
                Publish(connection, null);
            }
        }

        if (wasDown)
        {
            settings.Logger.ServerUp(settings.Server, _attempts);
        }

        _attempts = 0;
    }

    /// <summary>
    /// Marks the server as down, so that calls fail at once, and waits for the next attempt. Returns false if there is to be no further
    /// attempt.
    /// </summary>
    private async Task<bool> MarkDownAndWaitAsync(Connection connection, ConnectionFailure failure)
    {
        bool wasUp;
        lock (_gate)
        {
            wasUp = _down is null;
            Publish(
                null,
                _isClosed ? EndReason : ConnectionFailure.NotConnected(settings.Server, failure.ToException(null, outcomeUnknown: false)));
        }

        connection.Close(failure);
        if (Volatile.Read(ref _isClosed))
        {
            return false;
        }

        var wait = _backoff.Next();
        _attempts++;
        if (wasUp)
        {
            settings.Logger.ServerDown(settings.Server, failure.Text);
        }
        else
        {
            settings.Logger.StillDown(settings.Server, _attempts, wait, failure.Text);
        }

        return await WaitAsync(wait).ConfigureAwait(false);
    }

    private void Publish(Connection? connection, ConnectionFailure? down)
    {
        lock (_gate)
        {
            Volatile.Write(ref _current, connection);
            Volatile.Write(ref _down, down);
            foreach (var waiter in _waiters)
            {
                waiter.TrySetResult(true);
            }

            _waiters.Clear();
        }
    }

    private async Task<bool> WaitAsync(TimeSpan wait)
    {
        try
        {
            await Task.Delay(wait, settings.Time, _stop.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task DrainAsync(Connection connection, TimeSpan drain)
    {
        var started = settings.Time.GetTimestamp();
        while (connection.InFlight > 0 && settings.Time.GetElapsedTime(started) < drain)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), settings.Time).ConfigureAwait(false);
        }
    }
}
