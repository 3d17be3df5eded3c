using System.Text.Json;
using Microsoft.Extensions.Caching.Distributed;
using NearCache.Memcached;
using NearCache.ZooKeeper;

namespace NearCache;

/// <summary>
/// The settings of one cache. They are copied when the cache is built; changing this object later has no effect, changing the configuration
/// has: see <c>docs/configuration.md</c>.
/// </summary>
/// <remarks>
/// In configuration durations are written <c>hh:mm:ss</c>, and a name that is not known is an error. See <c>docs/configuration.md</c>.
/// </remarks>
public sealed class NearCacheOptions
{
    /// <summary>
    /// Below this an audit could not be explained before the gate closes: up to 1.1 s until the next audit is sent, at least 1 s in which
    /// news may arrive before segments are flushed, and what remains for the round trips.
    /// </summary>
    internal static readonly TimeSpan LeastMaxStaleness = TimeSpan.FromSeconds(3);

    /// <summary>The longest <see cref="StaleLifetime"/>.</summary>
    internal static readonly TimeSpan LongestStaleLifetime = TimeSpan.FromDays(7);

    /// <summary>Who shares this cache: processes with one namespace, one list of servers and one key prefix see each other's writes.
    /// 1 to 64 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>.</summary>
    /// <value>Default: <c>default</c>.</value>
    public string Namespace { get; set; } = "default";

    /// <summary>
    /// Put before every key on memcached; near entries and rules do not see it. At most 64 visible ASCII characters, not beginning with
    /// <c>~</c>. Every process of a namespace must have the same.
    /// </summary>
    /// <value>
    /// Null, the default: the namespace and <c>:</c>, so that namespaces on the same servers never share a key; empty where processes of an
    /// older version keep the namespace's keys without a prefix. An empty text is for moving in beside other clients of the same keys.
    /// </value>
    public string? KeyPrefix { get; set; }

