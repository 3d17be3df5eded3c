#pragma warning disable CA1873   // The message of an exception is cheap, and these events are rare.

using Microsoft.Extensions.Logging;

namespace NearCache.Diagnostics;

/// <summary>All log events of NearCache. Ids and names never change.</summary>
/// <remarks>
/// 1000–1099 start and end, 1100–1199 coherence, 1200–1299 remote, 1300–1399 rules, 1400–1499 ZooKeeper, 1500–1599 factories, 1600–1699
/// adapters, 1700–1729 process reports, 1860–1879 carriers of announcements, 1880–1899 events of the application.
/// </remarks>
internal static partial class Log
{
    [LoggerMessage(
        1000,
        LogLevel.Warning,
        "NearCache uses its embedded remote: no data is shared with other processes, and all data is lost when this process "
            + "ends. Set NearCache:Memcached:Servers, except for development.")]
    public static partial void Embedded(this ILogger logger);

    [LoggerMessage(
        1001,
        LogLevel.Information,
        "NearCache started: namespace {Namespace}, {Servers} memcached servers, ZooKeeper {ZooKeeper}.")]
    public static partial void Started(this ILogger logger, string @namespace, int servers, string zooKeeper);

    [LoggerMessage(
        1002,
        LogLevel.Warning,
        "Shutting down: {Announcements} announcements could not be sent within {Limit}. The audits of other processes find "
            + "these changes.")]
    public static partial void AnnouncementsLeft(this ILogger logger, int announcements, TimeSpan limit);

    [LoggerMessage(1003, LogLevel.Error, "The changed configuration is refused, and the settings stay unchanged: {Reason}")]
    public static partial void ReloadRefused(this ILogger logger, string reason);

    [LoggerMessage(1004, LogLevel.Information, "Settings of the namespace {Namespace} changed and are in effect: {Settings}.")]
    public static partial void SettingsTaken(this ILogger logger, string @namespace, string settings);

    [LoggerMessage(1005, LogLevel.Warning, "Settings of the namespace {Namespace} changed that take effect at the next start: {Settings}.")]
    public static partial void SettingsWaiting(this ILogger logger, string @namespace, string settings);

    [LoggerMessage(1010, LogLevel.Warning, "{What} Every setting that is not set in code has its default.")]
    public static partial void SectionAbsent(this ILogger logger, string what);

    [LoggerMessage(
        1100,
        LogLevel.Warning,
        "Segment {Segment} of {Server} flushed: {Reason}; {Count} segments since the last such message, which is logged at most"
            + " once a minute.")]
    public static partial void SegmentFlushed(this ILogger logger, int segment, string server, string reason, long count);

    [LoggerMessage(1101, LogLevel.Warning, "All near entries of {Server} voided: {Reason}.")]
    public static partial void ServerFlushed(this ILogger logger, string server, string reason);

    [LoggerMessage(
        1102,
        LogLevel.Warning,
        "{Server} has not been confirmed for {MaxStaleness}: its keys are not served near until an audit succeeds.")]
    public static partial void GateClosed(this ILogger logger, string server, TimeSpan maxStaleness);

    [LoggerMessage(1103, LogLevel.Information, "{Server} is confirmed: its keys are served near again.")]
    public static partial void GateOpened(this ILogger logger, string server);

    [LoggerMessage(1117, LogLevel.Information, "{Server} is confirmed for the first time: keys that rules match are served near.")]
    public static partial void GateOpenedFirst(this ILogger logger, string server);

    [LoggerMessage(
        1118,
        LogLevel.Information,
        "The counters of this namespace were created on {Server}. None of its keys was near before.")]
    public static partial void CountersMade(this ILogger logger, string server);

    [LoggerMessage(1104, LogLevel.Debug, "An audit of {Server} failed.")]
    public static partial void AuditFailed(this ILogger logger, Exception exception, string server);

    [LoggerMessage(
        1105,
        LogLevel.Warning,
        "A write on {Server} may have been executed without being counted: its segment {Segment} is owed a count until the "
            + "server has acknowledged one.")]
    public static partial void DebtLeft(this ILogger logger, string server, int segment);

