// A process of the coherence checker: reads every key as fast as it is allowed to, writes the keys that it owns, and logs both.
// Usage: NearCache.Checker <log file> <member> <members> <keys> <reads/s> <memcached,…> <zookeeper>
// On standard input: "jump <seconds>" sets the wall clock that the cache sees, "stop" ends it.
using NearCache.Checker;

return await CheckerProcess.RunAsync(args);