    /// <summary>How stale a near hit may be: it was the newest completed write at some instant no longer ago.</summary>
    /// <value>Default: 5 s. At least 3 s.</value>
    public TimeSpan MaxStaleness { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long after a rule was seen on a server nothing is filled by it from there, so that every writer knows it by then.
    /// Must exceed the operation timeout of memcached; every process of a namespace must have the same.</summary>
    /// <value>Default: 5 s. At most 5 minutes.</value>
    public TimeSpan RuleLease { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an item lives on memcached when a write does not say.</summary>
    /// <value>Default: 1 h. At least 1 s, at most 30 days.</value>
    public TimeSpan ItemLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How long an entry may stay near when its rule does not say. It bounds what writers that do not use NearCache leave stale.
    /// </summary>
    /// <value>Default: 60 s.</value>
    public TimeSpan NearLifetime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How many entries are kept near; beyond that those go that were not used lately.</summary>
    /// <value>Default: 100,000.</value>
    public int NearEntries { get; set; } = 100_000;

    /// <summary>
    /// How many bytes near entries may take altogether, by estimate: the key, the value as memcached has it (strings twice), and 200 bytes
    /// an entry. A value that is larger alone is never near.
    /// </summary>
    /// <value>Default: 0, only <see cref="NearEntries"/> counts.</value>
    public long NearBytes { get; set; }

    /// <summary>
    /// How long one process may take to fill a missing item before others no longer wait for it. Whole seconds, as memcached counts.
    /// </summary>
    /// <value>Default: 5 s. At most 5 minutes.</value>
    public TimeSpan FillLease { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether processes share the filling of a missing item. Leases leave empty stubs that other memcached clients see as hits: false
    /// while such clients read the same keys. Then what a factory returned is added if the key is still absent, and a removal during the
    /// factory goes unnoticed.
    /// </summary>
    /// <value>Default: true.</value>
    public bool UseLeases { get; set; } = true;

    /// <summary>How values stand on memcached: NearCache's own way, or one that other clients of the same keys know.</summary>
    /// <value>Default: <see cref="StoredFormat.Envelope"/>. Counters and whatever else is NearCache's own are the same in all.</value>
    public StoredFormat Format { get; set; }

    /// <summary>A way to write values that <see cref="Format"/> does not know.</summary>
    /// <value>Null, the default: <see cref="Format"/> says. Not read from configuration.</value>
    public IValueFormat? ValueFormat { get; set; }

    /// <summary>
    /// How values of at least <see cref="CompressionThreshold"/> bytes are made smaller before they are sent; not those that would stay
    /// larger than nine tenths. Near, nothing is compressed. Every process reads what was compressed; those of a version without
    /// compression take it as a miss.
    /// </summary>
    /// <value>Default: <see cref="ValueCompression.None"/>. Only with <see cref="StoredFormat.Envelope"/>.</value>
    public ValueCompression Compression { get; set; }

    /// <summary>How many bytes a value has at least that is compressed.</summary>
    /// <value>Default: 4,096.</value>
    public int CompressionThreshold { get; set; } = 4096;

    /// <summary>
    /// What is done with a key that is longer than 250 bytes of UTF-8 together with the prefix. Every process must have the same.
    /// </summary>
    /// <value>Default: <see cref="LongKeyPolicy.Refuse"/>.</value>
    public LongKeyPolicy LongKeys { get; set; }

    /// <summary>How often each server is audited, ± 10 %.</summary>
    /// <value>Default: 1 s. At least 100 ms, at most a third of <see cref="MaxStaleness"/>.</value>
    public TimeSpan AuditInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>What a read does when memcached cannot be asked. Writes always throw.</summary>
    /// <value>Default: <see cref="RemoteFailurePolicy.Miss"/>.</value>
    public RemoteFailurePolicy OnRemoteFailure { get; set; }

    /// <summary>
    /// How long <see cref="NearCacheHealthCheck"/> waits at most for the cache to warm up: until every memcached server has been audited,
    /// and the keys that rules list are fetched. Zero: not at all.
    /// </summary>
    /// <value>Default: 5 s. At most 5 minutes.</value>
    public TimeSpan WarmUp { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether the in-process stand-in for memcached and ZooKeeper may be used under a host outside of the Development environment.
    /// </summary>
    /// <value>Default: false, the host does not start there without memcached. Without a host it always may.</value>
    public bool AllowEmbedded { get; set; }

    /// <summary>
    /// How many factories this cache runs at once; the others wait. It shields the source while memcached fails. A factory that itself
    /// waits for a cache does not count meanwhile.
    /// </summary>
    /// <value>Default: 64.</value>
    public int MaxConcurrentFactories { get; set; } = 64;

    /// <summary>
    /// How long, while memcached or the source fails, what one caller just got is handed to other callers of the key. Zero: never.
    /// </summary>
    /// <value>Default: 1 s. At most <see cref="MaxStaleness"/>.</value>
    public TimeSpan FactoryReuse { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a caller waits for its factory when there is a stale value to serve (<see cref="StaleLifetime"/>); the factory then goes on
    /// without it, and what it returns is stored.
    /// </summary>
    /// <value>Null, the default: until the factory ends.</value>
    public TimeSpan? FactorySoftTimeout { get; set; }

    /// <summary>
    /// How long a factory may take altogether, the wait for its turn included. Then its token is cancelled, and the callers get a stale
    /// value if there is one, else <see cref="FactoryTimeoutException"/>.
    /// </summary>
    /// <value>Null, the default: as long as it likes.</value>
    public TimeSpan? FactoryTimeout { get; set; }

    /// <summary>
    /// How old a value may be that <c>GetOrCreateAsync</c> returns because the factory failed or is slow, and any read with
    /// <see cref="RemoteFailurePolicy.ServeStale"/> because memcached failed. Such a value is marked
    /// (<see cref="CacheResult{T}.IsStale"/>), and <see cref="MaxStaleness"/> does not bound it. A key that this process knows to be
    /// written or removed has none.
    /// </summary>
    /// <value>Default: zero, never. At most 7 days.</value>
    public TimeSpan StaleLifetime { get; set; }

    /// <summary>How many values are remembered for <see cref="StaleLifetime"/>; the newest are.</summary>
    /// <value>Default: 10,000.</value>
    public int StaleEntries { get; set; } = 10_000;

    /// <summary>
    /// After which part of its lifetime <c>GetOrCreateAsync</c> fetches a value from the source again, in the background and in one process
    /// of the fleet, while the old one is still served: 0.8 is after four fifths.
    /// </summary>
    /// <value>Default: 0, never. Below 1.</value>
    public double EagerRefresh { get; set; }

    /// <summary>
    /// The lifetime of what <c>GetOrCreateAsync</c> stores, and of each near entry, is shortened by a random part of at most this, so that
    /// what was stored together does not end together.
    /// </summary>
    /// <value>Default: 0.1. At most 0.5.</value>
    public double LifetimeJitter { get; set; } = 0.1;

    /// <summary>Whether a rule whose keys are written too fast is announced no more until they are quiet again.</summary>
    /// <value>Default: true.</value>
    public bool ChurnBreaker { get; set; } = true;

    /// <summary>Writes a second to the keys of one rule, in one process and for 5 s, above which the churn breaker trips.</summary>
    /// <value>Default: 20.</value>
    public double MaxWritesPerSecond { get; set; } = 20;

    /// <summary>
    /// Writes a second to the keys of one rule, of all processes together over half a minute, above which the churn breaker trips. A rule
    /// whose <see cref="MaxWritesPerSecond"/> is higher has that as its limit.
    /// </summary>
    /// <value>
    /// Null, the default: half of <see cref="BudgetOptions.AnnouncementsPerNamespace"/>, which is 50. Each write of a process that writes
    /// seldom is a transaction of its own, and no single rule may take what all others need.
    /// </value>
    public double? MaxFleetWritesPerSecond { get; set; }

    /// <summary>What the ZooKeeper ensemble is asked to do at most.</summary>
    public BudgetOptions Budgets { get; private set; } = new();

    /// <summary>How this namespace behaves in an ensemble that others use, too.</summary>
    public EnsembleOptions Ensemble { get; private set; } = new();

    /// <summary>The memcached servers. None, and no ZooKeeper either: an embedded stand-in for development and tests.</summary>
    public MemcachedOptions Memcached { get; } = new();

    /// <summary>
    /// Another vendor's cache in the place of memcached, which can only get, set and remove: what is promised then, and what is not, is in
    /// <c>docs/other-remotes.md</c>. It is not disposed.
    /// </summary>
    /// <value>Default: null. Not read from configuration; in a container <c>UseDistributedCache</c> sets it.</value>
    public IDistributedCache? DistributedCache { get; set; }

    /// <summary>The ZooKeeper ensemble. None: audits alone, an invalidation takes about a second.</summary>
    /// <remarks>A cache outlives its sessions: <see cref="ZooKeeperOptions.RenewSession"/> is on here.</remarks>
    public ZooKeeperOptions ZooKeeper { get; } = new() { RenewSession = true };

    /// <summary>
    /// How values that are neither strings nor bytes are written as JSON; copied. Where no resolver is set and the application may use
    /// reflection, the serializer's default one is taken. A trimmed application sets it to the options of a source-generated context that
    /// lists the types of its values.
    /// </summary>
    /// <value>
    /// Null, the default: the serializer's own defaults, with fields and with named floating-point literals. Not read from configuration.
    /// </value>
    public JsonSerializerOptions? Json { get; set; }

    /// <summary>
    /// Types whose values nobody changes, so that all callers have the same instance; also where they are held by tuples and immutable
    /// collections. Of any other type that can be changed each caller gets a copy of its own. Strings, numbers, and sealed types with
    /// <c>[ImmutableObject(true)]</c> need not be named.
    /// </summary>
    /// <value>Default: empty. Not read from configuration; a rule says the same by <see cref="RuleOptions.ShareValues"/>.</value>
    public ICollection<Type> ImmutableTypes { get; private set; } = [];

    /// <summary>
    /// Types whose values are stored although JSON does not hold all their state, for example a field that only remembers what was
    /// computed; <c>object</c> lets any value stand in members of that type, and come back as a <see cref="JsonElement"/>. Of any other
    /// type a write throws <see cref="NotSupportedException"/> that says what would be lost.
    /// </summary>
    /// <value>Default: empty. Not read from configuration.</value>
    public ICollection<Type> LossyTypes { get; private set; } = [];

    /// <summary>With ZooKeeper the rules that the registry begins with where there is none; without it the rules.</summary>
    /// <value>Default: empty, nothing is kept near.</value>
    public IList<RuleOptions> Rules { get; private set; } = [];

    /// <summary>The path of the section that these were read from; empty: none.</summary>
    internal string Source { get; set; } = "";

    /// <summary>What was wrong in the configuration that these were read from; the validator reports it with the rest.</summary>
    internal List<string> BindingErrors { get; } = [];

    /// <summary>Whether something else than memcached is the remote.</summary>
    internal bool HasOtherRemote => DistributedCache is not null;

    /// <summary>What only tests change. No configuration can say it.</summary>
    internal TestSeams Seams { get; private set; } = new();

    /// <summary>A copy; <see cref="Memcached"/> and <see cref="ZooKeeper"/> are shared with it, since their clients copy them.</summary>
    internal NearCacheOptions Copy()
    {
        var copy = (NearCacheOptions)MemberwiseClone();
        copy.Budgets = Budgets.Copy();
        copy.Ensemble = Ensemble.Copy();
        copy.Seams = Seams with { };
        copy.ImmutableTypes = [.. ImmutableTypes];
        copy.LossyTypes = [.. LossyTypes];
        copy.Rules = [.. Rules.Select(rule => rule.Copy())];
        return copy;
    }
}
