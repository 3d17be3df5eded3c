namespace NearCache;

/// <summary>Reads and edits the rules of a namespace and its stops, for every process.</summary>
/// <remarks>
/// <para>
/// With ZooKeeper the registry is one znode, and every edit is a compare-and-set that records its author and reason. Without ZooKeeper the
/// rules are those of each process's configuration and change with it. On the embedded remote they can also be edited here until the next
/// reload; on memcached alone they cannot, and the exception says so. Stops work in all three cases.
/// </para>
/// <para>One process makes at most two edits per second, so that a loop cannot overload the ensemble; further edits wait.</para>
/// </remarks>
public interface IRuleRegistry
{
    /// <summary>Gets the rules and stops known to this process, without a request.</summary>
    RegistrySnapshot Current { get; }

    /// <summary>Reads the registry.</summary>
    /// <exception cref="NearCacheException">The registry could not be read.</exception>
    Task<RegistrySnapshot> GetAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Returns what this process knows now, and again after each change by an edit or a stop. Several changes may be combined. The sequence
    /// ends with the cache.
    /// </summary>
    IAsyncEnumerable<RegistrySnapshot> WatchAsync(CancellationToken cancellationToken = default);

    /// <summary>Gets the use of each rule by all processes in the last minute, from counters on memcached.</summary>
    /// <exception cref="NearCacheException">A memcached server failed.</exception>
    Task<IReadOnlyList<RuleUsage>> GetUsageAsync(CancellationToken cancellationToken = default);

