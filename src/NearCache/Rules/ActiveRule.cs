using NearCache.Diagnostics;

namespace NearCache.Rules;

/// <summary>A rule at work in this process, which near entries and fills refer to.</summary>
/// <remarks>
/// One object for each rule and <see cref="Rule.Since"/>: an edit that changes neither match nor enable updates the settings here and voids
/// nothing. Reads are thread-safe.
/// </remarks>
internal sealed class ActiveRule
{
    // Even: on. Odd: off. One number, so that a hit makes one comparison.
    private long _generation = 1;
    private long _nearLifetime;
    private long _maxStaleness;
    private volatile Rule _rule;
    private volatile RuleCircuit? _circuit;
    private int _trial;
    private long _closedFrom = long.MaxValue;

    internal ActiveRule(Rule rule, RuleDefaults defaults, PerThreadCounter hits)
    {
        Counters = new RuleCounters(hits);
        HitsPart = Counters.HitsPart;
        DryRun = rule.DryRun ? new DryRun(this) : null;
        _rule = rule;
        Update(rule, defaults);
    }

    /// <summary>Gets the name in logs and metrics.</summary>
    public string Name => _rule.Name;

    /// <summary>Gets the revision of the last change of match or enable.</summary>
    public long Since => _rule.Since;

    /// <summary>Gets the present rule.</summary>
    public Rule Rule => _rule;

    /// <summary>Gets how long an entry may stay near.</summary>
    public TimeSpan NearLifetime => new(Volatile.Read(ref _nearLifetime));

    /// <summary>Gets how long a confirmation is valid, in milliseconds.</summary>
    public long MaxStalenessMilliseconds => Volatile.Read(ref _maxStaleness);

    /// <summary>Gets the writes a second of this process that trip the churn breaker.</summary>
    public double MaxWritesPerSecond { get; private set; }

    /// <summary>Gets the writes a second of all processes together that trip the churn breaker.</summary>
    public double MaxFleetWritesPerSecond { get; private set; }

    /// <summary>
    /// Gets a number that changes when the rule is switched on or off. A fill reads it before its remote read; an entry is served only
    /// while it is unchanged.
    /// </summary>
    public long Generation => Volatile.Read(ref _generation);

    /// <summary>Gets whether the rule is enabled, in the applied set, and not stopped.</summary>
    public bool IsOn => (Generation & 1) == 0;

    /// <summary>Gets the circuit of the churn breaker; null if it has not tripped recently.</summary>
    public RuleCircuit? Circuit => _circuit;

    /// <summary>Gets the state of the churn breaker.</summary>
    public ChurnBreakerState Breaker => _circuit?.State ?? ChurnBreakerState.Closed;

    /// <summary>
    /// Gets the monotonic millisecond since which this process has known a stop of the rule in the registry, in an unchanged set; <see
    /// cref="long.MaxValue"/> if there is none. Only if the remote has no counters.
    /// </summary>
    public long ClosedFrom => Volatile.Read(ref _closedFrom);

    /// <summary>Gets the counters of a dry run; null if the rule is no dry run.</summary>
    public DryRun? DryRun { get; }

    /// <summary>Gets the counters of this process.</summary>
    public RuleCounters Counters { get; }

    /// <summary>
    /// Gets the index of the rule in the count of near hits. It is here, in a cache line without counters that other threads write.
    /// </summary>
    public int HitsPart { get; }

    /// <summary>
    /// Returns whether a write of one of the rule's keys may be announced. False while the rule is off or the churn breaker is open. While
    /// the breaker is half-open, true once for each <see cref="AllowOne"/>.
    /// </summary>
    public bool TakeAnnouncement() => IsOn && Breaker switch
    {
        ChurnBreakerState.Closed => true,
        ChurnBreakerState.Open => false,
        _ => Interlocked.Exchange(ref _trial, 0) == 1,
    };

    /// <summary>Sets the circuit of the churn breaker.</summary>
    public void SetCircuit(RuleCircuit? circuit) => _circuit = circuit;

    /// <summary>Allows one announcement while the breaker is half-open. Permits do not add up.</summary>
    public void AllowOne() => Volatile.Write(ref _trial, 1);

    /// <summary>Applies the stop in the registry.</summary>
    /// <param name="from">The value of <see cref="ClosedFrom"/>.</param>
    internal void SetClosedFrom(long from) => Volatile.Write(ref _closedFrom, from);

    internal void Update(Rule rule, RuleDefaults defaults)
    {
        _rule = rule;
        var staleness = rule.MaxStaleness is { } own && own < defaults.MaxStaleness ? own : defaults.MaxStaleness;
        Volatile.Write(ref _nearLifetime, (rule.NearLifetime ?? defaults.NearLifetime).Ticks);
        Volatile.Write(ref _maxStaleness, (long)staleness.TotalMilliseconds);
        MaxWritesPerSecond = rule.MaxWritesPerSecond ?? defaults.MaxWritesPerSecond;

        // The rate that one process may have, all together may have.
        MaxFleetWritesPerSecond = rule.MaxFleetWritesPerSecond ?? Math.Max(defaults.MaxFleetWritesPerSecond, MaxWritesPerSecond);
    }

    /// <summary>Switches the rule on or off. Not thread-safe. Returns whether that changed anything.</summary>
    internal bool Switch(bool on)
    {
        if (IsOn == on)
        {
            return false;
        }

        Interlocked.Increment(ref _generation);
        return true;
    }
}

/// <summary>The defaults of settings that a rule leaves out.</summary>
internal sealed record RuleDefaults(
    TimeSpan NearLifetime, TimeSpan MaxStaleness, double MaxWritesPerSecond, double MaxFleetWritesPerSecond = double.PositiveInfinity)
{
    /// <summary>Returns the defaults of a cache.</summary>
    public static RuleDefaults Of(NearCacheOptions options) => new(
        options.NearLifetime,
        options.Seams.HoldGateOpen ? TimeSpan.FromDays(10_000) : options.MaxStaleness,
        options.MaxWritesPerSecond,
        options.MaxFleetWritesPerSecond ?? options.Budgets.AnnouncementsPerNamespace / 2);
}
