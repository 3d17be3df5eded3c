using System.Text;
using NearCache.Brokers;
using NearCache.Coherence.Carriers;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Messages.Core;
using NearCache.Diagnostics;
using NearCache.Loops;

namespace NearCache.Coherence.Messages;

/// <summary>
/// Carries announcements as messages through a broker: connects, publishes what the <see cref="MessageBoard"/> decides, and applies what
/// others publish. The main type of the folder.
/// </summary>
/// <remarks>
/// One loop connects, with delays that increase, and is the only one that does. While no message is under way, an announcement is published
/// by the thread that announces it, which spares a switch of threads; another loop publishes what gathers meanwhile, and probes. Nothing
/// waits for the broker, which confirms in the background.
/// </remarks>
internal sealed class MessageChannel : ICarrier, IAsyncDisposable, IDisposable
{
    /// <summary>How long a process that shuts down waits for its announcements.</summary>
    public static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ConfirmLimit = TimeSpan.FromSeconds(2);
    private const long FirstPause = 100;
    private const long LongestPause = 5_000;
    private const long LogInterval = 600_000;

    // A blocked broker reports nothing when it accepts messages again.
    private const long BlockedPeriod = 200;

    private readonly IMessageBroker _broker;
    private readonly CoherenceContext _context;
    private readonly ServerDirectory _servers;
    private readonly MessageBoard _board;
    private readonly BrokerSubscription _subscription;
    private readonly FailurePause _pause = new(FirstPause, LongestPause, new Random());
    private readonly LoopSignal _toPublish;
    private readonly BackgroundLoop _connecting;
    private readonly BackgroundLoop _publishing;
    private readonly LogThrottle _unsignedLog = new(LogInterval);
    private readonly LogThrottle _ignoredLog = new(LogInterval);
    private readonly TaskCompletionSource _isIdle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IBrokerConnection? _connection;
    private volatile TaskCompletionSource<string>? _givenUp;   // ends the present connection
    private volatile string? _problem;
    private volatile bool _isDraining;
    private volatile bool _isKnownToDeliver;   // written by the publishing loop
    private bool _hasLogged;   // accessed by the publishing loop
    private MessageCounts _counted;   // accessed by the publishing loop

    /// <param name="broker">The broker. Its connection is disposed with this object.</param>
    /// <param name="context">The state that the parts of coherence share.</param>
    /// <param name="servers">The servers of the cache. Announcements of other servers are ignored.</param>
    /// <param name="budgets">The budgets of messages.</param>
    /// <param name="namespace">The namespace.</param>
    /// <param name="member">The name of this cache among the members.</param>
    public MessageChannel(
        IMessageBroker broker,
        CoherenceContext context,
        ServerDirectory servers,
        BudgetOptions budgets,
        string @namespace,
        string member)
    {
        (_broker, _context, _servers) = (broker, context, servers);
        _board = new MessageBoard(budgets, KeyHash.Of(Encoding.UTF8.GetBytes(member)).Value, new Random());
        _subscription = new BrokerSubscription(@namespace, member, Receive);
        _toPublish = new LoopSignal(context.Time);
        _connecting = new BackgroundLoop(context.Logger, $"connecting to {broker.Name}");
        _publishing = new BackgroundLoop(context.Logger, $"publishing to {broker.Name}");
    }

    /// <inheritdoc/>
    public string Name => _broker.Name;

    /// <inheritdoc/>
    public bool IsDelivering => _board.IsDelivering(_context.Clock.Monotonic());

    /// <inheritdoc/>
    public long ExpectedDelay => _board.Delay;

    /// <summary>Gets the socket of the connection; null if there is none.</summary>
    public BrokerConnectionInfo? Connection => _connection?.Info;

    public void Start()
    {
        _connecting.Start(ConnectAsync);
        _publishing.Start(PublishNextAsync);
    }

