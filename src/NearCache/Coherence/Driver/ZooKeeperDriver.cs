using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Remote;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Driver;

/// <summary>Follows the session to ZooKeeper: makes the namespace, and starts and ends what lives as long as a session.</summary>
internal sealed class ZooKeeperDriver : IAsyncDisposable
{
    /// <summary>How long a process that ends waits for its announcements to leave.</summary>
    public static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(2);

    private const int Format = 1;

    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(5);

    private readonly RentedClient<ZooKeeperClient> _zooKeeper;
    private readonly Func<CancellationToken, Task> _leave;
    private readonly NamespaceTree _tree;
    private readonly NamespacePaths _paths;
    private readonly SlotDriver _slots;
    private readonly Func<CancellationToken, Task>[] _duties;
    private readonly CoherenceContext _context;
    private readonly OwnedLoop _loop;
    private CancellationTokenSource? _session;
    private Task _work = Task.CompletedTask;
    private volatile bool _isUp;
    private volatile bool _canServe;

    /// <param name="zooKeeper">Given back at the end.</param>
    /// <param name="leave">Takes back what would end with the session, where the session goes on.</param>
    /// <param name="duties">What runs for as long as a session lives.</param>
    public ZooKeeperDriver(
        RentedClient<ZooKeeperClient> zooKeeper,
        NamespaceTree tree,
        NamespacePaths paths,
        SlotDriver slots,
        CoherenceContext context,
        Func<CancellationToken, Task> leave,
        params Func<CancellationToken, Task>[] duties)
    {
        _leave = leave;
        _zooKeeper = zooKeeper;
        _tree = tree;
        _paths = paths;
        _slots = slots;
        _context = context;
        _duties = duties;
        _loop = new OwnedLoop(context.Logger, "following the ZooKeeper session");
    }

    /// <summary>Whether announcements come in: there is a session, a connection, and a namespace that can be read.</summary>
    public bool HearsNews => _isUp;

    public string State => _zooKeeper.Client.State.ToString();

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
        if (_zooKeeper.IsUsedByOthers)
        {
            using var limit = new CancellationTokenSource(LeaveLimit, _context.Time);
            await _leave(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _zooKeeper.DisposeAsync().ConfigureAwait(false);
    }

    private async Task FollowAsync(CancellationToken stopping)
    {
        await foreach (var change in _zooKeeper.Client.StateChangesAsync(stopping).ConfigureAwait(false))
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
                _context.Logger.ZooKeeperAway();
            }

            if (change.State is ZooKeeperState.Expired or ZooKeeperState.Closed)
            {
                await EndSessionAsync().ConfigureAwait(false);
            }

            return;
        }

        if (_session is not null && !change.IsNewSession)
        {
            // The same session on another connection: its watches were set again, and what went by fires them.
            if (_canServe)
            {
                _isUp = true;
                _slots.Reconnected();
                _context.Logger.ZooKeeperBack();
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
            if (!await EnsureAsync(cancellationToken).ConfigureAwait(false))
            {
                return;
            }

            _isUp = _canServe = true;
            _slots.Connected();
            _context.Logger.ZooKeeperBack();
            await Task.WhenAll(_duties.Select(duty => duty(cancellationToken))).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The session ended.
        }
        catch (Exception e)
        {
            _context.Logger.LoopFailed(e, "serving the ZooKeeper session");
        }
    }

    private async Task<bool> EnsureAsync(CancellationToken cancellationToken)
    {
        var pause = new RefusalPause(_context.Quota);
        while (true)
        {
            TimeSpan wait;
            try
            {
                var format = await _tree.EnsureAsync(cancellationToken).ConfigureAwait(false);
                if (format > Format)
                {
                    _context.Logger.NewerFormat(_paths.Config, format);
                    return false;
                }

                return true;
            }
            catch (ZooKeeperException e) when (RefusalPause.IsFor(e))
            {
                wait = pause.Refused(e, "make the namespace", _paths.Home, _context.Logger);
            }
            catch (ZooKeeperException e)
            {
                _context.Logger.ZooKeeperFailed(e, "making the namespace");
                wait = TimeSpan.FromMilliseconds(500 + Random.Shared.Next(1000));
            }

            await Task.Delay(wait, _context.Time, cancellationToken).ConfigureAwait(false);
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
