using NearCache.Coherence.Carriers;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Namespaces;
using NearCache.Coherence.Slots;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.ZooKeeper;

namespace NearCache.Coherence;

/// <summary>
/// Follows the session to ZooKeeper: keeps the namespace, and starts and ends the tasks that live as long as a session. While it is up, the
/// slots carry announcements.
/// </summary>
/// <remarks>
/// The session is the evidence that slots are delivered: the client pings its server within a third of the session timeout, and ZooKeeper
/// delivers the events of a session in order. A probe would be a transaction of the ensemble for each process, for no more than that.
/// </remarks>
internal sealed class EnsembleSession : ICarrier, IAsyncDisposable
{
    /// <summary>How long a process that shuts down waits for its announcements.</summary>
    public static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(5);

    private readonly EnsembleGateway _gate;
    private readonly Func<CancellationToken, Task> _leave;
    private readonly NamespaceKeeper _keeper;
    private readonly SlotChannel _slots;
    private readonly Func<CancellationToken, Task>[] _duties;
    private readonly CoherenceContext _context;
    private readonly BackgroundLoop _loop;
    private CancellationTokenSource? _session;
    private Task _work = Task.CompletedTask;
    private volatile bool _isUp;
    private bool _hasBeenUp;
    private volatile bool _canServe;
    private bool _loggedAway = true;

    /// <param name="gate">The gateway, disposed with this object.</param>
    /// <param name="leave">Removes the ephemeral nodes of this cache if other caches keep the session open.</param>
    /// <param name="duties">The tasks that run as long as a session.</param>
    public EnsembleSession(
        EnsembleGateway gate,
        NamespaceKeeper keeper,
        SlotChannel slots,
        CoherenceContext context,
        Func<CancellationToken, Task> leave,
        params Func<CancellationToken, Task>[] duties)
    {
        _leave = leave;
        _gate = gate;
        _keeper = keeper;
        _slots = slots;
        _context = context;
        _duties = duties;
        _loop = new BackgroundLoop(context.Logger, "following the ZooKeeper session");
    }

    /// <inheritdoc/>
    public string Name => "ZooKeeper";

    /// <summary>Gets whether announcements arrive: there are a session, a connection, and a readable namespace.</summary>
    public bool IsDelivering => _isUp;

    /// <inheritdoc/>
    public long ExpectedDelay => _slots.Pace;

    public string State => _gate.State.ToString();

    /// <inheritdoc/>
    public void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version) =>
        _slots.Announce(server, segment, key, version);

    /// <inheritdoc/>
    public CarrierSnapshot Snapshot()
    {
        var budgets = _slots.Budgets;
        return new CarrierSnapshot
        {
            Name = Name,
            IsDelivering = IsDelivering,
            Problem = IsDelivering ? null : _gate.State == ZooKeeperState.Connected ? "its nodes cannot be used" : "it is not connected",
            ExpectedDelay = budgets.Pace,
            MessagesPerSecond = budgets.AnnouncementsPerSecond,
            Members = budgets.Members,
            Waiting = budgets.Waiting,
            Sent = budgets.Announcements,
            Received = budgets.Reads,
        };
    }

    public void Start()
    {
        _slots.Start();
        _loop.Run(FollowAsync);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isUp && await _slots.DrainAsync(DrainLimit).ConfigureAwait(false) is > 0 and var left)
        {
            _context.Logger.AnnouncementsLeft(left, DrainLimit);
        }

        await _loop.DisposeAsync().ConfigureAwait(false);
        await EndSessionAsync().ConfigureAwait(false);
        await _slots.DisposeAsync().ConfigureAwait(false);
        if (_gate.IsSessionShared)
        {
            using var limit = new CancellationTokenSource(LeaveLimit, _context.Time);
            await _leave(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _gate.DisposeAsync().ConfigureAwait(false);
    }

    private async Task FollowAsync(CancellationToken stopping)
    {
        await foreach (var change in _gate.StateChangesAsync(stopping).ConfigureAwait(false))
        {
            await FollowAsync(change, stopping).ConfigureAwait(false);
        }
    }

    private async Task FollowAsync(ZooKeeperStateChange change, CancellationToken stopping)
    {
        if (change.State != ZooKeeperState.Connected)
        {
            if (_isUp)
            {
                _isUp = false;
                _slots.Disconnected();
                if (change.State != ZooKeeperState.Closed)
                {
                    LogConnection(away: true);
                }
            }

            if (change.State is ZooKeeperState.Expired or ZooKeeperState.Closed)
            {
                await EndSessionAsync().ConfigureAwait(false);
            }

            if (change.Reason is SessionExpiredException { IsGivenUp: true })
            {
                _slots.HistoryLost();
            }

            return;
        }

        _gate.Connected(change.IsNewSession);
        if (_session is not null && !change.IsNewSession)
        {
            // The same session on another connection: its watches were set again, and missed changes fire them.
            if (_canServe)
            {
                _isUp = true;
                _slots.Reconnected();
                LogConnection(away: false);
            }

            return;
        }

        await EndSessionAsync().ConfigureAwait(false);
        _session = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        _work = ServeAsync(_session.Token);
    }

    private async Task ServeAsync(CancellationToken cancellationToken)
    {
        try
        {
            var usable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var keeping = _keeper.RunAsync(isUsable => Usable(isUsable, usable), cancellationToken);
            await (await Task.WhenAny(usable.Task, keeping).ConfigureAwait(false)).ConfigureAwait(false);
            await Task.WhenAll(_duties.Select(duty => duty(cancellationToken)).Append(keeping)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The session ended.
        }
        catch (ObjectDisposedException e) when (BackgroundLoop.IsCausedByDispose(e))
        {
            // NearCacheClient.Dispose closes the session first.
        }
        catch (Exception e)
        {
            _context.Logger.LoopFailed(e, "serving the ZooKeeper session");
        }
    }

    private void Usable(bool isUsable, TaskCompletionSource usable)
    {
        if (isUsable && !_canServe)
        {
            _canServe = true;
            _isUp = _gate.State == ZooKeeperState.Connected;
            _slots.Connected();
            LogConnection(away: false);
            usable.TrySetResult();
        }
        else if (!isUsable && _canServe)
        {
            _canServe = _isUp = false;
            _slots.Disconnected();
        }
    }

    // A connection that comes and goes must not fill the log.
    private void LogConnection(bool away)
    {
        if (away != _loggedAway && _gate.MayLog())
        {
            _loggedAway = away;
            if (away)
            {
                _context.Logger.ZooKeeperAway();
            }
            else if (!_hasBeenUp)
            {
                _hasBeenUp = true;
                _context.Logger.ZooKeeperConnected();
            }
            else
            {
                _context.Logger.ZooKeeperBack();
            }
        }
    }

    private async Task EndSessionAsync()
    {
        if (_session is not null)
        {
            await _session.CancelAsync().ConfigureAwait(false);
            await _work.ConfigureAwait(false);
            _session.Dispose();
            _session = null;
            _canServe = false;
        }
    }
}
