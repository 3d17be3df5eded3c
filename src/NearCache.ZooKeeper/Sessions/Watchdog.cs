using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// The periodic work of a session: times requests out, sends pings, closes silent connections, looks for a server with a quorum, and
/// queries servers that refuse the session.
/// </summary>
internal sealed class Watchdog : IAsyncDisposable
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(2);
    private readonly SessionContext _context;
    private readonly ITimer _timer;
    private TimeSpan _nextProbe;
    private Task _probe = Task.CompletedTask;

    public Watchdog(SessionContext context)
    {
        _context = context;
        var period = GetInterval(context.Options);
        _timer = context.Time.CreateTimer(static state => ((Watchdog)state!).OnTick(), this, period, period);
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _probe.ConfigureAwait(false);
    }

    private static TimeSpan GetInterval(ZooKeeperOptions options)
    {
        var shortest = options.LivenessTimeout ?? options.SessionTimeout / 3;
        shortest = shortest < options.RequestTimeout ? shortest : options.RequestTimeout;
        return TimeSpan.FromMilliseconds(Math.Clamp(shortest.TotalMilliseconds / 8, 5, 200));
    }

    private void OnTick()
    {
        var now = _context.Now;
        _context.Queue.TimeOut(now - _context.Options.RequestTimeout, (operation, wasSent) => ExceptionFactory.TimedOut(
            operation.Code,
            operation.Path,
            _context.Options.RequestTimeout,
            _context.Dispatcher.Server,
            wasSent,
            operation.IsWrite,
            _context.LastFailure));
        if (_context.Connection is not { } connection)
        {
            if (_probe.IsCompleted && _context.Rollback.ShouldQuery(_context.StateMachine.LastZxid, now))
            {
                _probe = QueryServersAsync();
            }

            return;
        }

        var action = _context.StateMachine.OnTick(now);
        if (action == KeepAliveAction.Disconnect)
        {
            var silence = $"{_context.StateMachine.Liveness.TotalMilliseconds:0} ms ({nameof(ZooKeeperOptions.LivenessTimeout)})";
            connection.Abort(new TimeoutException($"{connection.Server} has been silent for {silence}."));
        }
        else if (_context.Queue.HasUnansweredBefore(now - (2 * _context.Options.RequestTimeout)))
        {
            // Replies come in order, so a missing one blocks all later ones. The server may still send other messages.
            connection.Abort(
                new TimeoutException(
                    $"{connection.Server} did not reply to a request within twice the {nameof(ZooKeeperOptions.RequestTimeout)}."));
        }
        else if (action == KeepAliveAction.Ping)
        {
            _context.Queue.AddControl(static writer =>
            {
                writer.WriteInt32(RequestId.Ping);
                writer.WriteInt32((int)OperationCode.Ping);
            });
        }

        if (_context.StateMachine.IsReadOnly && now >= _nextProbe && _probe.IsCompleted)
        {
            _nextProbe = now + ProbeInterval;
            _probe = FindQuorumAsync(connection);
        }
    }

    private Task QueryServersAsync() => Task.WhenAll(_context.Servers.All.Select(async server =>
    {
        try
        {
            var status = await _context.Probe.GetStatusAsync(server, _context.Stopping.Token).ConfigureAwait(false);
            _context.Rollback.RecordStatus(server, status, _context.StateMachine.LastZxid);
        }
        catch (OperationCanceledException)
        {
            // The client was disposed.
        }
    }));

    private async Task FindQuorumAsync(Connection connection)
    {
        try
        {
            var server = _context.Servers.Next();
            if (await _context.Probe.CanWriteAsync(server, _context.Stopping.Token).ConfigureAwait(false))
            {
                _context.Logger.QuorumFound(server.ToString());
                connection.Abort(new QuorumFoundException(server));
            }
        }
        catch (OperationCanceledException)
        {
            // The client was disposed.
        }
    }
}
