using NearCache.Diagnostics;

namespace NearCache.Rules;

/// <summary>A rule at work in this process: what near entries and fills hold on to.</summary>
/// <remarks>One object a rule and <see cref="Rule.Since"/>: an edit that changes neither match nor enable changes the numbers here and voids nothing.
/// Any thread may read.</remarks>
internal sealed class ActiveRule
{
    // Even: on. Odd: off. One number, so that a hit compares once.
    private long _generation = 1;
    private long _nearLifetime;
    private long _maxStaleness;
    private volatile Rule _rule;
    private volatile bool _announces = true;

    internal ActiveRule(Rule rule, RuleDefaults defaults, ThreadedCounter hits)
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

    /// <summary>Writes a second that trip the churn breaker.</summary>
    public double MaxWritesPerSecond { get; private set; }

    /// <summary>Changes whenever the rule is switched off or on. A fill captures it before its remote read; an entry is served only while it is the same.</summary>
    public long Generation => Volatile.Read(ref _generation);

    /// <summary>Is it in force: enabled, in the applied set, and not stopped?</summary>
    public bool IsOn => (Generation & 1) == 0;

    /// <summary>Are writes of its keys announced? Not while it is off, and not after the churn breaker has tripped.</summary>
    public bool Announces => _announces && IsOn;

    /// <summary>Counts what the rule would do; null: it is no dry run.</summary>
    public DryRun? DryRun { get; }

    /// <summary>What it did in this process.</summary>
    public RuleCounters Counters { get; }

    /// <summary>Its part of the count of near hits: here, where no counter is written that other threads would have to read anew.</summary>
    public int HitsPart { get; }

    /// <summary>Writes are not announced any more until the rule is switched on again.</summary>
    public void EndAnnouncements() => _announces = false;

    internal void Update(Rule rule, RuleDefaults defaults)
    {
        _rule = rule;
        var staleness = rule.MaxStaleness is { } own && own < defaults.MaxStaleness ? own : defaults.MaxStaleness;
        Volatile.Write(ref _nearLifetime, (rule.NearLifetime ?? defaults.NearLifetime).Ticks);
        Volatile.Write(ref _maxStaleness, (long)staleness.TotalMilliseconds);
        MaxWritesPerSecond = rule.MaxWritesPerSecond ?? defaults.MaxWritesPerSecond;
    }

    /// <summary>Switches it, if it is not so already. Called by one thread at a time.</summary>
    internal bool Switch(bool on)
    {
        if (IsOn == on)
        {
            return false;
        }

        _announces = true;
        Interlocked.Increment(ref _generation);
        return true;
    }
}