    [LoggerMessage(
        1106,
        LogLevel.Error,
        "A background loop of NearCache failed: {Loop}. Near entries are served for at most MaxStaleness from now on.")]
    public static partial void LoopFailed(this ILogger logger, Exception exception, string loop);

    // Not a warning: a failed server would cause one for each call. The client logs the failure of the server once, and a counter counts
    // the calls.
    [LoggerMessage(
        1130,
        LogLevel.Error,
        "{Server} reports the key prefix \"{Theirs}\" for the namespace {Namespace}, but this process has \"{Own}\": it reads "
            + "and writes other items than the rest of the fleet, so nothing is near in this process. Set NearCache:KeyPrefix to "
            + "\"{Theirs}\", or give this application a separate Namespace.")]
    public static partial void KeyPrefixDiffers(this ILogger logger, string server, string @namespace, string theirs, string own);

    [LoggerMessage(
        1131,
        LogLevel.Information,
        "The servers report the same key prefix for the namespace {Namespace} as this process has (\"{Own}\"): its keys may be "
            + "near again.")]
    public static partial void KeyPrefixAgrees(this ILogger logger, string @namespace, string own);

    [LoggerMessage(
        1132,
        LogLevel.Warning,
        "{Server} has keys of the namespace {Namespace} without a prefix, from processes of an older version or by their "
            + "setting. NearCache:KeyPrefix is not set and stays empty here, so that all processes read the same items. Set it to "
            + "\"\" to keep it empty; docs/migration.md describes how a namespace gets its prefix.")]
    public static partial void KeyPrefixStaysEmpty(this ILogger logger, string server, string @namespace);

    [LoggerMessage(1200, LogLevel.Debug, "{Operation} on memcached failed; the caller sees {Outcome}.")]
    public static partial void RemoteFailed(this ILogger logger, Exception exception, string operation, string outcome);

    [LoggerMessage(
        1201,
        LogLevel.Warning,
        "A value on {Server} could not be read and is a miss: {Reason}. {Problem} Further ones are counted, and logged again "
            + "after ten seconds at the earliest.")]
    private static partial void ValueUnreadable(this ILogger logger, Exception? exception, string server, string reason, string problem);

    /// <summary>Logs one line, with the stack trace at level Debug.</summary>
    public static void ValueUnreadable(this ILogger logger, Exception? exception, string server, string reason) =>
        logger.ValueUnreadable(AtDebug(logger, exception), server, reason, exception?.Message ?? "It has the flags of something else.");

    [LoggerMessage(1300, LogLevel.Information, "Rules of revision {Revision} applied: {Rules} rules.")]
    public static partial void RulesApplied(this ILogger logger, long revision, int rules);

    [LoggerMessage(
        1301,
        LogLevel.Error,
        "The rules cannot be read ({Source}): nothing is served near, and every write is counted, until they can. {Reason}")]
    public static partial void RulesUnreadable(this ILogger logger, string source, string reason);

    [LoggerMessage(
        1302,
        LogLevel.Error,
        "{Server} carries rules of revision {Found}, but the registry has {Known}: another program writes them.")]
    public static partial void RulesAhead(this ILogger logger, string server, long found, long known);

    [LoggerMessage(1303, LogLevel.Warning, "Stopped: {What}, by {Who}: {Why} None of its keys is served near until stop {Id} is cleared.")]
    public static partial void Stopped(this ILogger logger, string what, string who, string why, string id);

    [LoggerMessage(1304, LogLevel.Information, "{Stops} stops were added to the registry, which lacked them.")]
    public static partial void StopsCarried(this ILogger logger, int stops);

    [LoggerMessage(
        1305,
        LogLevel.Error,
        "The churn breaker tripped for rule {Rule}: {Why}. No process announces its writes until they have been quiet for "
            + "{Pause}; near reads continue, and audits invalidate them. Narrow or remove the rule, or raise MaxWritesPerSecond or "
            + "MaxFleetWritesPerSecond if the rate is meant.")]
    public static partial void ChurnBreakerTripped(this ILogger logger, string rule, string why, TimeSpan pause);

