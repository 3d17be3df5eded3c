// A process of the coherence checker: reads every key as fast as it is allowed to, writes the keys that it owns, and logs both.
// Usage: NearCache.Checker <log file> <member> <members> <keys> <reads/s> <memcached,…> <zookeeper> [<rabbitmq>]
// On standard input: "jump <seconds>" sets the wall clock that the cache sees, "stop" ends it.
//
// Or a process that does what it is told (HostProcess):
//        NearCache.Checker host <namespace> <memcached,…> <zookeeper> [<session timeout in seconds>]
//
// Or a process of a stampede:
//        NearCache.Checker stampede <callers> <memcached,…> <zookeeper>
// On standard input: "ask <key> <timestamp>" lets all callers ask at that instant, and prints "asked <key> <factory runs> <values>
// <waits in µs>"; "stop" ends it.
//
// Or a process that reads more large values than it has memory for, prints "done <entries> <bytes> <evictions> <heap>", and ends:
//        NearCache.Checker memory <keys> <memcached>
using NearCache.Checker;

return args[0] switch
{
    "host" => await HostProcess.RunAsync(args),
    "memory" => await MemoryProcess.RunAsync(args),
    "stampede" => await StampedeProcess.RunAsync(args),
    _ => await CheckerProcess.RunAsync(args),
};
