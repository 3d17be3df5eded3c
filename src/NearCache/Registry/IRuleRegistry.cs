namespace NearCache;

/// <summary>The rules of a namespace, and its stops: reads and edits them for every process.</summary>
/// <remarks>
/// Where ZooKeeper is configured the registry is one znode there, and every edit is a compare-and-set with who and why. Without ZooKeeper
/// the rules are those of each process's configuration, and change with it while it runs: on the embedded remote they can be edited here,
/// too, until then; on memcached alone they cannot. Stops work in all three.
/// <para>Edits of one process are at most two a second, so that a loop cannot load the ensemble; more of them wait.</para>
/// </remarks>
public interface IRuleRegistry
{
    /// <summary>What this process knows now. Costs nothing.</summary>
    RegistrySnapshot Current { get; }

    /// <summary>Reads the registry.</summary>
    /// <exception cref="NearCacheException">It could not be read.</exception>
    Task<RegistrySnapshot> GetAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// What this process knows now, and again whenever that changes: by an edit, or by a stop. Several changes at once may be seen as one.
    /// Ends with the cache.
    /// </summary>
    IAsyncEnumerable<RegistrySnapshot> WatchAsync(CancellationToken cancellationToken = default);

    /// <summary>What all processes did by each rule in the last minute, from counters on memcached.</summary>
    /// <exception cref="NearCacheException">A memcached server could not be asked.</exception>
    Task<IReadOnlyList<RuleUsage>> GetUsageAsync(CancellationToken cancellationToken = default);

    /// <summary>Adds a rule. It is near after about one <c>RuleLease</c>, when every writer knows it.</summary>
    /// <exception cref="RuleRefusedException">The rule is wrong, or does not fit those that are there.</exception>
    /// <exception cref="NearCacheException">
    /// The registry could not be read or written, or <see cref="EditReason.IfRevision"/> is not its revision.
    /// </exception>
    Task<RegistrySnapshot> AddAsync(RuleOptions rule, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>Changes a rule.</summary>
    /// <param name="name">The rule.</param>
    /// <param name="change">Changes the settings that it is given. Called again when somebody else edited meanwhile.</param>
    /// <param name="reason">Who edits, and why.</param>
    /// <param name="cancellationToken">Gives up waiting; the edit may still be done.</param>
    /// <exception cref="RuleRefusedException">There is no such rule, or it would be wrong.</exception>
    /// <exception cref="NearCacheException">
    /// The registry could not be read or written, or <see cref="EditReason.IfRevision"/> is not its revision.
    /// </exception>
    Task<RegistrySnapshot> ChangeAsync(
        string name, Action<RuleOptions> change, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes a rule. Every process drops its entries as soon as it learns of it. A stop of the rule stays, for a later rule of the name.
    /// </summary>
    /// <exception cref="RuleRefusedException">There is no such rule.</exception>
    /// <exception cref="NearCacheException">
    /// The registry could not be read or written, or <see cref="EditReason.IfRevision"/> is not its revision.
    /// </exception>
    Task<RegistrySnapshot> RemoveAsync(string name, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>
    /// Puts a rule in force that was tried (<see cref="RuleOptions.DryRun"/>), unless the fleet writes its keys too often.
    /// </summary>
    /// <param name="name">The rule.</param>
    /// <param name="mostWritesPerSecond">
    /// Writes a second of all processes together, on average over the last whole minute, above which it is refused.
    /// </param>
    /// <param name="reason">Who edits, and why.</param>
    /// <param name="cancellationToken">Gives up waiting; the edit may still be done.</param>
    /// <exception cref="RuleRefusedException">
    /// There is no such rule, it is no dry run, this process has watched it for less than 90 s, or its keys are written too often.
    /// </exception>
    /// <exception cref="NearCacheException">
    /// memcached or the registry could not be asked, or <see cref="EditReason.IfRevision"/> is not its revision.
    /// </exception>
    Task<RegistrySnapshot> EndDryRunAsync(
        string name, double mostWritesPerSecond, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>Puts a rule in force, and ends its dry run without a look at its use.</summary>
    /// <exception cref="RuleRefusedException">There is no such rule.</exception>
    /// <exception cref="NearCacheException">
    /// The registry could not be read or written, or <see cref="EditReason.IfRevision"/> is not its revision.
    /// </exception>
    Task<RegistrySnapshot> EnableAsync(string name, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>Keeps a rule, out of force; a dry run ends. In an incident use <see cref="StopAsync"/>, which needs no ZooKeeper.</summary>
    /// <exception cref="RuleRefusedException">There is no such rule.</exception>
    /// <exception cref="NearCacheException">
    /// The registry could not be read or written, or <see cref="EditReason.IfRevision"/> is not its revision.
    /// </exception>
    Task<RegistrySnapshot> DisableAsync(string name, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>
    /// The kill switch: nothing is served near by this rule, or by any, in this process at once and in every other within about a second,
    /// also without ZooKeeper.
    /// </summary>
    /// <param name="rule">The rule; null: all of the namespace, also rules that are added later.</param>
    /// <param name="reason">Who stops it, and why.</param>
    /// <param name="cancellationToken">Gives up waiting; the stop goes on being spread.</param>
    /// <returns>The stop, when at least one memcached server or the registry has it.</returns>
    /// <exception cref="ArgumentException">This process knows no such rule.</exception>
    /// <exception cref="NearCacheException">
    /// Nothing outside this process has acknowledged the stop yet. This process is stopped, and goes on trying to tell the others.
    /// </exception>
    Task<RuleStop> StopAsync(string? rule, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>Ends stops: an edit of the registry that names them.</summary>
    /// <param name="ids">The stops' <see cref="RuleStop.Id"/>.</param>
    /// <param name="reason">Who ends them, and why.</param>
    /// <param name="cancellationToken">Gives up waiting; the edit may still be done.</param>
    /// <exception cref="RuleRefusedException">There is no such stop.</exception>
    /// <exception cref="NearCacheException">
    /// The registry could not be read or written, or <see cref="EditReason.IfRevision"/> is not its revision.
    /// </exception>
    Task<RegistrySnapshot> ClearStopsAsync(
        IReadOnlyCollection<string> ids, EditReason reason, CancellationToken cancellationToken = default);
}

/// <summary>Who edits the rules or stops something, and why. Kept in the history that every operator reads.</summary>
public sealed record EditReason
{
    /// <summary>A person or a program; at most 100 characters are kept.</summary>
    public required string Who { get; init; }

    /// <summary>At most 300 characters are kept.</summary>
    public required string Why { get; init; }

    /// <summary>
    /// Edits only if the registry still has this revision. Null, the default: whatever it has, and again if somebody edits at the same
    /// time.
    /// </summary>
    public long? IfRevision { get; init; }
}
