using NearCache.Memcached.Diagnostics;
using NearCache.Transport;
using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>
/// Keeps one connection to a server: makes it at the first call, makes it again when it is lost, asks a server that is down one attempt at
/// a time.
/// </summary>
/// <remarks>
/// A connection that was healthy and is lost is made again after the first, short wait, and calls wait for it; if that fails, or if the
/// server fell silent, the server is down: calls fail at once until an attempt in the background succeeds.
/// </remarks>
internal sealed class ReconnectingConnection(ConnectionSettings settings) : IAsyncDisposable
{
    // A server that closes each connection at once shall not be asked ten times a second.
    private static readonly TimeSpan MinHealthyAge = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();   // guards starting, and replacing what callers see
    private readonly CancellationTokenSource _stop = new();
    private readonly Backoff _backoff =
        new(settings.Options.ReconnectDelay, settings.Options.MaxReconnectDelay, settings.Options.ReconnectJitter, Random.Shared);

    private Connection? _current;
    private Connection? _probing;
    private Connection? _draining;   // no longer shown to callers; its replies are still waited for
    private ConnectionFailure? _down;
    private TaskCompletionSource? _replaced;
    private Task? _loop;
    private ConnectionFailure? _ended;
    private Task? _closing;
    private bool _isClosed;
    private int _attempts;
    private bool _wasOpen;
    private int _shortLives;   // connections in a row that ended soon

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

    /// <summary>The server's version as last heard, or null.</summary>
    public string? Version { get; private set; }

    /// <summary>The connection to use; null if there is none, and why.</summary>
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

    /// <summary>Waits until callers see another connection than this one, or none.</summary>
    public Task WaitForReplacementAsync(Connection connection, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_current, connection))
            {
                return Task.CompletedTask;
            }

            _replaced ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _replaced.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Commands that wait for their answer.</summary>
    public int InFlight => Volatile.Read(ref _current)?.InFlight ?? 0;

    public bool IsOpen => Volatile.Read(ref _current)?.IsOpen == true;

    /// <summary>Whether callers see this connection now.</summary>
    public bool IsCurrent(long connectionId) => Volatile.Read(ref _current)?.Id == connectionId;

    public MemcachedConnectionInfo? Describe() => Volatile.Read(ref _current)?.Describe();

    /// <summary>Ends the connection and the loop, from any thread; does not wait for them.</summary>
    public void Abort()
    {
        Connection? current, probing;
        lock (_gate)
        {
            _isClosed = true;
            (current, probing) = (_current ?? _draining, _probing);
            _down = EndReason;
        }

        // The callbacks elsewhere: this may be the finalizer's thread.
        _ = _stop.CancelAsync();
        current?.Abort(EndReason);
        probing?.Abort(EndReason);
    }

    /// <summary>
    /// Ends the connection and the loop; what is still in flight after <paramref name="drain"/> fails. Called again, it ends at once.
    /// </summary>
    /// <param name="drain">How long to wait for the answers that are due.</param>
    /// <param name="why">What later calls throw; without it, that the client was disposed.</param>
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
        Connection? current;
        lock (_gate)
        {
            _isClosed = true;
            _down = EndReason;
            current = _draining = _current;
            Publish(null, _down);
        }

        if (current is not null && drain > TimeSpan.Zero)
        {
            await DrainAsync(current, drain).ConfigureAwait(false);
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        current?.Abort(EndReason);
        await (_loop ?? Task.CompletedTask).ConfigureAwait(false);
        closing.SetResult();
    }

    // A method of its own, since a closure in the method above would be made by every call.
    private void Start()
    {
        // The loop and the connection's timer outlive this call: they shall not carry what belongs to the caller.
        using (ExecutionContext.SuppressFlow())
        {
            var first = new Connection(settings);
            _current = first;
            _loop = WorkScheduler.RunAsync(() => RunAsync(first));
        }
    }

    private async Task RunAsync(Connection first)
    {
        var connection = first;
        while (true)
        {
            try
            {
                await connection.OpenAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                var failure = _isClosed ? EndReason : ConnectionFailure.NotConnected(settings.Server, e);
                if (!_isClosed)
                {
                    settings.Metrics.ConnectFailed(failure.Reason);
                }

                if (!await MarkDownAndWaitAsync(connection, failure).ConfigureAwait(false))
                {
                    return;
                }

                connection = NewProbe();
                continue;
            }

            OnConnected(connection);
            var end = await connection.RunAsync().ConfigureAwait(false);
            settings.Metrics.Disconnected(_isClosed ? EndReason.Reason : end.Reason);
            if (_stop.IsCancellationRequested)
            {
                MarkClosed(connection);
                return;
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
                if (!await MarkDownAndWaitAsync(connection, end).ConfigureAwait(false))
                {
                    return;
                }

                connection = NewProbe();
                continue;
            }

            connection = new Connection(settings);
            Publish(connection, null);
            if (!await WaitAsync(_backoff.Next()).ConfigureAwait(false))
            {
                MarkClosed(connection);
                return;
            }
        }
    }

    private Connection NewProbe()
    {
        // Not shown to callers before it is open: until then they fail at once.
        var probe = new Connection(settings);
        lock (_gate)
        {
            _probing = probe;
        }

        return probe;
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
            _probing = null;
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

    /// <summary>Callers fail at once from now on; waits until it is time for an attempt. False when there shall be none.</summary>
    private async Task<bool> MarkDownAndWaitAsync(Connection connection, ConnectionFailure failure)
    {
        bool wasUp;
        lock (_gate)
        {
            wasUp = _down is null;
            _probing = null;
            Publish(
                null,
                _isClosed ? EndReason : ConnectionFailure.NotConnected(settings.Server, failure.ToException(null, outcomeUnknown: false)));
        }

        connection.Close(failure);
        if (_stop.IsCancellationRequested)
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

    private void MarkClosed(Connection connection)
    {
        Publish(null, EndReason);
        connection.Close(EndReason);
    }

    private void Publish(Connection? connection, ConnectionFailure? down)
    {
        lock (_gate)
        {
            Volatile.Write(ref _current, connection);
            Volatile.Write(ref _down, down);
            _replaced?.TrySetResult();
            _replaced = null;
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
