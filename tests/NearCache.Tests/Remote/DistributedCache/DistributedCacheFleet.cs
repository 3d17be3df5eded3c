using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.Tests.Remote.DistributedCache;

/// <summary>Processes on a vendor's cache, with a ZooKeeper that each sees through a server of its own.</summary>
internal sealed class DistributedCacheFleet : IAsyncDisposable
{
    // Near entries go by a clock with a grain.
    private static readonly TimeSpan CoarseClock = TimeSpan.FromMilliseconds(100);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nearcache-other-");
    private readonly List<NearCacheClient> _clients = [];
    private readonly bool _isFile;
    private readonly MemoryDistributedCache _memory = new(Microsoft.Extensions.Options.Options.Create(new MemoryDistributedCacheOptions()));

    private readonly Func<IDistributedCache>? _open;

    private DistributedCacheFleet(string vendor, Func<IDistributedCache>? open) => (_isFile, _open) = (vendor == "file", open);

    public FakeEnsemble Ensemble { get; } = FakeEnsemble.Start(2);

    public NearCacheClient Here { get; private set; } = null!;

    public NearCacheClient There { get; private set; } = null!;

    /// <summary>The vendor's cache as <see cref="Here"/> has it.</summary>
    public IDistributedCache Vendor { get; private set; } = null!;

    /// <summary>The same where it is the file-backed one.</summary>
    public FileDistributedCache Files => (FileDistributedCache)Vendor;

    /// <summary>Starts two and waits until keys may be near in both.</summary>
    /// <param name="vendor"><c>memory</c>, <c>file</c>, or another with <paramref name="open"/>.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <param name="open">Opens the vendor's cache, once for each process.</param>
    public static async Task<DistributedCacheFleet> StartAsync(
        string vendor, Action<NearCacheOptions>? configure = null, Func<IDistributedCache>? open = null)
    {
        var fleet = new DistributedCacheFleet(vendor, open);
        fleet.Vendor = fleet.Open();
        fleet.Here = fleet.Join(0, configure, fleet.Vendor);
        fleet.There = fleet.Join(1, configure);
        await fleet.AllNearAsync();
        return fleet;
    }

    /// <summary>Starts two on files; what the one has written, the other keeps near.</summary>
    public static async Task<DistributedCacheFleet> StartNearAsync(string key, string value)
    {
        var fleet = await StartAsync("file");
        await fleet.Here.SetAsync(key, value);
        await NearAsync(fleet.There, key, value);
        return fleet;
    }

    /// <summary>One more process.</summary>
    public NearCacheClient Join(int server, Action<NearCacheOptions>? configure = null, IDistributedCache? vendor = null)
    {
        var options = new NearCacheOptions
        {
            KeyPrefix = "",
            DistributedCache = vendor ?? Open(),
            MaxStaleness = TimeSpan.FromSeconds(3),

            // An edit of the rules may take a second and two of these: time enough for a busy machine.
            RuleLease = TimeSpan.FromMilliseconds(1100),
            Memcached = { OperationTimeout = TimeSpan.FromSeconds(1) },
            ZooKeeper = { ConnectionString = Ensemble.Servers[server].ConnectionString },
            Budgets = { AnnouncementsPerNamespace = 1000 },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" }, new RuleOptions { Name = "hybrid", Match = "h:*" } },
        };
        configure?.Invoke(options);
        var client = new NearCacheClient(options);
        _clients.Add(client);
        return client;
    }

    /// <summary>Waits until keys may be near in both.</summary>
    public async Task AllNearAsync()
    {
        await Here.SetAsync("product:warm", "up");
        foreach (var cache in new[] { Here, There })
        {
            await NearAsync(cache, "product:warm", "up");
        }
    }

    /// <summary>Reads until the value is near.</summary>
    public static Task NearAsync(NearCacheClient cache, string key, string value) => Eventually.BecomesTrueAsync(
        async () =>
            await cache.GetAsync<string>(key) is { Source: CacheSource.Near } near && near.Value == value, $"{key} is near with {value}");

    /// <summary>Reads until the value is another, wherever it comes from, and is that one ever after.</summary>
    public static async Task SeesAsync(NearCacheClient cache, string key, string? value)
    {
        await Eventually.BecomesTrueAsync(async () => (await cache.GetAsync<string>(key)).Value == value, $"{key} is {value}");
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(value, (await cache.GetAsync<string>(key)).Value);
        }
    }

    /// <summary>
    /// Lets a factory here overwrite a change that was made there, and that is heard of here only afterwards. Returns when the change is
    /// gone from the remote.
    /// </summary>
    public async Task OverwriteChangeAsync(string key)
    {
        var (began, source) = (new TaskCompletionSource(), new TaskCompletionSource<string>());
        var creation = Here.GetOrCreateAsync(
            key,
            async _ =>
            {
                began.SetResult();
                return await source.Task;
            }).AsTask();
        await began.Task;
        Ensemble.Servers[0].Lag();
        await There.RemoveAsync(key);
        source.SetResult("old");
        Assert.Equal("old", await creation);
        Assert.Equal("old", (await There.GetAsync<string>(key)).Value);
    }

    /// <summary>Waits until a key was announced so often, and until a process has confirmed what it keeps near after that.</summary>
    public async Task HeardAsync(NearCacheClient reader, string key, int times = 1)
    {
        await Eventually.BecomesTrueAsync(
            () =>
                Enumerable.Range(0, 8).Sum(
                    slot => Count(
                        Ensemble.Servers[0].GetData($"/nearcache/default/slots/{slot:00}"),
                        Encoding.UTF8.GetBytes(key))) >= times, $"{key} is announced");
        var announced = Stopwatch.StartNew();
        await Eventually.BecomesTrueAsync(
            () => reader.Snapshot().Servers[0].ConfirmedBefore is { } before && before + CoarseClock < announced.Elapsed, "it is heard");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        await Ensemble.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static int Count(ReadOnlySpan<byte> slot, ReadOnlySpan<byte> key)
    {
        var count = 0;
        for (var at = slot.IndexOf(key); at >= 0; at = slot.IndexOf(key))
        {
            count++;
            slot = slot[(at + key.Length)..];
        }

        return count;
    }

    private IDistributedCache Open() => _open is not null ? _open() : _isFile ? new FileDistributedCache(_folder.FullName) : _memory;
}
