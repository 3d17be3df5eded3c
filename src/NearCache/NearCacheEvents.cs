using System.Threading.Channels;

namespace NearCache;

/// <summary>Tells an application what changes in its cache. Also available as a service of the container.</summary>
/// <remarks>
/// <para>
/// Handlers run one after another on a thread of the pool, some time after the change, and block nothing: neither a read nor a write
/// nor the proof that near entries are current. While handlers of <see cref="Invalidated"/> are slow, at most 1,024 events wait;
/// further ones are dropped and counted. The other two events come from the newest state: changes that follow each other quickly are
/// combined.
/// </para>
/// <para>
/// An exception of a handler is logged (event 1880), and the other handlers run. Nothing is prepared for an event without a handler.
/// </para>
/// </remarks>
public sealed class NearCacheEvents
{
    private const int MaxWaiting = 1024;

    private readonly Channel<KeyInvalidatedEventArgs> _waiting =
        Channel.CreateBounded<KeyInvalidatedEventArgs>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    private long _dropped;

    internal NearCacheEvents()
    {
    }

    /// <summary>
    /// Occurs after a key of a rule was voided in this process, whether or not it had an entry. Not for what only removes an entry: its
    /// end, eviction, and a rule that is switched off.
    /// </summary>
    public event EventHandler<KeyInvalidatedEventArgs>? Invalidated;

    /// <summary>Occurs after the rules have changed in this process, by an edit or a reload.</summary>
    public event EventHandler<RulesChangedEventArgs>? RulesChanged;

    /// <summary>Occurs after a stop counts in this process: near caching by a rule, or as a whole, has ended.</summary>
    public event EventHandler<RuleStoppedEventArgs>? Stopped;

    /// <summary>Gets the number of <see cref="Invalidated"/> events that were dropped, because handlers were slow.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Gets a value indicating whether <see cref="Invalidated"/> has a handler.</summary>
    internal bool HasInvalidatedHandler => Invalidated is not null;

    /// <summary>Gets the events that wait.</summary>
    internal ChannelReader<KeyInvalidatedEventArgs> Waiting => _waiting.Reader;

    /// <summary>Queues an event, or drops it. Never waits.</summary>
    internal void Queue(KeyInvalidatedEventArgs invalidated)
    {
        if (!_waiting.Writer.TryWrite(invalidated))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Returns the calls of the handlers of an event.</summary>
    internal IEnumerable<Action> HandlersOf(EventArgs args) => args switch
    {
        KeyInvalidatedEventArgs invalidated => CallsOf(Invalidated, invalidated),
        RulesChangedEventArgs changed => CallsOf(RulesChanged, changed),
        RuleStoppedEventArgs stopped => CallsOf(Stopped, stopped),
        _ => [],
    };

    private IEnumerable<Action> CallsOf<T>(EventHandler<T>? handlers, T args) =>
        (handlers?.GetInvocationList() ?? []).Select(handler => new Action(() => ((EventHandler<T>)handler)(this, args)));
}

/// <summary>The data of <see cref="NearCacheEvents.RulesChanged"/>.</summary>
public sealed class RulesChangedEventArgs : EventArgs
{
    /// <summary>Gets the rules and stops before the change.</summary>
    public required RegistrySnapshot Before { get; init; }

    /// <summary>
    /// Gets the rules and stops now. The edit of the history with this revision has the author; it is missing when the process has heard of
    /// the change from a memcached server before ZooKeeper has delivered the registry.
    /// </summary>
    public required RegistrySnapshot Now { get; init; }
}

/// <summary>The data of <see cref="NearCacheEvents.Stopped"/>.</summary>
public sealed class RuleStoppedEventArgs : EventArgs
{
    /// <summary>Gets the stop, with its author and reason.</summary>
    public required RuleStop Stop { get; init; }
}