    [LoggerMessage(
        1306,
        LogLevel.Error,
        "Rule {Rule} could not be stopped: {Problem} Its writes are not announced by this process any more.")]
    private static partial void StopNotPut(this ILogger logger, Exception? exception, string rule, string problem);

    /// <summary>Logs one line, with the stack trace at level Debug.</summary>
    public static void StopNotPut(this ILogger logger, Exception exception, string rule) =>
        logger.StopNotPut(AtDebug(logger, exception), rule, exception.Message);

    [LoggerMessage(
        1307,
        LogLevel.Warning,
        "NearCache:Rules changed in the configuration, which changes nothing: the registry in ZooKeeper has rules (revision "
            + "{Revision}), and they are edited there, through IRuleRegistry.")]
    public static partial void RulesAreTheRegistrys(this ILogger logger, long revision);

    [LoggerMessage(
        1308,
        LogLevel.Error,
        "The rules of the configuration are refused, and those of revision {Revision} stay in force: {Reason}")]
    public static partial void ConfiguredRulesRefused(this ILogger logger, long revision, string reason);

    [LoggerMessage(
        1309,
        LogLevel.Warning,
        "{Server} carries other rules of revision {Revision} than this process: two processes were configured differently at "
            + "the same time. The rules of one of them are in force in both from now on; give all processes the same NearCache:Rules.")]
    public static partial void RulesDisagree(this ILogger logger, string server, long revision);

    [LoggerMessage(1330, LogLevel.Information, "Rule {Rule}: {Covers}{State}.")]
    public static partial void RuleUnderstood(this ILogger logger, string rule, string covers, string state);

    [LoggerMessage(1331, LogLevel.Warning, "Rule {Rule} covers {Covers}, which is probably not what is meant: {Advice}")]
    public static partial void RuleLooksWrong(this ILogger logger, string rule, string covers, string advice);

    [LoggerMessage(
        1332,
        LogLevel.Warning,
        "NearCache:Rules differ from the registry in ZooKeeper, which alone decides (revision {Revision}): {Differences}. Edit "
            + "the registry through IRuleRegistry, or change the configuration to match it.")]
    public static partial void RulesDifferFromRegistry(this ILogger logger, long revision, string differences);

    [LoggerMessage(
        1310,
        LogLevel.Warning,
        "The churn breaker of rule {Rule} tripped in {Who}: {Why}. No process announces its writes until they are quiet; near "
            + "reads continue, and audits invalidate them.")]
    public static partial void AnnouncingSuspended(this ILogger logger, string rule, string who, string why);

    [LoggerMessage(
        1311,
        LogLevel.Information,
        "The churn breaker of rule {Rule} is half-open: its keys were quiet, and a few of their writes are announced again.")]
    public static partial void ChurnBreakerHalfOpen(this ILogger logger, string rule);

    [LoggerMessage(1312, LogLevel.Information, "The churn breaker of rule {Rule} is closed: all its writes are announced again.")]
    public static partial void ChurnBreakerClosed(this ILogger logger, string rule);

    [LoggerMessage(
        1314,
        LogLevel.Warning,
        "{Lines} log lines about rules were left out, to keep to {Limit} a minute: the rules change again and again. Revision "
            + "{Revision} is in force now, with {Rules} rules{Problem}.")]
    public static partial void RuleLinesLeftOut(this ILogger logger, int lines, int limit, long revision, int rules, string problem);

    [LoggerMessage(
        1315,
        LogLevel.Warning,
        "{Count} churn breakers on memcached are of rules that this process does not have, the first of rule {Rule} ({Who}: "
            + "{Why}). They change nothing here: either the rules have just been edited, or the item was written by hand.")]
    public static partial void UnknownCircuits(this ILogger logger, int count, string rule, string who, string why);

    [LoggerMessage(1313, LogLevel.Warning, "The item on memcached that carries the churn breakers cannot be read: {Reason}. {Remedy}")]
    public static partial void CircuitsUnreadable(this ILogger logger, string reason, string remedy);

    [LoggerMessage(1400, LogLevel.Warning, "ZooKeeper is away. Changes made elsewhere are seen by the audits, within about a second.")]
    public static partial void ZooKeeperAway(this ILogger logger);