    /// <summary>Adds a rule. Its keys are kept near after about one <c>RuleLease</c>, when every writer knows the rule.</summary>
    /// <exception cref="RuleRefusedException">The rule is invalid, or conflicts with existing rules.</exception>
    /// <exception cref="RevisionConflictException">The revision of the rules is not <see cref="EditReason.IfRevision"/>.</exception>
    /// <exception cref="NearCacheException">The registry could not be read or written.</exception>
    Task<RegistrySnapshot> AddAsync(RuleOptions rule, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>Changes a rule.</summary>
    /// <param name="name">The name of the rule.</param>
    /// <param name="change">Changes the given settings. Called again if another edit came first.</param>
    /// <param name="reason">The author of the edit, and the reason.</param>
    /// <param name="cancellationToken">Cancels the wait; the edit may still be made.</param>
    /// <exception cref="RuleRefusedException">The rule does not exist, or would be invalid.</exception>
    /// <exception cref="RevisionConflictException">The revision of the rules is not <see cref="EditReason.IfRevision"/>.</exception>
    /// <exception cref="NearCacheException">The registry could not be read or written.</exception>
    Task<RegistrySnapshot> ChangeAsync(
        string name, Action<RuleOptions> change, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>Gives many rules the settings of a list in one edit: adds what is missing, and changes what differs.</summary>
    /// <remarks>
    /// Makes no edit if the rules are like that already. <see cref="PreviewAsync"/> returns what it would change. To refuse the edit if the
    /// rules were edited since then, set <see cref="EditReason.IfRevision"/>.
    /// </remarks>
    /// <param name="rules">The rules after the edit.</param>
    /// <param name="prune">Whether rules that are not in the list are removed.</param>
    /// <param name="reason">The author of the edit, and the reason.</param>
    /// <param name="cancellationToken">Cancels the wait; the edit may still be made.</param>
    /// <exception cref="RuleRefusedException">A rule would be invalid, or conflicts with another one.</exception>
    /// <exception cref="RevisionConflictException">The revision of the rules is not <see cref="EditReason.IfRevision"/>.</exception>
    /// <exception cref="NearCacheException">The registry could not be read or written.</exception>
    Task<RegistrySnapshot> ApplyAsync(
        IReadOnlyCollection<RuleOptions> rules, bool prune, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>Reads the registry, and returns what <see cref="ApplyAsync"/> would change. Changes nothing.</summary>
    /// <param name="rules">The rules after the edit.</param>
    /// <param name="prune">Whether rules that are not in the list are removed.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="RuleRefusedException">The edit would be refused.</exception>
    /// <exception cref="NearCacheException">The registry could not be read.</exception>
    Task<RulePreview> PreviewAsync(
        IReadOnlyCollection<RuleOptions> rules, bool prune, CancellationToken cancellationToken = default);

    /// <summary>
    /// Undoes an edit of the history, by a new edit: restores the rules that it changed, puts the stops that it cleared, and clears those
    /// that it put. Later edits of other rules remain.
    /// </summary>
    /// <param name="revision">The <see cref="RegistryEdit.Revision"/> of the edit.</param>
    /// <param name="reason">The author of the edit, and the reason.</param>
    /// <param name="cancellationToken">Cancels the wait; the edit may still be made.</param>
    /// <exception cref="RuleRefusedException">
    /// The history does not have the edit or what it changed, a later edit changed the same rules, or a restored rule would be invalid.
    /// </exception>
    /// <exception cref="RevisionConflictException">The revision of the rules is not <see cref="EditReason.IfRevision"/>.</exception>
    /// <exception cref="NearCacheException">The registry could not be read or written.</exception>
    Task<RegistrySnapshot> UndoAsync(long revision, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes a rule. Every process drops its entries when it learns of the removal. A stop of the rule remains, and applies to a later
    /// rule of the same name.
    /// </summary>
    /// <exception cref="RuleRefusedException">The rule does not exist.</exception>
    /// <exception cref="RevisionConflictException">The revision of the rules is not <see cref="EditReason.IfRevision"/>.</exception>
    /// <exception cref="NearCacheException">The registry could not be read or written.</exception>
    Task<RegistrySnapshot> RemoveAsync(string name, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>Puts a dry-run rule (<see cref="RuleOptions.DryRun"/>) in force, unless the fleet writes its keys too often.</summary>
    /// <param name="name">The name of the rule.</param>
    /// <param name="mostWritesPerSecond">
    /// The writes per second of all processes together, on average over the last whole minute, above which the edit is refused.
    /// </param>
    /// <param name="reason">The author of the edit, and the reason.</param>
    /// <param name="cancellationToken">Cancels the wait; the edit may still be made.</param>
    /// <exception cref="RuleRefusedException">
    /// The rule does not exist, is not a dry run, has been observed by this process for less than 90 s, or is written too often.
    /// </exception>
    /// <exception cref="RevisionConflictException">The revision of the rules is not <see cref="EditReason.IfRevision"/>.</exception>
    /// <exception cref="NearCacheException">memcached or the registry failed.</exception>
    Task<RegistrySnapshot> EndDryRunAsync(
        string name, double mostWritesPerSecond, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>Puts a rule in force, and ends its dry run without checking its use.</summary>
    /// <exception cref="RuleRefusedException">The rule does not exist.</exception>
    /// <exception cref="RevisionConflictException">The revision of the rules is not <see cref="EditReason.IfRevision"/>.</exception>
    /// <exception cref="NearCacheException">The registry could not be read or written.</exception>
    Task<RegistrySnapshot> EnableAsync(string name, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes a rule out of force without removing it, and ends its dry run. During an incident use <see cref="StopAsync"/>, which does not
    /// need ZooKeeper.
    /// </summary>
    /// <exception cref="RuleRefusedException">The rule does not exist.</exception>
    /// <exception cref="RevisionConflictException">The revision of the rules is not <see cref="EditReason.IfRevision"/>.</exception>
    /// <exception cref="NearCacheException">The registry could not be read or written.</exception>
    Task<RegistrySnapshot> DisableAsync(string name, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stops near caching by this rule, or by all rules: in this process at once, and in every other process within about a second, also
    /// without ZooKeeper. This is the kill switch.
    /// </summary>
    /// <param name="rule">The name of the rule; null for the whole namespace, including rules added later.</param>
    /// <param name="reason">The author of the stop, and the reason.</param>
    /// <param name="cancellationToken">Cancels the wait; the stop is still spread.</param>
    /// <returns>The stop, once at least one memcached server or the registry has stored it.</returns>
    /// <exception cref="ArgumentException">There is no such rule.</exception>
    /// <exception cref="NearCacheException">
    /// Nothing outside this process has acknowledged the stop yet. This process has stopped, and continues to inform the others. Or this
    /// process does not know the rule, and the registry cannot be read: nothing is stopped.
    /// </exception>
    Task<RuleStop> StopAsync(string? rule, EditReason reason, CancellationToken cancellationToken = default);

    /// <summary>Clears stops by an edit of the registry.</summary>
    /// <param name="ids">The <see cref="RuleStop.Id"/> of each stop.</param>
    /// <param name="reason">The author of the edit, and the reason.</param>
    /// <param name="cancellationToken">Cancels the wait; the edit may still be made.</param>
    /// <exception cref="RuleRefusedException">A stop does not exist.</exception>
    /// <exception cref="RevisionConflictException">The revision of the rules is not <see cref="EditReason.IfRevision"/>.</exception>
    /// <exception cref="NearCacheException">
    /// The registry could not be read or written, or a stop is unknown and a memcached server that may have it did not reply.
    /// </exception>
    Task<RegistrySnapshot> ClearStopsAsync(
        IReadOnlyCollection<string> ids, EditReason reason, CancellationToken cancellationToken = default);
}

/// <summary>The author of an edit or a stop, and the reason. Kept in the history of the registry.</summary>
public sealed record EditReason
{
    /// <summary>Gets the author, a person or a program. At most 100 characters are kept.</summary>
    public required string Who { get; init; }

    /// <summary>
    /// Gets a value indicating whether the calling program has verified that <see cref="Who"/> made the edit, for example because the
    /// person is signed in. Otherwise the history marks the author as claimed.
    /// </summary>
    /// <value>Default: false.</value>
    public bool IsVerified { get; init; }

    /// <summary>Gets the reason. At most 300 characters are kept.</summary>
    public required string Why { get; init; }

    /// <summary>
    /// Gets the revision that the registry must have; otherwise the edit fails with a <see cref="RevisionConflictException"/>. Null, the
    /// default, accepts any revision, and repeats the edit if another one came first.
    /// </summary>
    public long? IfRevision { get; init; }
}
