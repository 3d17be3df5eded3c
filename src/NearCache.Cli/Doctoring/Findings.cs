namespace NearCache.Cli.Doctoring;

/// <summary>Every kind of finding. docs/operations/doctor.md has an entry of each.</summary>
internal static class Findings
{
    public static readonly Finding Configuration = Error(
        "configuration", CheckGroup.Configuration, "A process with these settings does not start.");

    public static readonly Finding NoServers = Error(
        "no-servers", CheckGroup.Configuration,
        "Without servers each process has a cache of its own, and no process sees the writes of another.");

    public static readonly Finding NotJudged = Warning(
        "not-judged", CheckGroup.Configuration, "What was not read in time may be well or not: this answer does not tell.");

    public static readonly Finding ServerUnreachable = Error(
        "server-unreachable", CheckGroup.Memcached, "Reads of its keys are misses, and writes fail.");

    public static readonly Finding ServerFull = Error(
        "server-full", CheckGroup.Memcached,
        "It refuses new connections: processes that start or reconnect cannot use it, and this tool cannot read it.");

    public static readonly Finding ServerRefuses = Error(
        "server-refuses", CheckGroup.Memcached, "No process with these settings can use the server.");

    public static readonly Finding ServerTooOld = Error(
        "server-too-old", CheckGroup.Memcached, "The client refuses versions whose meta commands have defects.");

    public static readonly Finding ServerUnreadable = Warning(
        "server-unreadable", CheckGroup.Memcached, "What is not read is not checked.");

    public static readonly Finding ConnectionsNearLimit = Warning(
        "connections-near-limit", CheckGroup.Memcached,
        "At the limit the server refuses every new connection, also those of processes that restart.");

    public static readonly Finding ServerEvicts = Warning(
        "server-evicts", CheckGroup.Memcached,
        "Items leave before their end: reads go to the source, and a server that evicts its counters voids near entries.");

    public static readonly Finding IdleTimeout = Warning(
        "idle-timeout", CheckGroup.Memcached,
            "The server closes idle connections before they are probed, so processes reconnect again and again.");

    public static readonly Finding ItemSize = Warning(
        "item-size", CheckGroup.Memcached, "Values that the clients accept are refused by the server.");

    public static readonly Finding NotOneServer = Error(
        "not-one-server", CheckGroup.Memcached,
        "Processes count writes on different servers behind one name, so the bound on staleness does not hold.");

    public static readonly Finding SameServerTwice = Error(
        "same-server-twice", CheckGroup.Memcached,
            "Two names are one server, which holds a share of the keys that is twice as large as meant.");

    public static readonly Finding CountersMissing = Error(
        "counters-missing", CheckGroup.Memcached,
            "Without counters no key of the server is served near, and every read goes to memcached.");

    public static readonly Finding RulesItemMissing = Warning(
        "rules-item-missing", CheckGroup.Agreement,
        "No key of the server is kept near until it carries the rules, and a stop reaches processes through the other servers alone.");

    public static readonly Finding RulesBehind = Warning(
        "rules-behind", CheckGroup.Agreement, "Processes on this server do not know the newest rules yet.");

    public static readonly Finding RulesAhead = Error(
        "rules-ahead", CheckGroup.Agreement, "The registry was restored or replaced, so an edit would work on old rules.");

    public static readonly Finding RulesUnsettled = Warning(
        "rules-unsettled", CheckGroup.Agreement,
        "Keys of new rules are not kept near on this server: nothing has confirmed for a whole lease that every writer knows them.");

    public static readonly Finding RulesUnreadable = Error(
        "rules-unreadable", CheckGroup.Agreement, "A process that cannot read the rules switches near caching off.");

    public static readonly Finding RegistryUnreadable = Error(
        "registry-unreadable", CheckGroup.Agreement,
            "A process that cannot read the registry switches near caching off, and no edit is possible.");

    public static readonly Finding RegistryMissing = Error(
        "registry-missing", CheckGroup.Agreement, "No rule can be edited, and new processes learn the rules from memcached alone.");