    /// <inheritdoc/>
    public void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version)
    {
        var connection = _connection;
        var step = _board.Announce(
            server, segment, key, version, _context.Clock.Monotonic(), isBlocked: connection is not { Blocked: null });
        if (step.IsMessage)
        {
            _ = BackgroundContext.Run(() => PublishAsync(connection!, step));
        }
        else
        {
            _toPublish.Set();
        }
    }

    /// <inheritdoc/>
    public CarrierSnapshot Snapshot()
    {
        var now = _context.Clock.Monotonic();
        var snapshot = _board.Snapshot(Name, now);
        return snapshot.IsDelivering ? snapshot : snapshot with { Problem = ProblemAt(now) };
    }

    /// <summary>Closes the connection at once, and waits for nothing. <see cref="DisposeAsync"/> must follow.</summary>
    public void Dispose() => _connection?.Dispose();

    public async ValueTask DisposeAsync()
    {
        if (IsDelivering)
        {
            _isDraining = true;
            _toPublish.Set();
            await _isIdle.Task.WaitAsync(DrainLimit, _context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _connecting.DisposeAsync().ConfigureAwait(false);
        await _publishing.DisposeAsync().ConfigureAwait(false);
        _board.Disconnected();
        if (_connection is { } connection)
        {
            await CloseAsync(connection).ConfigureAwait(false);
        }
    }

    private async Task ConnectAsync(CancellationToken stopping)
    {
        var wait = _pause.Wait(_context.Clock.Monotonic());
        if (wait > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(wait), _context.Time, stopping).ConfigureAwait(false);
        }

        try
        {
            _connection = await _broker.ConnectAsync(_subscription, stopping).ConfigureAwait(false);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            Failed(e.Message);
            return;
        }

        _problem = null;
        var connection = _connection;
        var givenUp = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _givenUp = givenUp;
        var openedAt = _context.Clock.Monotonic();
        _board.Connected(openedAt);
        _toPublish.Set();
        var ended = await Task.WhenAny(connection.Ended, givenUp.Task).WaitAsync(stopping).ConfigureAwait(false);
        var reason = await ended.ConfigureAwait(false);
        if (_context.Clock.Monotonic() - openedAt >= LongestPause)
        {
            _pause.Passed();
        }

        _board.Disconnected();
        Failed(reason);
        _connection = null;
        await CloseAsync(connection).ConfigureAwait(false);
    }

    // A connection that cannot be closed must not end the loop that replaces it.
    private static async Task CloseAsync(IBrokerConnection connection)
    {
        try
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It is of no use in any case.
        }
    }

    private void Failed(string problem)
    {
        _problem = problem;
        _pause.Failed(_context.Clock.Monotonic());
        _toPublish.Set();
    }

    private async Task PublishNextAsync(CancellationToken stopping)
    {
        var (now, connection) = (_context.Clock.Monotonic(), _connection);
        Observe(now);
        if (_board.IsLost(now))
        {
            _givenUp?.TrySetResult(_board.Describe(now));
        }

        var isBlocked = connection?.Blocked is not null;
        var step = _board.Next(now, isBlocked);
        if (step.IsMessage && connection is not null)
        {
            _ = PublishAsync(connection, step);
            return;
        }

        if (step.IsMessage)
        {
            _board.Published(step.Number, isConfirmed: false);
            return;
        }

        if (_isDraining && _board.Queue.IsIdle)
        {
            _isIdle.TrySetResult();
        }

        var until = isBlocked ? now + BlockedPeriod : step.Until;
        await _toPublish.WaitAsync(until == long.MaxValue ? until : until - _context.Clock.Monotonic(), stopping).ConfigureAwait(false);
    }

    private async Task PublishAsync(IBrokerConnection connection, MessageStep step)
    {
        var count = step.Announcements!.Count;
        try
        {
            using var limit = new CancellationTokenSource(ConfirmLimit, _context.Time);
            await connection.PublishAsync(_board.MessageOf(step).Encode(SignaturesOf(step)), limit.Token).ConfigureAwait(false);
            _board.Published(step.Number, isConfirmed: true);
            if (count > 0)
            {
                _context.Metrics.Announced(count, "sent");
            }
        }
        catch (Exception)
        {
            // Audits make up for these announcements, and the monitor of delivery finds out whether the broker delivers.
            _board.Published(step.Number, isConfirmed: false);
        }

        _toPublish.Set();
    }

    // The servers whose announcements the message has; in a probe, one that shows that this process belongs to the namespace.
    private Dictionary<ulong, string> SignaturesOf(MessageStep step)
    {
        var isProbe = step.Announcements!.Count == 0;
        var signatures = new Dictionary<ulong, string>();
        foreach (var server in isProbe
            ? _servers.All.Select(server => server.Gate.IdentityHash)
            : step.Announcements.Select(announcement => announcement.Server))
        {
            if (IdentityOf(server) is { } identity)
            {
                signatures[server] = identity;
                if (isProbe)
                {
                    break;
                }
            }
        }

        return signatures;
    }

    private string? IdentityOf(ulong server) =>
        _servers.Find(server) is { } known ? _context.Identities.Seen(known.Server.Name) : null;

    private void Receive(ReadOnlyMemory<byte> bytes)
    {
        var now = _context.Clock.Monotonic();
        if (!_board.MayReceive(now))
        {
            LogIgnored(now);
            return;
        }

        if (!AnnouncementMessage.TryDecode(bytes.Span, IdentityOf, out var message))
        {
            _board.Unreadable();
            LogIgnored(now);
            return;
        }

        // A remote without counters has no identities. There a message only drops keys, whatever process sent it.
        var isMember = message!.IsSigned || !_context.HasCounters;
        if (!_board.Received(message, isMember, now))
        {
            if (!_isKnownToDeliver)
            {
                _toPublish.Set();
            }

            return;
        }

        if (!isMember && _unsignedLog.ShouldLog(now) && _context.LogBudget.TryTake(now))
        {
            _context.Logger.MessagesUnsigned(Name, _board.WithoutSignature);
        }

        foreach (var announcement in message.Announcements)
        {
            Apply(announcement, message.IsSignedFor(announcement.Server));
        }

        if (message.Announcements.Count > 0)
        {
            _context.Metrics.Announced(message.Announcements.Count, "received");
        }
    }

    private void LogIgnored(long now)
    {
        if (_ignoredLog.ShouldLog(now) && _context.LogBudget.TryTake(now))
        {
            var (unreadable, shed) = _board.Ignored;
            _context.Logger.MessagesIgnored(Name, unreadable, shed, _board.MostReceivedPerSecond);
        }
    }

    private void Apply(Announcement announcement, bool isSigned)
    {
        // Announcements of servers that the cache does not use are ignored.
        if (_servers.Find(announcement.Server) is not { } server)
        {
            return;
        }

        if (isSigned)
        {
            server.Receive(announcement);
        }
        else if (announcement.Flushed == 0)
        {
            _context.Invalidator.Invalidate(announcement.Key.Span, new(InvalidationCause.Announced));
        }
    }

    // Called by the publishing loop. A broker that comes and goes must not fill the log.
    private void Observe(long now)
    {
        CountQueue();
        var isDelivering = _board.IsDelivering(now);
        var isNews = isDelivering != _isKnownToDeliver || (!_hasLogged && _problem is not null);
        if (!isNews || !_context.LogBudget.TryTake(now))
        {
            return;
        }

        (_isKnownToDeliver, _hasLogged) = (isDelivering, true);
        if (isDelivering)
        {
            _context.Logger.CarrierDelivers(Name);
        }
        else
        {
            _context.Logger.CarrierAway(Name, ProblemAt(now).TrimEnd('.'));
        }
    }

    private string ProblemAt(long now) => _problem ?? _connection?.Blocked ?? _board.Describe(now);

    private void CountQueue()
    {
        var queue = _board.Queue;
        if (queue.Merged - _counted.Merged is > 0 and var merged)
        {
            _context.Metrics.Announced((int)merged, "merged");
        }

        if (queue.Dropped - _counted.Dropped is > 0 and var dropped)
        {
            _context.Metrics.Announced((int)dropped, "dropped");
        }

        _counted = queue;
    }
}
