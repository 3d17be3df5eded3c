// What to do about each kind of cause, for an engineer who has never seen it before.
const words = {
    notRead: 'Read the reason: a server does not answer the console, or the settings of the console are wrong. The fleet may be well.',
    violations: 'Stop near caching, by the rule that the log of the process names or by all rules. Keep that log: it is a defect.',
    pastViolations: 'It is over. Keep the log of that process and report the defect; the changes tell what happened at that time.',
    ruleSuspended:
        'Stop the rule, then remove it or narrow its match. While it is suspended nothing is wrong but late: changes take about a second.',
    ruleWrittenTooFast: 'Stop the rule. Its keys are then read from memcached, and nothing is lost.',
    stopped: 'Near caching is off on purpose. End the stop when its reason is gone.',
    ruleStopped: 'The rule is off on purpose. End the stop when its reason is gone.',
    serverDown: 'Start the server. Until then its keys come from the source; a stop would not help.',
    serverFull: 'Open the server: it names the owners of its connections. Restart the owners of those that no process reports.',
    serverRefuses: 'Open the server: it names the owners of its connections. Restart the owners of those that no process reports.',
    serverUnaccounted: 'Open the server: it names the addresses that hold these connections. Restart what runs there.',
    sourceHit:
        'If one process asks most, restart it or take it out of the traffic. Otherwise see in the changes whether a server was restarted ' +
        'or a rule was stopped or suspended: start that server again, end that stop, or limit the traffic until the cache is filled.',
    zooKeeperOverBudget: 'Open ZooKeeper: it names the rule and the process that announce most. Stop that rule.',
    zooKeeperGrowing: 'Open ZooKeeper and look at what is beside the cache. Stopping near caching does not help.',
    zooKeeperDamaged: 'Processes create missing nodes again by themselves. If they go missing again, another program removes them.',
    zooKeeperDown: 'Nothing needs to be stopped: bring ZooKeeper back. A stop works without it, an edit of rules does not.',
    zooKeeperServerDown: 'The other servers carry on. Start this one before a second one fails.',
    rulesUnreadable: 'Read the reason, and bring back the server that it names. Until then a stop of all rules is possible, an edit is not.',
    placementDiffers:
        'Open the processes: the ones that differ from most are marked. Give all of them the same settings, and restart those.',
    processStarved: 'Look for calls that block threads in that process, or give it more processors. Stopping near caching does not help.',
    processStale: 'It reads from memcached meanwhile, so nothing is old. Look whether it reaches that server.',
    processSilent: 'Look whether its host runs. Of a silent process it is unknown whether it obeys a stop.',
    processRestarts: 'Look for the reason of its last end: memory, health checks, a deployment.',
    reportsMissing: 'What these processes do is unknown until the server that holds their reports answers again.',
    carrierDown:
        'Nothing needs to be stopped: no near hit is older than promised. Open the processes: the page of each has the reason, ' +
        'such as a broker that does not answer.',
    failures: 'Open the servers: one of them is down, slow or full.',
    serverEvicting: 'Give the server more memory, or store values for a shorter time.',
    ruleUseless: 'Remove the rule, or narrow its match to keys that are read more often than they are written.',
    versions: 'Finish or take back the release.',
};

/** What to do about a cause; null if there are no words for its kind. */
export function adviceOn(cause) {
    return cause ? (words[cause.kind] ?? null) : null;
}