    public static readonly Finding StopInForce = Warning(
        "stop-in-force", CheckGroup.Agreement, "The stopped keys are read from memcached instead of from the processes.");

    public static readonly Finding StopNotObeyed = Error(
        "stop-not-obeyed", CheckGroup.Agreement, "The process still serves what the stop forbids.");

    public static readonly Finding RulesNotApplied = Warning(
        "rules-not-applied", CheckGroup.Agreement, "The process works by old rules.");

    public static readonly Finding ServersDiffer = Error(
        "servers-differ", CheckGroup.Agreement,
        "Processes with different lists keep a key on different servers: they do not see each other's writes.");

    public static readonly Finding PlacementDiffers = Error(
        "placement-differs", CheckGroup.Agreement,
        "Processes with different weights or distributions keep a key on different servers: they do not see each other's writes.");

    public static readonly Finding PrefixDiffers = Error(
        "prefix-differs", CheckGroup.Agreement, "Processes with different prefixes do not see each other's items.");

    public static readonly Finding OtherConfiguration = Error(
        "other-configuration", CheckGroup.Agreement, "This configuration is not that of the fleet, so this answer is not about the fleet.");

    public static readonly Finding ZooKeeperUnreachable = Error(
        "zookeeper-unreachable", CheckGroup.ZooKeeper,
        "Near reads continue, but invalidations take about a second, and rules cannot be edited.");

    public static readonly Finding NoQuorum = Error(
        "no-quorum", CheckGroup.ZooKeeper,
        "Without a majority the ensemble serves nothing: invalidations take about a second, and rules cannot be edited.");

    public static readonly Finding EnsembleServerDown = Warning(
        "ensemble-server-down", CheckGroup.ZooKeeper, "The ensemble has lost a part of its redundancy.");

    public static readonly Finding EnsembleSlow = Warning(
        "ensemble-slow", CheckGroup.ZooKeeper, "Invalidations are late, and sessions may expire.");

    public static readonly Finding ChrootMissing = Error(
        "chroot-missing", CheckGroup.ZooKeeper, "No process finds or creates a node of the namespace.");

    public static readonly Finding AccessDenied = Error(
        "access-denied", CheckGroup.ZooKeeper, "What the access rights do not allow is neither read nor repaired.");

    public static readonly Finding NodesMissing = Error(
        "nodes-missing", CheckGroup.ZooKeeper, "Announcements through missing slots are lost, and audits alone find the changes.");

    public static readonly Finding NewerFormat = Error(
        "newer-format", CheckGroup.ZooKeeper, "Processes of an older version leave the namespace alone, and rely on audits.");

    public static readonly Finding QuotaNearLimit = Warning(
        "quota-near-limit", CheckGroup.ZooKeeper, "Above an enforced quota ZooKeeper refuses members, announcements and edits.");

    public static readonly Finding CoTenants = Warning(
        "co-tenants", CheckGroup.ZooKeeper,
        "An overload of the ensemble by any application is an outage of all of them, and of the service registry first.");

    public static readonly Finding OverBudget = Warning(
        "over-budget", CheckGroup.ZooKeeper, "The namespace loads the ensemble more than its settings allow.");

    public static readonly Finding ProcessSilent = Warning(
        "process-silent", CheckGroup.Processes, "The process was killed, is paused, or does not reach memcached.");

    public static readonly Finding ProcessWithoutReport = Warning(
        "process-without-report", CheckGroup.Processes,
            "Nothing is known of what the process does, and it cannot say whether it obeys a stop.");

    public static readonly Finding MemberMissing = Warning(
        "member-missing", CheckGroup.Processes, "The process has no session in ZooKeeper, so it neither sends nor receives announcements.");

    public static readonly Finding ProcessStarved = Warning(
        "process-starved", CheckGroup.Processes, "The application blocks the threads of its pool: it is slow, and not the cache.");

    public static readonly Finding GateClosed = Warning(
        "gate-closed", CheckGroup.Processes, "The process serves nothing near from a server that no audit has confirmed.");

