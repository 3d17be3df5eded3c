using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using NearCache.Transport;
using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Watches;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// What a session is made of: what is decided (<see cref="StateMachine"/>), sent (<see cref="Queue"/>), received
/// (<see cref="Dispatcher"/>), watched and told.
/// </summary>
internal sealed class SessionContext : ISessionGauges
{
    private readonly long _epoch;
    private volatile Connection? _connection;
    private volatile bool _isClosing;

    public SessionContext(ZooKeeperOptions options, ServerList servers, SessionServices dependencies)
    {
        (Options, Servers, Time, Logger, Random) = (options, servers, dependencies.Time, dependencies.Logger, dependencies.Random);
        _epoch = Time.GetTimestamp();
        Identities = new ClaimedIdentities(options.Authentications);
        Queue = new RequestQueue(
            new QueueLimits(
                options.MaxMessageBytes,
                options.MaxOutstandingRequests,
                options.MaxOutstandingBytes,
                options.MaxWaitingRequests), runInline => _connection?.SignalSend(runInline || _isClosing));
        Watches = new WatchRegistry(servers.Chroot);
        Metrics = new SessionMetrics(ZooKeeperMetrics.GetOrCreate(dependencies.Meters, OperationNames.Outcomes), OperationNames.All);
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
                options.ReconnectDelay, options.MaxReconnectDelay, options.ReconnectJitter, dependencies.Random), options.AllowReadOnly);
        Opener = new SessionOpener(options, Queue, Time);
        Probe = new ServerProbe(options, Time);
        Rollback = new RollbackDetector(dependencies.Random);
        AuthenticationBackoff = new AuthenticationBackoff(dependencies.Random);
        Metrics.Register(this);
    }

    public ZooKeeperOptions Options { get; }

    public ServerList Servers { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public Random Random { get; }

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

    /// <summary>Of failing to connect. Used by the loop alone.</summary>
    public LogThrottle ConnectWarnings { get; } = new();

    public SessionMetrics Metrics { get; }

    /// <summary>
    /// Guards <see cref="Identities"/>, and the change of <see cref="Connection"/> against it and against the list of servers: an identity
    /// is claimed on each connection once.
    /// </summary>
    public Lock Gate { get; } = new();

    public ClaimedIdentities Identities { get; }

    /// <summary>The connection on which the session runs now.</summary>
    public Connection? Connection
    {
        get => _connection;
        set => _connection = value;
    }

    /// <summary>The client is being disposed: a connection that ends now is not replaced.</summary>
    public bool IsClosing
    {
        get => _isClosing;
        set => _isClosing = value;
    }

    /// <summary>Ends every wait of the loop.</summary>
    public CancellationTokenSource Stopping { get; } = new();

    /// <summary>Why there was no connection, the last time.</summary>
    public Exception? LastFailure { get; set; }

    /// <summary>Time since the session object was made, on the monotonic clock.</summary>
    public TimeSpan Now => Time.GetElapsedTime(_epoch);

    ZooKeeperState ISessionGauges.State => States.Current.State;

    int ISessionGauges.InFlight => Queue.Count;

    int ISessionGauges.Watches => Watches.Count;

    /// <summary>A request failed without an answer, and its caller is about to be told.</summary>
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

/// <summary>What a session is given besides its settings.</summary>
internal sealed record SessionServices(ILogger Logger, IMeterFactory? Meters, TimeProvider Time, Random Random);
