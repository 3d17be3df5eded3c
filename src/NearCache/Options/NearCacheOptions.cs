using System.Text.Json;
using Microsoft.Extensions.Caching.Distributed;
using NearCache.Brokers;
using NearCache.Memcached;
using NearCache.ZooKeeper;

namespace NearCache;

/// <summary>
/// The settings of one cache. The cache copies them when it is created: later changes of this object have no effect, but changes of the
/// configuration do.
/// </summary>
/// <remarks>
/// In configuration durations are written <c>hh:mm:ss</c>, and an unknown name is an error. See <c>docs/configuration.md</c>.
/// </remarks>
public sealed class NearCacheOptions
{
    /// <summary>
    /// The least <see cref="MaxStaleness"/>: up to 1.1 s until the next audit is sent, at least 1 s for announcements to arrive before
    /// segments are flushed, and the rest for round trips.
    /// </summary>
    internal static readonly TimeSpan MinMaxStaleness = TimeSpan.FromSeconds(3);

    /// <summary>The greatest <see cref="StaleLifetime"/>.</summary>
    internal static readonly TimeSpan LongestStaleLifetime = TimeSpan.FromDays(7);

    /// <summary>
    /// Gets or sets the namespace. Processes with the same namespace, server list and key prefix share a cache and see each other's writes.
    /// 1 to 64 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>.
    /// </summary>
    /// <value>Default: <c>default</c>.</value>
    public string Namespace { get; set; } = "default";

    /// <summary>
    /// Gets or sets the prefix of every key on memcached. Near entries and rules do not include it. At most 64 visible ASCII characters,
    /// not beginning with <c>~</c>. All processes of a namespace need the same prefix.
    /// </summary>
    /// <value>
    /// Null, the default, uses the namespace and <c>:</c>, so that namespaces on the same servers never share a key. It stays empty where
    /// processes of an older version keep the namespace's keys without a prefix. Set an empty text to share keys with other memcached
    /// clients.
    /// </value>
    public string? KeyPrefix { get; set; }

