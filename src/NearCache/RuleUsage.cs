namespace NearCache;

/// <summary>What all processes of a namespace did by a rule, on average over the last whole minute.</summary>
/// <remarks>Of a dry run it is what the rule would have done, near hits by estimate. Each process adds to counters on memcached about every ten seconds, by its wall clock; a process whose clock is off by more than a minute is left out, and so is what a dead server would have counted.</remarks>
/// <param name="Rule">The rule's name.</param>
/// <param name="NearHitsPerSecond">Reads that a near tier answered.</param>
/// <param name="RemoteReadsPerSecond">Reads that went to memcached.</param>
/// <param name="WritesPerSecond">Mutations of its keys.</param>
/// <param name="AnnouncementsPerSecond">Mutations handed to ZooKeeper; many travel in one transaction.</param>
public sealed record RuleUsage(string Rule, double NearHitsPerSecond, double RemoteReadsPerSecond, double WritesPerSecond, double AnnouncementsPerSecond);
