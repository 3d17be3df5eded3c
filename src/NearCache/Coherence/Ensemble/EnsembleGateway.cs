using Microsoft.Extensions.Logging;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Near;
using NearCache.Remote;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Ensemble;

/// <summary>
/// The only way to ZooKeeper: every request of a cache passes it. It delays requests after failures, keeps to <see cref="EnsembleLimits"/>,
/// counts requests, and logs failures.
/// </summary>
/// <remarks>
/// The main type of the ensemble folder. Announcements and reads of slots are limited by their own budgets (<see cref="Slots.SlotBoard"/>)
/// before they reach it. Each purpose has an <see cref="EnsembleLane"/> of its own, so that a failure of one purpose delays no other.
/// Thread-safe.
/// </remarks>
internal sealed class EnsembleGateway : IAsyncDisposable, IDisposable
{
    private const long LogInterval = 600_000;
    private const long QuotaLogInterval = 3_600_000;

    private readonly Lock _lock = new();   // guards the buckets, the pauses of all lanes, and what was logged
    private readonly RentedClient<ZooKeeperClient> _client;
    private readonly NearClock _clock;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly double _transactionsPerSecond;
    private readonly TokenBucket _requests;
    private readonly TokenBucket _transactions;
    private readonly LogBudget _lines;
    private readonly long[] _sent = new long[Enum.GetValues<EnsembleRequest>().Length];
    private readonly long[] _failed = new long[Enum.GetValues<EnsembleRequest>().Length];
    private readonly List<EnsembleLane> _lanes = [];
    private readonly LogThrottle _quotaLog = new(QuotaLogInterval);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _quotaRefusals;
    private long _repliedAt = long.MinValue;
    private int _members = 1000;

    /// <param name="client">The rented client. <see cref="DisposeAsync"/> returns it.</param>
    /// <param name="announcementsPerNamespace">The most transactions a second of all members together.</param>
    /// <param name="clock">The monotonic clock.</param>
    /// <param name="time">The time provider of the pauses.</param>
    /// <param name="logger">The logger of failures.</param>
    /// <param name="lines">The limit of log lines; null for a budget of its own.</param>
    /// <param name="rates">The limits of reads; null for those of a cache.</param>
    public EnsembleGateway(
        RentedClient<ZooKeeperClient> client,
        double announcementsPerNamespace,
        NearClock clock,
        TimeProvider time,
        ILogger logger,
        LogBudget? lines = null,
        EnsembleRates? rates = null)
    {
        var limits = rates ?? EnsembleRates.OfCache;
        _requests = new TokenBucket(limits.Burst) { Rate = limits.PerSecond };
        _lines = lines ?? new LogBudget();
        (_client, _clock, _time, _logger) = (client, clock, time, logger);
        MadeAt = clock.Monotonic();
        _transactionsPerSecond = EnsembleLimits.ShareOfTransactions * announcementsPerNamespace;
        _transactions = new TokenBucket(EnsembleLimits.TransactionsOfNewSession) { Rate = _transactionsPerSecond / _members };
    }

    /// <summary>Gets a value indicating whether every change is refused before it is sent.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Gets the state of the session.</summary>
    public ZooKeeperState State => Client.State;

    /// <summary>Gets the connection on which the session runs; null if there is none.</summary>
    public ZooKeeperConnectionInfo? Connection => Client.Connection;

    /// <summary>Gets the id of the session; 0 before there is one.</summary>
    public long SessionId => Client.SessionId;

    /// <summary>Gets whether other caches of the process use the session, so that it continues after this one ends.</summary>
    public bool IsSessionShared => _client.IsUsedByOthers;

    /// <summary>Gets the number of writes that were refused because a quota is used up.</summary>
    public long QuotaRefusals => Interlocked.Read(ref _quotaRefusals);

    /// <summary>Gets the monotonic millisecond at which the gateway was created.</summary>
    public long MadeAt { get; }

    /// <summary>Gets the monotonic millisecond of the last reply of a server, whatever its result; null if there was none.</summary>
    public long? RepliedAt => Interlocked.Read(ref _repliedAt) is var at && at == long.MinValue ? null : at;

