using NearCache.Diagnostics;

namespace NearCache.Rules;

/// <summary>A rule at work in this process: what near entries and fills hold on to.</summary>
/// <remarks>
/// One object a rule and <see cref="Rule.Since"/>: an edit that changes neither match nor enable changes the numbers here and voids
/// nothing. Any thread may read.
/// </remarks>
internal sealed class ActiveRule
{
    // Even: on. Odd: off. One number, so that a hit compares once.
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

    /// <summary>What it is called in logs and metrics.</summary>
    public string Name => _rule.Name;

    /// <summary>The revision of its last change of match or enable.</summary>
    public long Since => _rule.Since;

    /// <summary>The rule as it stands now.</summary>
    public Rule Rule => _rule;

    /// <summary>How long an entry may stay near.</summary>
    public TimeSpan NearLifetime => new(Volatile.Read(ref _nearLifetime));

    /// <summary>For how long a confirmation counts.</summary>
    public long MaxStalenessMilliseconds => Volatile.Read(ref _maxStaleness);

    /// <summary>Writes a second of this process that trip the churn breaker.</summary>
    public double MaxWritesPerSecond { get; private set; }

    /// <summary>Writes a second of all processes together that do.</summary>
    public double MaxFleetWritesPerSecond { get; private set; }

    /// <summary>
    /// Changes whenever the rule is switched off or on. A fill captures it before its remote read; an entry is served only while it is the
    /// same.
    /// </summary>
    public long Generation => Volatile.Read(ref _generation);

    /// <summary>Is it in force: enabled, in the applied set, and not stopped?</summary>
    public bool IsOn => (Generation & 1) == 0;

    /// <summary>What its churn breaker knows; null: it has not tripped lately.</summary>
    public RuleCircuit? Circuit => _circuit;

    /// <summary>What the churn breaker lets it announce.</summary>
    public ChurnBreakerState Breaker => _circuit?.State ?? ChurnBreakerState.Closed;

    /// <summary>
    /// Since which monotonic millisecond this process knows that the registry has a stop of it, by an unchanged set;
    /// <see cref="long.MaxValue"/>: it has none. Only told where the remote has no counters.
    /// </summary>
    public long ClosedFrom => Volatile.Read(ref _closedFrom);

    /// <summary>Counts what the rule would do; null: it is no dry run.</summary>
    public DryRun? DryRun { get; }

    /// <summary>What it did in this process.</summary>
    public RuleCounters Counters { get; }

    /// <summary>Its part of the count of near hits: here, where no counter is written that other threads would have to read anew.</summary>
    public int HitsPart { get; }

    /// <summary>
    /// May a write of one of its keys be announced? Not while it is off, nor while the churn breaker is open; while that is half-open, as
    /// often as <see cref="AllowOne"/> was called.
    /// </summary>
    public bool TakeAnnouncement() => IsOn && Breaker switch
    {
        ChurnBreakerState.Closed => true,
        ChurnBreakerState.Open => false,
        _ => Interlocked.Exchange(ref _trial, 0) == 1,
    };

    /// <summary>The churn breaker has changed.</summary>
    public void SetCircuit(RuleCircuit? circuit) => _circuit = circuit;

    /// <summary>
    /// The next write may be announced while the breaker is half-open. Called again before there was one, it is still one.
    /// </summary>
    public void AllowOne() => Volatile.Write(ref _trial, 1);

    /// <summary>The registry was read.</summary>
    /// <param name="from">Becomes <see cref="ClosedFrom"/>.</param>
    internal void SetClosedFrom(long from) => Volatile.Write(ref _closedFrom, from);

    internal void Update(Rule rule, RuleDefaults defaults)
    {
        _rule = rule;
        var staleness = rule.MaxStaleness is { } own && own < defaults.MaxStaleness ? own : defaults.MaxStaleness;
        Volatile.Write(ref _nearLifetime, (rule.NearLifetime ?? defaults.NearLifetime).Ticks);
        Volatile.Write(ref _maxStaleness, (long)staleness.TotalMilliseconds);
        MaxWritesPerSecond = rule.MaxWritesPerSecond ?? defaults.MaxWritesPerSecond;

        // What one process may write, all may together.
        MaxFleetWritesPerSecond = rule.MaxFleetWritesPerSecond ?? Math.Max(defaults.MaxFleetWritesPerSecond, MaxWritesPerSecond);
    }

    /// <summary>Switches it, if it is not so already. Called by one thread at a time.</summary>
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

/// <summary>What counts where a rule does not say.</summary>
internal sealed record RuleDefaults(
    TimeSpan NearLifetime, TimeSpan MaxStaleness, double MaxWritesPerSecond, double MaxFleetWritesPerSecond = double.PositiveInfinity)
{
    /// <summary>Those of a cache.</summary>
    public static RuleDefaults Of(NearCacheOptions options) => new(
        options.NearLifetime,
        options.Seams.HoldGateOpen ? TimeSpan.FromDays(10_000) : options.MaxStaleness,
        options.MaxWritesPerSecond,
        options.MaxFleetWritesPerSecond ?? options.Budgets.AnnouncementsPerNamespace / 2);
}
