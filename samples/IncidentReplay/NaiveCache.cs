using System.Collections.Concurrent;
using System.Text;
using NearCache;
using NearCache.ZooKeeper;

namespace IncidentReplay;

/// <summary>
/// The local cache of the outage: every key that it writes becomes a znode, so that other processes can drop their copies. It stops at a
/// limit, which the original lacked.
/// </summary>
internal sealed class NaiveCache(NearCacheClient remote, ZooKeeperClient zooKeeper, int mostZnodes) : ICacheUnderTest
{
    public const string Root = "/naive-cache";

    private static int Znodes;
    private readonly ConcurrentDictionary<string, string?> _local = new();

    public static void Begin() => Znodes = 0;

    public async ValueTask<string?> GetAsync(string key) =>
        _local.TryGetValue(key, out var value) ? value : _local[key] = (await remote.GetAsync<string>(key)).Value;

    public async Task SetAsync(string key, string value)
    {
        await remote.SetAsync(key, value);
        await PublishAsync(key);
    }

    public async Task RemoveAsync(string key)
    {
        await remote.RemoveAsync(key);
        await PublishAsync(key);
    }

    public async ValueTask DisposeAsync()
    {
        await remote.DisposeAsync();
        await zooKeeper.DisposeAsync();
    }

    private async Task PublishAsync(string key)
    {
        _local.TryRemove(key, out _);
        if (Volatile.Read(ref Znodes) >= mostZnodes)
        {
            return;
        }

        try
        {
            await zooKeeper.CreateAsync($"{Root}/{key}", "changed"u8.ToArray());
            Interlocked.Increment(ref Znodes);
        }
        catch (NodeExistsException)
        {
            await zooKeeper.SetDataAsync($"{Root}/{key}", Encoding.UTF8.GetBytes("changed again"));
        }
    }
}