    /// <summary>Gets or sets how many processes share the transactions of the namespace; 1,000 until the number is known.</summary>
    public int Members
    {
        get => _members;
        set
        {
            lock (_lock)
            {
                _members = Math.Max(value, 1);
                _transactions.Rate = _transactionsPerSecond / _members;
            }

            Reconsider();
        }
    }

    /// <summary>
    /// Gets the time, in milliseconds, in which all members together may make one transaction each. The repairs of a fleet spread over it.
    /// </summary>
    public long FleetSpread => (long)Math.Min(1000 * _members / _transactionsPerSecond, EnsembleLimits.LongestChangePause);

    /// <summary>
    /// Gets the purposes that fail now, each with its newest reason. Leaves out what has not been tried for <see
    /// cref="EnsembleLimits.FailsFor"/> since it failed.
    /// </summary>
    public IReadOnlyList<EnsembleFailure> Failing
    {
        get
        {
            lock (_lock)
            {
                var since = _clock.Monotonic() - EnsembleLimits.FailsFor;
                return [.. _lanes.SelectMany(lane => lane.Failing(since))];
            }
        }
    }

    internal ZooKeeperClient Client => _client.Client;

    /// <summary>Gets the number of requests, and how many of them failed.</summary>
    public (long Requests, long Failures) Total => (_sent.Sum(), _failed.Sum());

    /// <summary>Returns the number of requests of a purpose.</summary>
    public long Sent(EnsembleRequest purpose) => Interlocked.Read(ref _sent[(int)purpose]);

    /// <summary>Returns the number of failed requests of a purpose.</summary>
    public long Failed(EnsembleRequest purpose) => Interlocked.Read(ref _failed[(int)purpose]);

    /// <summary>Creates the lane of a purpose.</summary>
    /// <param name="reads">The purpose of its reads.</param>
    /// <param name="changes">The purpose of its changes.</param>
    /// <param name="pacing">The limits of its requests.</param>
    public EnsembleLane Lane(EnsembleRequest reads, EnsembleRequest changes, EnsemblePacing pacing)
    {
        var lane = new EnsembleLane(this, reads, changes, pacing);
        lock (_lock)
        {
            _lanes.Add(lane);
        }

        return lane;
    }

    /// <inheritdoc cref="ZooKeeperClient.StateChangesAsync"/>
    public IAsyncEnumerable<ZooKeeperStateChange> StateChangesAsync(CancellationToken cancellationToken) =>
        Client.StateChangesAsync(cancellationToken);

    /// <summary>
    /// Ends the pauses of requests that failed without a connection, because there is one again. A new session has a full allowance.
    /// </summary>
    public void Connected(bool isNewSession)
    {
        lock (_lock)
        {
            if (isNewSession)
            {
                _requests.Fill();
                _transactions.Fill();
            }

            foreach (var lane in _lanes)
            {
                lane.ConnectionIsBack();
            }
        }

        Reconsider();
    }

    /// <summary>Takes a line about ZooKeeper from the log budget. Returns false if the caller must not log it.</summary>
    public bool MayLog() => _lines.TryTake(_clock.Monotonic());

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <summary>Closes the session and the connection without waiting, unless other caches of the process use them.</summary>
    public void Dispose() => _client.Dispose();

