namespace NearCache;

/// <summary>One reason why reads of a key are not near hits in a process.</summary>
public sealed record NearMiss
{
    /// <summary>Gets the kind of the reason.</summary>
    public required NearMissCause Cause { get; init; }

    /// <summary>Gets the reason in words.</summary>
    public required string Text { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>Specifies why reads of a key are not near hits in a process.</summary>
public enum NearMissCause
{
    /// <summary>No item can have the key.</summary>
    KeyRefused,

    /// <summary>No rule covers the key, or the one that does is disabled or a dry run.</summary>
    NoRule,

    /// <summary>The process has not read the rules yet, or cannot read them.</summary>
    RulesUnknown,

    /// <summary>A stop switches the rule, or near caching as a whole, off.</summary>
    Stopped,

    /// <summary>The rule is too new on the server: a process that does not know it yet may write without being counted.</summary>
    LeaseRunning,

    /// <summary>The server did not answer.</summary>
    ServerDown,

    /// <summary>The last confirmation of the server is older than <c>MaxStaleness</c>.</summary>
    GateClosed,

    /// <summary>There is no item.</summary>
    ItemAbsent,

    /// <summary>The item belongs to another client or a newer format, or has another type.</summary>
    ItemUnreadable,

    /// <summary>The item ends within a second or two, which is too soon to be kept near.</summary>
    ItemExpiring,

    /// <summary>A write has voided the near entry, and no read has replaced it.</summary>
    Voided,

    /// <summary>The near entry has expired, and no read has replaced it.</summary>
    Expired,

    /// <summary>No read of this process has kept the value near, or it was evicted.</summary>
    NotRead,

    /// <summary>Nothing can be near over this remote without ZooKeeper.</summary>
    NothingConfirms,
}
