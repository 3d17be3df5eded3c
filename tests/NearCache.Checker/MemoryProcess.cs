using System.Globalization;

namespace NearCache.Checker;

/// <summary>A process that creates and reads more large values than its memory can hold, with default settings of the near tier.</summary>
internal static class MemoryProcess
{
    // Strings take two bytes a character: 100 KB each.
    private const int Characters = 50_000;

    public static async Task<int> RunAsync(string[] args)
    {
        var keys = int.Parse(args[1], CultureInfo.InvariantCulture);
        await using var cache = new NearCacheClient(new NearCacheOptions
        {
            Namespace = "memory",
            RuleLease = TimeSpan.FromSeconds(1.5),
            Memcached = { Servers = { args[2] } },
            Rules = { new RuleOptions { Name = "large", Match = "large:*" } },
        });

        // The rule keeps nothing near before its lease has passed.
        while ((await cache.GetAsync<string>("large:first")).Source != CacheSource.Near)
        {
            await ReadAsync(cache, "first");
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }

        await Parallel.ForAsync(0, keys, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (key, cancellationToken) =>
        {
            await ReadAsync(cache, key.ToString(CultureInfo.InvariantCulture));
            await cache.GetAsync<string>($"large:{key}", cancellationToken);
        });

        var near = cache.Snapshot();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"done {near.NearEntries} {near.NearBytes} {near.NearEvictions} {GC.GetTotalMemory(false)}"));
        return 0;
    }

    private static async Task ReadAsync(NearCacheClient cache, string key)
    {
        var value = await cache.GetOrCreateAsync<string>($"large:{key}", _ => ValueTask.FromResult(ValueOf(key)));
        if (value != ValueOf(key))
        {
            throw new InvalidOperationException($"large:{key} has another value.");
        }
    }

    private static string ValueOf(string key) => key.PadRight(Characters, '.');
}