    /// <summary>Waits for the pause of the lane, and for the tokens that the request takes.</summary>
    internal async ValueTask AdmitAsync(
        EnsembleLane lane, EnsembleLane.Direction direction, bool isUrgent, CancellationToken cancellationToken)
    {
        if (IsReadOnly && direction.IsChange)
        {
            throw new InvalidOperationException($"A change of ZooKeeper ({direction.Purpose}) by a client that is read-only.");
        }

        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var changed = Volatile.Read(ref _changed);
            long wait;
            lock (_lock)
            {
                var now = _clock.Monotonic();
                wait = isUrgent
                    ? 0
                    : Math.Max(lane.Pacing == EnsemblePacing.None ? 0 : direction.Pause.Wait(now), Price(lane, direction, now));
                if (wait <= 0)
                {
                    if (lane.Pacing == EnsemblePacing.RateLimited && !isUrgent)
                    {
                        Pay(direction);
                    }

                    Interlocked.Increment(ref _sent[(int)direction.Purpose]);
                    return;
                }
            }

            await changed.Task.WaitAsync(TimeSpan.FromMilliseconds(Math.Min(wait, int.MaxValue)), _time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Records that a request succeeded.</summary>
    internal void Passed(EnsembleLane.Direction direction)
    {
        var now = _clock.Monotonic();
        Interlocked.Exchange(ref _repliedAt, now);
        int failures;
        lock (_lock)
        {
            failures = direction.Pause.Failures;
            direction.Pause.Passed();
            direction.Failure = null;
            if (!direction.WasLogged || !MayLog())
            {
                failures = 0;
            }

            direction.WasLogged = false;
        }

        if (failures > 0)
        {
            _logger.ZooKeeperWorksAgain(direction.Purpose, failures);
        }
    }

    /// <summary>
    /// Records that a change lost against that of another process. This is no failure, but an immediate retry would probably lose again.
    /// </summary>
    internal void Lost(EnsembleLane.Direction direction)
    {
        var now = _clock.Monotonic();
        Interlocked.Exchange(ref _repliedAt, now);
        lock (_lock)
        {
            direction.Pause.Failed(now);
        }
    }

    /// <summary>Records that a request failed.</summary>
    internal void Failed(EnsembleLane.Direction direction, ZooKeeperException exception, string path)
    {
        var now = _clock.Monotonic();
        if (!IsOfConnection(exception))
        {
            Interlocked.Exchange(ref _repliedAt, now);
        }

        Interlocked.Increment(ref _failed[(int)direction.Purpose]);
        bool mustLog;
        int failures;
        lock (_lock)
        {
            direction.Pause.Failed(now);
            failures = direction.Pause.Failures;
            var isNew = direction.Failure?.Code != exception.Code || now - direction.LoggedAt >= LogInterval;
            direction.Failure = exception;
            direction.FailedAt = now;
            mustLog = exception.Code == ZooKeeperErrorCode.QuotaExceeded ? _quotaLog.ShouldLog(now) : isNew && MayLog();
            if (mustLog)
            {
                (direction.LoggedAt, direction.WasLogged) = (now, true);
            }
        }

        if (mustLog && exception.Code == ZooKeeperErrorCode.QuotaExceeded)
        {
            _logger.QuotaUsedUp(direction.Purpose, path);
        }
        else if (mustLog)
        {
            _logger.ZooKeeperFailed(exception, direction.Purpose, path, failures);
        }

        if (exception.Code == ZooKeeperErrorCode.QuotaExceeded)
        {
            // Last, so that a caller that sees the count can rely on the warning.
            Interlocked.Increment(ref _quotaRefusals);
        }
    }

    /// <summary>Returns whether a request failed without a reply of a server.</summary>
    internal static bool IsOfConnection(ZooKeeperException exception) =>
        exception.Code is ZooKeeperErrorCode.ConnectionLoss or ZooKeeperErrorCode.OperationTimeout or ZooKeeperErrorCode.SessionExpired;

    // Requires _lock.
    private long Price(EnsembleLane lane, EnsembleLane.Direction direction, long now) =>
        lane.Pacing != EnsemblePacing.RateLimited ? 0 : Math.Max(_requests.Wait(now), direction.IsChange ? _transactions.Wait(now) : 0);

    // Requires _lock.
    private void Pay(EnsembleLane.Direction direction)
    {
        _requests.Take();
        if (direction.IsChange)
        {
            _transactions.Take();
        }
    }

    // Lets all waiting requests look again.
    private void Reconsider() =>
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}

/// <summary>The limits of requests that have no budget of their own.</summary>
/// <param name="Burst">How many a new session may send at once.</param>
/// <param name="PerSecond">How many a second afterwards.</param>
internal sealed record EnsembleRates(double Burst, double PerSecond)
{
    /// <summary>Gets the limits of a cache: <see cref="EnsembleLimits.RequestsOfNewSession"/> in the first ten seconds.</summary>
    public static EnsembleRates OfCache { get; } = new(
        EnsembleLimits.RequestsOfNewSession - (10 * EnsembleLimits.RequestsPerSecond), EnsembleLimits.RequestsPerSecond);
}
