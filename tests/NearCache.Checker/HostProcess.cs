using System.Diagnostics;
using System.Globalization;
using System.Net;
using NearCache.Memcached;

namespace NearCache.Checker;

/// <summary>One process with one cache that executes commands from standard input, and answers each line with its number.</summary>
/// <remarks>
/// <c>n near KEY</c>: is the key near after a read that may fill? <c>n set KEY VALUE</c>: when the write was done, by the machine's
/// monotonic clock. <c>n gone KEY</c>: answers <c>watching</c>, and then, when the key is near no more, <c>gone</c> with the time. <c>n
/// zookeeper</c>: the session's state. <c>n revision</c>: of the rules. <c>n leak</c>: opens a client that is never disposed. <c>n
/// reported</c>: the number of processes whose connections are reported. <c>n owners</c>: of the connections of the first server. <c>n
/// why KEY</c>: the meaning. <c>n churn PREFIX</c>: begins to write keys of that prefix, about 100 a second. <c>n read PREFIX</c>: begins
/// to read them, about 100 a second. It ends with its standard input. An argument <c>breaker</c> switches the churn breaker on,
/// <c>keys</c> shows keys in reports, and <c>at=ADDRESS</c> is the address of every memcached server name.
/// </remarks>
internal static class HostProcess
{
    private const string At = "at=";

    private static readonly List<MemcachedClient> Leaked = [];

    public static async Task<int> RunAsync(string[] args)
    {
        var options = new NearCacheOptions
        {
            Namespace = args[1],
            MaxStaleness = TimeSpan.FromSeconds(3),
            RuleLease = TimeSpan.FromSeconds(1.5),
            ZooKeeper = { ConnectionString = args[3],
                SessionTimeout = TimeSpan.FromSeconds(args.Length > 4 ? int.Parse(args[4], CultureInfo.InvariantCulture) : 4) },
            ChurnBreaker = args.Contains("breaker"),
            Reports = { Keys = args.Contains("keys") ? KeyVisibility.Plain : KeyVisibility.Hashed },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" }, new RuleOptions { Name = "site", Match = "site" } },
        };
        foreach (var server in args[2].Split(','))
        {
            options.Memcached.Servers.Add(server);
        }

        if (args.FirstOrDefault(argument => argument.StartsWith(At, StringComparison.Ordinal)) is { } at)
        {
            options.Memcached.Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(at[At.Length..])]);
        }

        await using var cache = new NearCacheClient(options);
        await AnswerAsync("ready");
        var working = new List<Task>();
        while (await Console.In.ReadLineAsync() is { } line)
        {
            working.Add(DoAsync(cache, options, line.Split(' ')));
        }

        return 0;
    }

    private static async Task DoAsync(NearCacheClient cache, NearCacheOptions options, string[] words)
    {
        var answer = words switch
        {
            [_, "near", var key] => $"{await IsNearAsync(cache, key)}",
            [_, "set", var key, var value] => await SetAsync(cache, key, value),
            [var number, "gone", var key] => await GoneAsync(cache, number, key),
            [_, "zookeeper"] => cache.Snapshot().ZooKeeper,
            [_, "revision"] => cache.Snapshot().RulesRevision.ToString(CultureInfo.InvariantCulture),
            [_, "churn", var prefix] => Begin(key => cache.SetAsync(key, "held"), prefix),
            [_, "read", var prefix] => Begin(key => cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("value")).AsTask(), prefix),
            [_, "leak"] => await LeakAsync(options),
            [_, "reported"] => await ReportedAsync(cache),
            [_, "owners"] => await OwnersAsync(cache),
            [_, "why", var key] => (await cache.WhyAsync(key)).Summary,
            _ => "what?",
        };
        await AnswerAsync($"{words[0]} {answer}");
    }

    private static async Task<string> SetAsync(NearCacheClient cache, string key, string value)
    {
        await cache.SetAsync(key, value);
        return Now();
    }

    // A hundred keys, one after another.
    private static string Begin(Func<string, Task> operation, string prefix)
    {
        _ = Task.Run(async () =>
        {
            for (var number = 0; ; number++)
            {
                try
                {
                    await operation($"{prefix}{number % 100}");
                }
                catch (NearCacheException)
                {
                    // A server that a busy machine keeps waiting. The next operation may succeed.
                }

                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            }
        });
        return "begun";
    }

    private static async Task<string> LeakAsync(NearCacheOptions options)
    {
        var client = new MemcachedClient(options.Memcached);
        Leaked.Add(client);
        return await client.Servers[0].GetVersionAsync();
    }

    private static async Task<string> ReportedAsync(NearCacheClient cache)
    {
        var reports = await cache.GetReportsAsync();
        var details = await Task.WhenAll(reports.Processes.Select(process => cache.GetReportAsync(process.Id)));
        return details.Count(detail => detail?.Servers is [{ Connections.Count: > 0 }]).ToString(CultureInfo.InvariantCulture);
    }

    private static async Task<string> OwnersAsync(NearCacheClient cache)
    {
        var result = (await cache.GetConnectionOwnersAsync())[0];
        var owners = result.Owners.OrderBy(owner => owner.Address, StringComparer.Ordinal).Select(
            owner => $"{owner.Address} {owner.Kind} {string.Join('+', owner.Processes.Select(process => process.Pod))} "
                + $"{owner.Seen}/{owner.Expected}");
        var reported = result.Connections.Count(connection => connection.ReportedBy is not null);
        return $"{result.Seen}/{result.Expected} reported {reported} "
            + $"unaccounted {result.Unaccounted} foreign {result.Foreign}: {string.Join("; ", owners)}";
    }

    private static async Task<string> GoneAsync(NearCacheClient cache, string number, string key)
    {
        await AnswerAsync($"{number} watching");
        while (await IsNearAsync(cache, key))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        return "gone " + Now();
    }

    private static async Task<bool> IsNearAsync(NearCacheClient cache, string key)
    {
        await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("value"));
        return (await cache.GetAsync<string>(key)).Source == CacheSource.Near;
    }

    private static string Now() => Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture);

    private static Task AnswerAsync(string text) => Console.Out.WriteLineAsync(text);
}