    [LoggerMessage(1401, LogLevel.Information, "ZooKeeper is back: slots and rules are read again.")]
    public static partial void ZooKeeperBack(this ILogger logger);

    [LoggerMessage(1415, LogLevel.Information, "ZooKeeper is connected: slots and rules are read.")]
    public static partial void ZooKeeperConnected(this ILogger logger);

    [LoggerMessage(
        1402,
        LogLevel.Warning,
        "ZooKeeper operation {Operation} failed at {Path}, {Failures} times in a row now: {Problem} It is retried after "
            + "increasing delays; further failures are counted, and logged again after ten minutes.")]
    private static partial void ZooKeeperFailed(
        this ILogger logger, Exception? exception, EnsembleRequest operation, string path, int failures, string problem);

    /// <summary>Logs one line, with the stack trace at level Debug.</summary>
    public static void ZooKeeperFailed(this ILogger logger, Exception exception, EnsembleRequest operation, string path, int failures) =>
        logger.ZooKeeperFailed(AtDebug(logger, exception), operation, path, failures, exception.Message);

    [LoggerMessage(
        1403,
        LogLevel.Warning,
        "{Path} has a newer format ({Format}) than this process can read. It is not changed, and the audits find changes "
            + "instead.")]
    public static partial void NewerFormat(this ILogger logger, string path, int format);

    [LoggerMessage(
        1404,
        LogLevel.Warning,
        "With {Members} members only {Read} of {Slots} slots are read; the audits find the other changes.")]
    public static partial void FewerSlotsRead(this ILogger logger, int members, int read, int slots);

    [LoggerMessage(
        1405,
        LogLevel.Warning,
        "The ZooKeeper ensemble is shared with other applications: {Neighbours}. Load on it affects them. NearCache keeps to "
            + "its budgets (Budgets); Ensemble:QuotaZNodes and Ensemble:QuotaBytes let the ensemble enforce limits; "
            + "Ensemble:LookForNeighbours=false disables this warning.")]
    public static partial void NeighboursFound(this ILogger logger, string neighbours);

    [LoggerMessage(
        1406,
        LogLevel.Warning,
        "ZooKeeper refused {Operation}: a quota of {Path} or above it is used up. Near caching continues, and changes made "
            + "elsewhere are seen within about a second. It is retried after delays of up to five minutes; further refusals are "
            + "counted, and logged again after an hour.")]
    public static partial void QuotaUsedUp(this ILogger logger, EnsembleRequest operation, string path);

    [LoggerMessage(1407, LogLevel.Information, "A quota was set on {Path} in ZooKeeper: {Limits}.")]
    public static partial void QuotaSet(this ILogger logger, string path, string limits);

    [LoggerMessage(1408, LogLevel.Warning, "No quota was set on {Path} in ZooKeeper: {Reason}. {Problem}")]
    private static partial void QuotaNotSet(this ILogger logger, Exception? exception, string path, string reason, string problem);

    /// <summary>Logs one line, with the stack trace at level Debug.</summary>
    public static void QuotaNotSet(this ILogger logger, Exception? exception, string path, string reason) =>
        logger.QuotaNotSet(AtDebug(logger, exception), path, reason, exception?.Message ?? "");

    [LoggerMessage(
        1409,
        LogLevel.Warning,
        "{Members} processes can confirm their near entries only every {Period} within the budget (Budgets:Deliveries), which "
            + "is too rare for a MaxStaleness of {MaxStaleness}: nothing is served near. Over an IDistributedCache only ZooKeeper "
            + "confirms; with memcached its counters do.")]
    public static partial void TooManyToConfirm(this ILogger logger, int members, TimeSpan period, TimeSpan maxStaleness);

    [LoggerMessage(1420, LogLevel.Information, "ZooKeeper operation {Operation} works again, after {Failures} failures.")]
    public static partial void ZooKeeperWorksAgain(this ILogger logger, EnsembleRequest operation, int failures);

