using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// The beat of a session: times requests out, keeps the session alive, gives silent servers up, seeks a better one than one that is
/// read-only, and asks those that refuse what they know.
/// </summary>
internal sealed class Watchdog : IAsyncDisposable
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(2);
    private readonly SessionParts _parts;
    private readonly ITimer _timer;
    private TimeSpan _nextProbe;
    private Task _probe = Task.CompletedTask;

    public Watchdog(SessionParts parts)
    {
        _parts = parts;
        var period = Beat(parts.Options);
        _timer = parts.Time.CreateTimer(static state => ((Watchdog)state!).Look(), this, period, period);
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _probe.ConfigureAwait(false);
    }

    private static TimeSpan Beat(ZooKeeperOptions options)
    {
        var shortest = options.LivenessTimeout ?? options.SessionTimeout / 3;
        shortest = shortest < options.RequestTimeout ? shortest : options.RequestTimeout;
        return TimeSpan.FromMilliseconds(Math.Clamp(shortest.TotalMilliseconds / 8, 5, 200));
    }

    private void Look()
    {
        var now = _parts.Now;
        _parts.Queue.TimeOut(now - _parts.Options.RequestTimeout, (operation, wasSent) => Errors.TimedOut(
            operation.Code, operation.Path, _parts.Options.RequestTimeout, _parts.Inbox.Server, wasSent, operation.IsWrite, _parts.LastProblem));
        if (_parts.Connection is not { } connection)
        {
            if (_probe.IsCompleted && _parts.Rollback.MustAsk(_parts.Core.LastZxid, now))
            {
                _probe = AskServersAsync();
            }

            return;
        }

        var step = _parts.Core.Look(now);
        if (step == SessionStep.GiveUp)
        {
            connection.Abort(new TimeoutException($"Nothing came from {connection.Server} for {_parts.Core.Liveness.TotalMilliseconds:0} ms ({nameof(ZooKeeperOptions.LivenessTimeout)})."));
        }
        else if (_parts.Queue.HasSentBefore(now - (2 * _parts.Options.RequestTimeout)))
        {
            // Replies come in order: one that does not come for so long stops all others. The server may talk, but not with us.
            connection.Abort(
                new TimeoutException(
                    $"A request has no answer of {connection.Server} after twice the {nameof(ZooKeeperOptions.RequestTimeout)}."));
        }
        else if (step == SessionStep.Ping)
        {
            _parts.Queue.AddControl(static writer =>
            {
                writer.WriteInt32(RequestId.Ping);
                writer.WriteInt32((int)OperationCode.Ping);
            });
        }

        if (_parts.Core.IsReadOnly && now >= _nextProbe && _probe.IsCompleted)
        {
            _nextProbe = now + ProbeInterval;
            _probe = SeekQuorumAsync(connection);
        }
    }

    private Task AskServersAsync() => Task.WhenAll(_parts.Servers.All.Select(async server =>
    {
        try
        {
            _parts.Rollback.Told(
                server, await _parts.Opener.ReportAsync(server, _parts.Stop.Token).ConfigureAwait(false), _parts.Core.LastZxid);
        }
        catch (OperationCanceledException)
        {
            // Disposed meanwhile.
        }
    }));

    private async Task SeekQuorumAsync(Connection connection)
    {
        try
        {
            var server = _parts.Servers.Next();
            if (await _parts.Opener.CanWriteAsync(server, _parts.Stop.Token).ConfigureAwait(false))
            {
                _parts.Logger.QuorumFound(server.ToString());
                connection.Abort(new QuorumFoundException(server));
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed meanwhile.
        }
    }
}