    public static readonly Finding CarrierSilent = Warning(
        "carrier-silent", CheckGroup.Processes,
        "The process learns of the writes of others from its audits, after about a second, or from its other carriers. Nothing is lost.");

    public static readonly Finding OldVersion = Warning(
        "old-version", CheckGroup.Processes, "An upgrade was not completed: new features wait for the last process of the old version.");

    public static readonly Finding CrashLoop = Warning(
        "crash-loop", CheckGroup.Processes, "The process starts again and again, and each start loads memcached and the source.");

    public static readonly Finding Complaints = Warning(
        "complaints", CheckGroup.Processes, "The process has logged an event that needs an administrator.");

    public static readonly Finding ReportsUnknown = Warning(
        "reports-unknown", CheckGroup.Processes, "Without reports the processes cannot be checked.");

    public static readonly Finding RuleSuspended = Warning(
        "rule-suspended", CheckGroup.Rules,
            "The keys are written too fast to be announced, so other processes learn of a write after about a second.");

    public static readonly Finding RuleUseless = Warning(
        "rule-useless", CheckGroup.Rules, "The rule costs a counted write and an announcement for each change, and saves hardly a read.");

    public static readonly Finding RuleOverLocks = Warning(
        "rule-over-locks", CheckGroup.Rules,
        "Keys of locks are written all the time and must never be read near: such a rule once brought an ensemble down.");

    public static readonly Finding RuleShadowed = Warning(
        "rule-shadowed", CheckGroup.Rules, "More specific rules decide for its keys, so its settings have no effect.");

    public static readonly Finding UsageUnknown = Warning(
        "usage-unknown", CheckGroup.Rules, "Without the use of the rules it is not known which of them help.");

    public static readonly Finding NamespaceUnknown = Error(
        "namespace-unknown", CheckGroup.Namespaces,
            "A mistyped namespace is a cache of its own: no process sees the writes of the others.");

    public static readonly Finding NamespacesLeftOver = Warning(
        "namespaces-left-over", CheckGroup.Namespaces,
            "Nodes of fleets that no longer run take memory of the ensemble, and hide mistakes.");

    public static readonly Finding TooManyNamespaces = Warning(
        "too-many-namespaces", CheckGroup.Namespaces, "Usually each process has a namespace of its own by mistake.");

    public static readonly Finding NodesLeftOver = Warning(
        "nodes-left-over", CheckGroup.Namespaces, "Nodes of an older layout take memory of every server of the ensemble.");

    /// <summary>Gets all findings, in the order of the documentation.</summary>
    public static IReadOnlyList<Finding> All { get; } =
    [
        Configuration, NoServers, NotJudged,
        ServerUnreachable, ServerFull, ServerRefuses, ServerTooOld, ServerUnreadable, ConnectionsNearLimit, ServerEvicts, IdleTimeout,
        ItemSize, NotOneServer, SameServerTwice, CountersMissing,
        RulesItemMissing, RulesBehind, RulesAhead, RulesUnsettled, RulesUnreadable, RegistryUnreadable, RegistryMissing, StopInForce,
        StopNotObeyed, RulesNotApplied, ServersDiffer, PlacementDiffers, PrefixDiffers, OtherConfiguration,
        ZooKeeperUnreachable, NoQuorum, EnsembleServerDown, EnsembleSlow, ChrootMissing, AccessDenied, NodesMissing, NewerFormat,
        QuotaNearLimit, CoTenants, OverBudget,
        ProcessSilent, ProcessWithoutReport, MemberMissing, ProcessStarved, GateClosed, CarrierSilent, OldVersion, CrashLoop, Complaints,
        ReportsUnknown,
        RuleSuspended, RuleUseless, RuleOverLocks, RuleShadowed, UsageUnknown,
        NamespaceUnknown, NamespacesLeftOver, TooManyNamespaces, NodesLeftOver,
    ];

    private static Finding Error(string id, CheckGroup group, string why) => new(id, group, CheckLevel.Error, why);

    private static Finding Warning(string id, CheckGroup group, string why) => new(id, group, CheckLevel.Warning, why);
}