    [LoggerMessage(
        1421,
        LogLevel.Warning,
        "The namespace in ZooKeeper is damaged: {Problem}. Near caching continues, and changes made elsewhere are seen within "
            + "about a second. To repair it, in zkCli: {Command}")]
    public static partial void NamespaceDamaged(this ILogger logger, string problem, string command);

    [LoggerMessage(1422, LogLevel.Information, "Created again in ZooKeeper: {Paths}.")]
    public static partial void NamespaceRepaired(this ILogger logger, string paths);

    [LoggerMessage(
        1440,
        LogLevel.Warning,
        "The namespace {Namespace} {Why}. If every process has a separate namespace, no process sees the writes of others, and "
            + "each leaves 13 znodes in ZooKeeper: give all processes that share data one Namespace. NamespaceCleaner removes unused "
            + "namespaces.")]
    public static partial void NamespaceLooksGenerated(this ILogger logger, string @namespace, string why);

    [LoggerMessage(
        1441,
        LogLevel.Warning,
        "{Namespaces} namespaces exist under {Root} in ZooKeeper, more than {Limit} (Ensemble:WarnAboveNamespaces). Usually "
            + "each process has a separate one by mistake: give all processes that share data one Namespace. NamespaceCleaner removes"
            + " unused namespaces.")]
    public static partial void ManyNamespaces(this ILogger logger, int namespaces, string root, int limit);

    // As event 1200: one for each call while a source fails; a counter counts them.
    [LoggerMessage(1500, LogLevel.Debug, "A factory failed; the caller sees a stale value.")]
    public static partial void FactoryFailed(this ILogger logger, Exception exception);

    [LoggerMessage(
        1501,
        LogLevel.Warning,
        "A value was not refreshed in the background because its factory failed: {Problem} Further failures are counted, and "
            + "logged again after ten seconds at the earliest.")]
    private static partial void RefreshFailed(this ILogger logger, Exception? exception, string problem);

    /// <summary>Logs one line, with the stack trace at level Debug.</summary>
    public static void RefreshFailed(this ILogger logger, Exception exception) =>
        logger.RefreshFailed(AtDebug(logger, exception), exception.Message);

    [LoggerMessage(1600, LogLevel.Warning, "HybridCache: a key is not cached, because it {Reason}.")]
    public static partial void HybridKeyRefused(this ILogger logger, string reason);

    [LoggerMessage(1601, LogLevel.Warning, "HybridCache: a value of {Bytes} bytes is not stored, because {Reason}.")]
    public static partial void HybridValueTooLarge(this ILogger logger, int bytes, string reason);

    [LoggerMessage(1602, LogLevel.Warning, "HybridCache: a stored value cannot be read as a {Type} and is replaced: {Problem}")]
    private static partial void HybridValueUnreadable(this ILogger logger, Exception? exception, string type, string problem);

    /// <summary>Logs one line, with the stack trace at level Debug.</summary>
    public static void HybridValueUnreadable(this ILogger logger, Exception? exception, string type) =>
        logger.HybridValueUnreadable(AtDebug(logger, exception), type, exception?.Message ?? "it is of another type");

    [LoggerMessage(1603, LogLevel.Warning, "HybridCache: {Setting} is {Value}, which is not honored: {Reason}.")]
    public static partial void HybridSettingNotHonoured(this ILogger logger, string setting, string value, string reason);

    [LoggerMessage(1700, LogLevel.Information, "This process stores no reports of itself, and a console cannot see it: {Reason}.")]
    public static partial void NoReports(this ILogger logger, string reason);

    [LoggerMessage(
        1701,
        LogLevel.Warning,
        "{Server} has no place for the report of this process: all {Places} places hold reports of other processes, or items of "
            + "another program. The process works as before, but a console cannot see it. It looks for a place with each report.")]
    public static partial void NoPlaceForReport(this ILogger logger, string server, int places);

    [LoggerMessage(
        1800,
        LogLevel.Error,
        "{Problem}. No key of {Server} is served near until this is repaired, since changes of other processes may stay unseen; "
            + "docs/coherence.md lists the deployments.")]
    public static partial void ServerInConflict(this ILogger logger, string problem, string server);