    /// <summary>
    /// Gets or sets the greatest staleness of a near hit: its value was the newest completed write at some instant within this time.
    /// </summary>
    /// <value>Default: 5 s. At least 3 s.</value>
    public TimeSpan MaxStaleness { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets or sets the time between a rule's appearance on a server and the first near fill by it from that server, so that every writer
    /// knows the rule by then. Must exceed the operation timeout of memcached. All processes of a namespace need the same value.
    /// </summary>
    /// <value>Default: 5 s. At most 5 minutes.</value>
    public TimeSpan RuleLease { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets the lifetime of an item on memcached when the write does not specify one.</summary>
    /// <value>Default: 1 h. At least 1 s, at most 30 days.</value>
    public TimeSpan ItemLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Gets or sets the lifetime of a near entry when its rule does not specify one. It bounds the staleness caused by writers that do not
    /// use NearCache.
    /// </summary>
    /// <value>Default: 60 s.</value>
    public TimeSpan NearLifetime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Gets or sets the largest number of near entries. Entries that were not used recently are evicted first.</summary>
    /// <value>Default: 100,000.</value>
    public int NearEntries { get; set; } = 100_000;

    /// <summary>
    /// Gets or sets the estimated memory limit of near entries, in bytes: the key, the value as stored (strings count twice), and 200 bytes
    /// per entry. Objects that callers share count in proportion to their stored bytes, by what decoding some of them allocates. A larger
    /// single value is never kept near.
    /// </summary>
    /// <value>Default: 0, only <see cref="NearEntries"/> applies.</value>
    public long NearBytes { get; set; }

    /// <summary>
    /// Gets or sets the time that one process may take to fill a missing item before other processes stop waiting for it. Whole seconds.
    /// </summary>
    /// <value>Default: 5 s. At most 5 minutes.</value>
    public TimeSpan FillLease { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets or sets a value indicating whether processes share the filling of a missing item by leases. A lease is an empty item that other
    /// memcached clients see as a hit, so set this to false while such clients read the same keys. Without leases a factory's result is
    /// added if the key is still absent, and a removal during the factory is not noticed.
    /// </summary>
    /// <value>Default: true.</value>
    public bool UseLeases { get; set; } = true;

    /// <summary>Gets or sets the format of stored values: NearCache's own, or one that other clients of the same keys can read.</summary>
    /// <value>Default: <see cref="StoredFormat.Envelope"/>. Counters and other internal items have the same format in all cases.</value>
    public StoredFormat Format { get; set; }

    /// <summary>Gets or sets a custom format of stored values, in the place of <see cref="Format"/>.</summary>
    /// <value>Null, the default, uses <see cref="Format"/>. Not read from configuration.</value>
    public IValueFormat? ValueFormat { get; set; }

    /// <summary>
    /// Gets or sets the compression of values with at least <see cref="CompressionThreshold"/> bytes. A value that would keep more than
    /// nine tenths of its size is not compressed, and near entries never are. Every process reads compressed values; versions without
    /// compression treat them as misses.
    /// </summary>
    /// <value>Default: <see cref="ValueCompression.None"/>. Requires <see cref="StoredFormat.Envelope"/>.</value>
    public ValueCompression Compression { get; set; }

    /// <summary>Gets or sets the least size of a value that is compressed, in bytes.</summary>
    /// <value>Default: 4,096.</value>
    public int CompressionThreshold { get; set; } = 4096;

    /// <summary>
    /// Gets or sets the handling of keys longer than 250 bytes of UTF-8 including the prefix. All processes of a namespace need the same
    /// value.
    /// </summary>
    /// <value>Default: <see cref="LongKeyPolicy.Refuse"/>.</value>
    public LongKeyPolicy LongKeys { get; set; }

    /// <summary>Gets or sets the least interval between audits of a server; up to 10 % are added.</summary>
    /// <value>Default: 1 s. At least 100 ms, at most a third of <see cref="MaxStaleness"/>.</value>
    public TimeSpan AuditInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets or sets the result of a read when memcached fails. Writes always throw.</summary>
    /// <value>Default: <see cref="RemoteFailurePolicy.Miss"/>.</value>
    public RemoteFailurePolicy OnRemoteFailure { get; set; }

    /// <summary>
    /// Gets or sets the longest time that <see cref="NearCacheHealthCheck"/> waits for the cache to warm up: until every memcached server
    /// has been audited and the preload keys are fetched. Zero disables waiting.
    /// </summary>
    /// <value>Default: 5 s. At most 5 minutes.</value>
    public TimeSpan WarmUp { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets or sets a value indicating whether the embedded in-process remote may be used under a host outside of the Development
    /// environment.
    /// </summary>
    /// <value>Default: false: such a host does not start without memcached. Without a host the embedded remote is always allowed.</value>
    public bool AllowEmbedded { get; set; }

    /// <summary>
    /// Gets or sets the largest number of factories that this cache runs concurrently; more of them wait. It protects the source while
    /// memcached fails. A factory that waits for a cache does not count.
    /// </summary>
    /// <value>Default: 64.</value>
    public int MaxConcurrentFactories { get; set; } = 64;

    /// <summary>
    /// Gets or sets the time for which a caller's result is reused for other callers of the key while memcached or the source fails. Zero
    /// disables reuse.
    /// </summary>
    /// <value>Default: 1 s. At most <see cref="MaxStaleness"/>.</value>
    public TimeSpan FactoryReuse { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Gets or sets the time a caller waits for its factory before it receives a stale value, if there is one
    /// (<see cref="StaleLifetime"/>). The factory continues, and its result is stored.
    /// </summary>
    /// <value>Null, the default, waits until the factory ends.</value>
    public TimeSpan? FactorySoftTimeout { get; set; }

    /// <summary>
    /// Gets or sets the time limit of a factory, including the wait for its turn. After that its token is cancelled, and callers receive a
    /// stale value or <see cref="FactoryTimeoutException"/>.
    /// </summary>
    /// <value>Null, the default, sets no limit.</value>
    public TimeSpan? FactoryTimeout { get; set; }

    /// <summary>
    /// Gets or sets the greatest age of a stale value. <c>GetOrCreateAsync</c> returns one when the factory fails or is slow, and any read
    /// does with <see cref="RemoteFailurePolicy.ServeStale"/> when memcached fails. Such a value is marked
    /// (<see cref="CacheResult{T}.IsStale"/>), and <see cref="MaxStaleness"/> does not bound it. A key that this process knows to have been
    /// written or removed has no stale value.
    /// </summary>
    /// <value>Default: zero, which disables stale values. At most 7 days.</value>
    public TimeSpan StaleLifetime { get; set; }

    /// <summary>Gets or sets the number of values that are kept for <see cref="StaleLifetime"/>; the newest are kept.</summary>
    /// <value>Default: 10,000.</value>
    public int StaleEntries { get; set; } = 10_000;

    /// <summary>
    /// Gets or sets the fraction of a value's lifetime after which <c>GetOrCreateAsync</c> refreshes it from the source, in the background
    /// and in one process of the fleet, while the current value is still served. For example, 0.8 refreshes after four fifths.
    /// </summary>
    /// <value>Default: 0, which disables eager refresh. Less than 1.</value>
    public double EagerRefresh { get; set; }

    /// <summary>
    /// Gets or sets the greatest random fraction by which lifetimes of created values and of near entries are shortened, so that values
    /// stored together do not expire together.
    /// </summary>
    /// <value>Default: 0.1. At most 0.5.</value>
    public double LifetimeJitter { get; set; } = 0.1;

    /// <summary>
    /// Gets or sets a value indicating whether a rule whose keys are written too fast stops being announced until the writes slow down.
    /// </summary>
    /// <value>Default: true.</value>
    public bool ChurnBreaker { get; set; } = true;

    /// <summary>
    /// Gets or sets the writes per second to the keys of one rule, in one process during 5 s, above which the churn breaker trips.
    /// </summary>
    /// <value>Default: 20.</value>
    public double MaxWritesPerSecond { get; set; } = 20;

    /// <summary>
    /// Gets or sets the writes per second to the keys of one rule, of all processes together during 30 s, above which the churn breaker
    /// trips. If the rule's <see cref="MaxWritesPerSecond"/> is greater, that is the limit.
    /// </summary>
    /// <value>
    /// Null, the default, uses half of <see cref="BudgetOptions.AnnouncementsPerNamespace"/>, which is 50: each write of a process that
    /// writes rarely is a transaction of its own, and no single rule may use up the budget of all.
    /// </value>
    public double? MaxFleetWritesPerSecond { get; set; }

    /// <summary>Gets the limits of the load on the ZooKeeper ensemble and on message brokers.</summary>
    public BudgetOptions Budgets { get; private set; } = new();

    /// <summary>Gets the behavior of this namespace in a shared ensemble.</summary>
    public EnsembleOptions Ensemble { get; private set; } = new();

    /// <summary>Gets the settings of the monitor of near hits.</summary>
    public MonitorOptions Monitor { get; private set; } = new();

    /// <summary>Gets the settings of the reports by which a fleet can be seen, and of how keys are shown to people.</summary>
    public ReportOptions Reports { get; private set; } = new();

    /// <summary>
    /// Gets the settings of the memcached client. Without servers, and without ZooKeeper, an embedded remote is used for development and
    /// tests.
    /// </summary>
    public MemcachedOptions Memcached { get; } = new();

    /// <summary>
    /// Gets or sets a value indicating whether every address of a name in the list of servers is a server of its own, as behind a headless
    /// service. The list then follows the addresses. If not, a name is one server, and is not served near if its addresses are several.
    /// </summary>
    /// <value>Default: false. All processes of a namespace need the same value.</value>
    public bool EveryAddressIsAServer { get; set; }

    /// <summary>
    /// Gets or sets another vendor's cache in the place of memcached. It can only get, set and remove; <c>docs/other-remotes.md</c> states
    /// what is guaranteed then. It is not disposed with the cache.
    /// </summary>
    /// <value>Default: null. Not read from configuration; <c>UseDistributedCache</c> sets it in a container.</value>
    public IDistributedCache? DistributedCache { get; set; }

    /// <summary>
    /// Gets the settings of the ZooKeeper client. Without ZooKeeper only audits find changes, and an invalidation takes about a second.
    /// </summary>
    /// <remarks>A cache outlives its sessions, so <see cref="ZooKeeperOptions.RenewSession"/> is on.</remarks>
    public ZooKeeperOptions ZooKeeper { get; } = new() { RenewSession = true };

    /// <summary>
    /// Gets or sets the serializer options for values that are neither strings nor bytes; copied. If no resolver is set and reflection is
    /// enabled, the default resolver is used. A trimmed application sets the options of a source-generated context that lists its value
    /// types.
    /// </summary>
    /// <value>
    /// Null, the default, uses the serializer's defaults with fields and named floating-point literals. Not read from configuration.
    /// </value>
    public JsonSerializerOptions? Json { get; set; }

    /// <summary>
    /// Gets the types whose values are never changed, so that all callers share one instance, also inside tuples and immutable collections.
    /// For any other mutable type each caller receives its own copy. Strings, numbers, and sealed types with <c>[ImmutableObject(true)]</c>
    /// need not be listed.
    /// </summary>
    /// <value>Default: empty. Not read from configuration; <see cref="RuleOptions.ShareValues"/> does the same for a rule.</value>
    public ICollection<Type> ImmutableTypes { get; private set; } = [];

    /// <summary>
    /// Gets the types whose values are stored although JSON does not hold all their state, for example a field that only caches a computed
    /// result. <c>object</c> permits any value in members of that type, which is read back as a <see cref="JsonElement"/>. For any other
    /// type a write throws <see cref="NotSupportedException"/> that states what would be lost.
    /// </summary>
    /// <value>Default: empty. Not read from configuration.</value>
    public ICollection<Type> LossyTypes { get; private set; } = [];

    /// <summary>
    /// Gets the rules. With ZooKeeper they are the initial content of the registry if there is none; without ZooKeeper they are the rules
    /// in force.
    /// </summary>
    /// <value>Default: empty, nothing is kept near.</value>
    public IList<RuleOptions> Rules { get; private set; } = [];

    /// <summary>Gets or sets the path of the configuration section these settings were read from; empty for none.</summary>
    internal string Source { get; set; } = "";

    /// <summary>Gets the errors found while the settings were read from configuration. The validator reports them with its own.</summary>
    internal List<string> BindingErrors { get; } = [];

    /// <summary>Gets a value indicating whether the remote tier is not memcached.</summary>
    internal bool HasOtherRemote => DistributedCache is not null;

    /// <summary>Gets the message brokers that carry announcements. Extension methods of packages add them.</summary>
    internal IList<IMessageBroker> Brokers { get; private set; } = [];

    /// <summary>Gets the switches of tests. They cannot be set from configuration.</summary>
    internal TestSeams Seams { get; private set; } = new();

    /// <summary>Returns a copy. It shares <see cref="Memcached"/> and <see cref="ZooKeeper"/>, which their clients copy.</summary>
    internal NearCacheOptions Copy()
    {
        var copy = (NearCacheOptions)MemberwiseClone();
        copy.Budgets = Budgets.Copy();
        copy.Ensemble = Ensemble.Copy();
        copy.Monitor = Monitor.Copy();
        copy.Reports = Reports.Copy();
        copy.Seams = Seams with { };
        copy.Brokers = [.. Brokers];
        copy.ImmutableTypes = [.. ImmutableTypes];
        copy.LossyTypes = [.. LossyTypes];
        copy.Rules = [.. Rules.Select(rule => rule.Copy())];
        return copy;
    }
}
