namespace NearCache;

/// <summary>A rule whose writes no process announces through ZooKeeper, because its keys are written too fast.</summary>
public sealed record RuleSuspension
{
    /// <summary>Gets the name of the rule.</summary>
    public required string Rule { get; init; }

    /// <summary>Gets the <see cref="RegisteredRule.Since"/> of the rule that was suspended; a rule edited since then is not.</summary>
    public required long Since { get; init; }

    /// <summary>Gets the state of the churn breaker: open, or half-open while it tries whether the writes stay slow.</summary>
    public required ChurnBreakerState State { get; init; }

    /// <summary>Gets when the churn breaker tripped in the last hour, by the clocks of processes.</summary>
    public required IReadOnlyList<DateTimeOffset> Trips { get; init; }

    /// <summary>Gets the process that reported the last trip.</summary>
    public required string Who { get; init; }

    /// <summary>Gets the reason of the last trip, which names the rate.</summary>
    public required string Why { get; init; }
}
