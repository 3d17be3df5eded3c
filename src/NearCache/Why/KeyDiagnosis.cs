using NearCache.Why;

namespace NearCache;

/// <summary>
/// What a process knows of one key: where it is, by which rule it is near or not, what its item is, which processes wrote it last, and why
/// reads of it go to memcached.
/// </summary>
/// <remarks>
/// Read at one time, without changing anything: the reads count neither as reads of the item nor as near hits. A cache diagnoses a key as
/// it is in its process; a <see cref="FleetClient"/> diagnoses what all processes have in common, see <see cref="HasNearTier"/>.
/// </remarks>
public sealed record KeyDiagnosis
{
    /// <summary>Gets the key of the application.</summary>
    public required string Key { get; init; }

    /// <summary>
    /// Gets a value indicating whether the diagnosing process has a near tier. A <see cref="FleetClient"/> has none: <see cref="Near"/> is
    /// null, <see cref="Misses"/> are the reasons why reads in no process keep the key near, and no confirmation of the server is known.
    /// </summary>
    public bool HasNearTier { get; init; } = true;

    /// <summary>Gets the reason why no item can have the key, which every call refuses; null if the key is valid.</summary>
    public string? Refusal { get; init; }

    /// <summary>
    /// Gets the name that stands for a key that is too long, on memcached and for rules; null if the key is its own name.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>Gets the key on memcached; null if the key is refused.</summary>
    public string? PhysicalKey { get; init; }

    /// <summary>Gets the server that owns the key; null if the key is refused.</summary>
    public DiagnosedServer? Server { get; init; }

    /// <summary>Gets the segment of the key, 0 to 63; null if the key is refused.</summary>
    public int? Segment { get; init; }

    /// <summary>Gets the rule that decides for the key; null if none does.</summary>
    public DiagnosedRule? Rule { get; init; }

    /// <summary>Gets the reason why that rule decides, or why none does.</summary>
    public required string RuleReason { get; init; }

    /// <summary>Gets the item on the server; null if it was not read, see <see cref="Unknown"/>.</summary>
    public DiagnosedItem? Item { get; init; }

    /// <summary>Gets the near entry of this process, servable or not; null if there is none.</summary>
    public DiagnosedEntry? Near { get; init; }

    /// <summary>Gets the reasons why reads in this process are not near hits; empty if they are.</summary>
    public IReadOnlyList<NearMiss> Misses { get; init; } = [];

    /// <summary>Gets what else a reader of the diagnosis has to know, such as a suspended rule.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>
    /// Gets the counted writes of the key in the last minute, newest first. Writes of keys without a rule are not counted, and their
    /// writers are unknown.
    /// </summary>
    public IReadOnlyList<DiagnosedWrite> Writes { get; init; } = [];

    /// <summary>
    /// Gets a value indicating whether the server had more records of the last minute than the newest 1,024, which were read.
    /// </summary>
    public bool AreWritesTruncated { get; init; }

    /// <summary>Gets what could not be known, each with the reason.</summary>
    public IReadOnlyList<string> Unknown { get; init; } = [];

    /// <summary>Gets the meaning in a few sentences.</summary>
    public string Summary => DiagnosisText.Summarize(this);

    /// <summary>Returns everything that is known, in lines of text.</summary>
    public override string ToString() => DiagnosisText.Describe(this);
}

/// <summary>The server of a diagnosed key, as the process sees it.</summary>
public sealed record DiagnosedServer
{
    /// <summary>Gets the configured name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the reason why the server did not answer; null if it did.</summary>
    public string? Problem { get; init; }

    /// <summary>Gets a value indicating whether the server's keys are served near, by its last confirmation.</summary>
    public bool IsServedNear { get; init; }

    /// <summary>Gets the time since the last confirmed audit was sent; null before the first.</summary>
    public TimeSpan? ConfirmedBefore { get; init; }
}

/// <summary>The rule of a diagnosed key, as it is applied in the process.</summary>
public sealed record DiagnosedRule
{
    /// <summary>Gets the name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the pattern.</summary>
    public required string Match { get; init; }

    /// <summary>Gets a value indicating whether the rule is on: enabled, and not stopped.</summary>
    public required bool IsOn { get; init; }

    /// <summary>Gets how long an entry may stay near.</summary>
    public required TimeSpan NearLifetime { get; init; }

    /// <summary>Gets how old a confirmation may be at a near hit.</summary>
    public required TimeSpan MaxStaleness { get; init; }

    /// <summary>Gets the stop that switches the rule off; null if none does.</summary>
    public RuleStop? Stop { get; init; }

    /// <summary>
    /// Gets the time until values of the key's server may be kept near, zero if they may be now. Null if the server does not carry the
    /// rule, as far as this process knows. Without a near tier the time is a bound.
    /// </summary>
    public TimeSpan? FillsAfter { get; init; }

    /// <summary>Gets the state of the churn breaker of the rule.</summary>
    public ChurnBreakerState ChurnBreaker { get; init; }
}

/// <summary>The item of a diagnosed key on its server.</summary>
public sealed record DiagnosedItem
{
    /// <summary>Gets a value indicating whether there is an item.</summary>
    public required bool Exists { get; init; }

    /// <summary>Gets a value indicating whether the item is the placeholder of a fill: a process runs the factory for it.</summary>
    public bool IsPlaceholder { get; init; }

    /// <summary>
    /// Gets what the item is, such as <c>JSON</c> or <c>null</c>; null if it belongs to another client or a newer format.
    /// </summary>
    public string? Content { get; init; }

    /// <summary>Gets the size of the value as it is stored, in bytes.</summary>
    public int Size { get; init; }

    /// <summary>Gets the remaining lifetime, in whole seconds; null if it is unlimited.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>Gets the time since the last access, in whole seconds; null if the remote does not tell.</summary>
    public TimeSpan? LastAccess { get; init; }

    /// <summary>Gets a value indicating whether the item was read since it was stored; null if the remote does not tell.</summary>
    public bool? WasRead { get; init; }

    /// <summary>Gets the CAS value; 0 if the remote has none.</summary>
    public ulong Cas { get; init; }

    /// <summary>Gets the client flags.</summary>
    public uint ClientFlags { get; init; }
}

/// <summary>The near entry of a diagnosed key.</summary>
public sealed record DiagnosedEntry
{
    /// <summary>Gets a value indicating whether the entry may be served now.</summary>
    public required bool IsServable { get; init; }

    /// <summary>Gets the time since its value was read from the server.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Gets the time until it expires; zero if it has.</summary>
    public required TimeSpan ExpiresAfter { get; init; }

    /// <summary>Gets the time since its server was confirmed, which bounds the staleness of a hit now; null if it never was.</summary>
    public required TimeSpan? ConfirmedBefore { get; init; }

    /// <summary>Gets a value indicating whether the value is a null.</summary>
    public required bool IsNull { get; init; }

    /// <summary>Gets the name of the rule that keeps it near.</summary>
    public required string Rule { get; init; }

    /// <summary>Gets the estimated memory of the entry, in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Gets the CAS value of the item that was read.</summary>
    public required ulong Cas { get; init; }
}
