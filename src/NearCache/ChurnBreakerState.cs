namespace NearCache;

/// <summary>What the churn breaker lets a rule announce through ZooKeeper. Writes are counted on memcached in each state.</summary>
public enum ChurnBreakerState
{
    /// <summary>Every write is announced.</summary>
    Closed,

    /// <summary>The keys were written too fast: no process announces them. Near reads go on by audits.</summary>
    Open,

    /// <summary>
    /// The keys have been quiet: the whole fleet announces a few of their writes, until it is known that they stay quiet.
    /// </summary>
    HalfOpen,
}