    [LoggerMessage(
        1801,
        LogLevel.Information,
        "{Server} has shown one identity that was not superseded for some minutes: its keys may be served near again.")]
    public static partial void ServerConflictOver(this ILogger logger, string server);

    [LoggerMessage(
        1802,
        LogLevel.Error,
        "Other processes of the namespace {Namespace} place keys on \"{Theirs}\", and this process on \"{Own}\": they look for a "
            + "key on different servers or under different names, so changes may stay unseen. Give all processes the same "
            + "Memcached:Servers in the same order, Memcached:Distribution and KeyPrefix. During a rolling change of the list this is "
            + "expected until the last process has it.")]
    public static partial void PlacementDiffers(this ILogger logger, string @namespace, string theirs, string own);

    [LoggerMessage(1803, LogLevel.Information, "All processes of the namespace {Namespace} place keys alike: \"{Own}\".")]
    public static partial void PlacementsAgree(this ILogger logger, string @namespace, string own);

    [LoggerMessage(
        1830,
        LogLevel.Error,
        "A near hit broke the promise: the key {Key} of {Server}, segment {Segment}, was served near more than {MaxStaleness} after a "
            + "newer write was complete: {Details}. Check that {Server} is one server for every process, and report this line; "
            + "IRuleRegistry.StopAsync stops near caching in every process. Further violations are counted, and logged again after "
            + "ten seconds at the earliest.")]
    public static partial void PromiseBroken(
        this ILogger logger, ShownKey key, string server, int segment, TimeSpan maxStaleness, string details);

    [LoggerMessage(
        1831,
        LogLevel.Error,
        "Near caching is stopped in the whole namespace, because {Processes} processes saw violations of the promise "
            + "(Monitor:StopOnViolations). IRuleRegistry.ClearStopsAsync ends the stop.")]
    public static partial void StoppedByMonitor(this ILogger logger, long processes);

    [LoggerMessage(
        1860,
        LogLevel.Warning,
        "{Carrier} does not deliver announcements: {Problem}. Changes made elsewhere are seen by the audits, within about a second, or "
            + "through another carrier. It is tried again after increasing delays.")]
    public static partial void CarrierAway(this ILogger logger, string carrier, string problem);

    [LoggerMessage(1861, LogLevel.Information, "{Carrier} delivers announcements.")]
    public static partial void CarrierDelivers(this ILogger logger, string carrier);

    [LoggerMessage(
        1862,
        LogLevel.Warning,
        "{Messages} messages in {Carrier} bear no signature of a process that reads the same memcached servers. Their keys are dropped "
            + "from the near tier, and nothing else follows from them. Check which programs may publish there. Further messages are "
            + "counted, and logged again after ten minutes at the earliest.")]
    public static partial void MessagesUnsigned(this ILogger logger, string carrier, long messages);

    [LoggerMessage(
        1863,
        LogLevel.Warning,
        "Messages in {Carrier} are ignored: {Unreadable} cannot be read, since another program publishes there or a newer version of "
            + "NearCache does, and {Shed} were more than {Limit} in a second (Budgets:MessagesPerNamespace). Audits find what they "
            + "announce. Further messages are counted, and logged again after ten minutes at the earliest.")]
    public static partial void MessagesIgnored(this ILogger logger, string carrier, long unreadable, long shed, int limit);

    [LoggerMessage(
        1880,
        LogLevel.Warning,
        "A handler of the event {Event} of NearCacheEvents threw an exception. The other handlers ran. Further exceptions are counted "
            + "(nearcache.events.failed), and logged again after a minute at the earliest.")]
    public static partial void EventHandlerFailed(this ILogger logger, Exception exception, string @event);

    [LoggerMessage(
        1881,
        LogLevel.Warning,
        "{Dropped} events of NearCacheEvents.Invalidated were dropped since the start, because its handlers are slow: let them only queue "
            + "work. Logged again after a minute at the earliest.")]
    public static partial void EventsDropped(this ILogger logger, long dropped);

    // Stack traces of a repeated failure would hide other events.
    private static Exception? AtDebug(ILogger logger, Exception? exception) => logger.IsEnabled(LogLevel.Debug) ? exception : null;
}
