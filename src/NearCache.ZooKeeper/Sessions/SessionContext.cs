using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using NearCache.Transport;
using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Watches;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>The components of one session and the state that they share.</summary>
/// <remarks>
/// <see cref="StateMachine"/> decides, <see cref="Queue"/> sends, <see cref="Dispatcher"/> receives, <see cref="Watches"/> and
/// <see cref="Callbacks"/> notify.
/// </remarks>
internal sealed class SessionContext : ISessionGauges
{
    private readonly long _epoch;
    private volatile Connection? _connection;
    private volatile bool _isClosing;

    public SessionContext(ZooKeeperOptions options, ServerList servers, SessionServices services)
    {
        (Options, Servers, Time, Logger, Random) = (options, servers, services.Time, services.Logger, services.Random);
        StartDelay = services.StartSpread * Random.NextDouble();
        _epoch = Time.GetTimestamp();
        Identities = new ClaimedIdentities(options.Authentications);
        Queue = new RequestQueue(
            new QueueLimits(
                options.MaxMessageBytes,
                options.MaxOutstandingRequests,
                options.MaxOutstandingBytes,
                options.MaxWaitingRequests), runInline => _connection?.SignalSend(runInline || _isClosing));
        Watches = new WatchRegistry(servers.Chroot);
        Metrics = new SessionMetrics(ZooKeeperMetrics.GetOrCreate(services.MeterFactory, OperationNames.Outcomes), OperationNames.All);
        Callbacks = new CallbackScheduler(options.WatchHandlerGrace, Time, Logger);
        Dispatcher = new MessageDispatcher(
            Queue,
            Watches,
            Callbacks,
            Metrics,
            Logger,
            () => Now,
            servers.Chroot,
            options.MaxMessageBytes)
        { OnAuthReply = OnAuthReply };
        StateMachine = new SessionStateMachine(
            new SessionTimeouts(options.SessionTimeout, options.LivenessTimeout),
            new Backoff(
                options.ReconnectDelay, options.MaxReconnectDelay, options.ReconnectJitter, services.Random), options.AllowReadOnly);
        Opener = new SessionOpener(options, Queue, Time);
        Probe = new ServerProbe(options, Time);
        Rollback = new RollbackDetector(services.Random);
        AuthenticationBackoff = new AuthenticationBackoff(services.Random);
        Metrics.Register(this);
    }

    public ZooKeeperOptions Options { get; }

    public ServerList Servers { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public Random Random { get; }

    /// <summary>Gets the wait before the first attempt to connect.</summary>
    public TimeSpan StartDelay { get; }

    public SessionStateMachine StateMachine { get; }

    public RequestQueue Queue { get; }

    public MessageDispatcher Dispatcher { get; }

    public WatchRegistry Watches { get; }

    public CallbackScheduler Callbacks { get; }

    public StatePublisher States { get; } = new();

    public SessionOpener Opener { get; }

    public ServerProbe Probe { get; }

    public RollbackDetector Rollback { get; }

    public AuthenticationBackoff AuthenticationBackoff { get; }

    /// <summary>Gets the rate limit of warnings about connections. Accessed only by the session loop.</summary>
    public LogThrottle ConnectWarnings { get; } = new();

    public SessionMetrics Metrics { get; }

    /// <summary>
    /// Gets the lock that guards <see cref="Identities"/> and writes of <see cref="Connection"/>. Each connection claims each identity once
    /// and uses the current server list.
    /// </summary>
    public Lock Gate { get; } = new();

    public ClaimedIdentities Identities { get; }

    /// <summary>Gets or sets the connection on which the session runs; null if there is none.</summary>
    public Connection? Connection
    {
        get => _connection;
        set => _connection = value;
    }

    /// <summary>
    /// Gets or sets a value that indicates whether the client is being disposed. A connection that ends is then not replaced.
    /// </summary>
    public bool IsClosing
    {
        get => _isClosing;
        set => _isClosing = value;
    }

    /// <summary>Gets the source that cancels every wait of the session loop.</summary>
    public CancellationTokenSource Stopping { get; } = new();

    /// <summary>Gets or sets the most recent reason why there is no connection.</summary>
    public Exception? LastFailure { get; set; }

    /// <summary>Gets the time since the session was created, on the monotonic clock.</summary>
    public TimeSpan Now => Time.GetElapsedTime(_epoch);

    ZooKeeperState ISessionGauges.State => States.Current.State;

    int ISessionGauges.InFlight => Queue.Count;

    int ISessionGauges.Watches => Watches.Count;

    /// <summary>Records the metrics of a request that failed without a reply. Called before the caller gets the exception.</summary>
    public void RecordFailure(Operation operation, Exception exception)
    {
        var (number, error) = (OperationNames.IndexOf(operation.Code), ErrorTypes.Of(exception));
        Metrics.Failed(number, error);
        if (Metrics.IsDurationEnabled)
        {
            Metrics.RecordDuration(number, Now - operation.Started, error);
        }
    }

    private void OnAuthReply(ZooKeeperErrorCode error)
    {
        if (error != ZooKeeperErrorCode.Ok)
        {
            _connection?.Abort(ExceptionFactory.AuthenticationFailed(error, Dispatcher.Server));
            return;
        }

        lock (Gate)
        {
            Identities.OnReply();
        }
    }
}

/// <summary>The services that a session gets in addition to its options.</summary>
/// <param name="Logger">The logger.</param>
/// <param name="MeterFactory">Creates the meter; null to create it without a factory.</param>
/// <param name="Time">The clocks and timers.</param>
/// <param name="Random">Varies pauses.</param>
/// <param name="StartSpread">The longest wait before the first attempt to connect, of which a random part is taken.</param>
internal sealed record SessionServices(
    ILogger Logger, IMeterFactory? MeterFactory, TimeProvider Time, Random Random, TimeSpan StartSpread = default);
