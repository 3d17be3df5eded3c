using Microsoft.Extensions.Caching.Hybrid;

namespace NearCache.Tests.Remote.Values;

/// <summary>
/// Two processes on one remote. The first is over every tier of the second: what it wrote has to be read from bytes there.
/// </summary>
public sealed class ValueProcesses : IAsyncDisposable
{
    /// <summary>What keys begin with that are kept near, and that are not.</summary>
    public static readonly string[] Prefixes = ["near:", "far:"];

    private ValueProcesses(NearCacheClient writer, NearCacheClient reader) =>
        (Writer, Reader, HybridWriter, HybridReader) = (writer, reader, new NearHybridCache(writer), new NearHybridCache(reader));

    public NearCacheClient Writer { get; }

    public NearCacheClient Reader { get; }

    public HybridCache HybridWriter { get; }

    public HybridCache HybridReader { get; }

    /// <summary>Makes both.</summary>
    /// <param name="make">Makes one on the remote.</param>
    /// <param name="configure">Changes the settings.</param>
    public static async Task<ValueProcesses> StartAsync(
        Func<NearCacheOptions, NearCacheClient> make, Action<NearCacheOptions>? configure = null)
    {
        var town = new ValueProcesses(make(Options()), make(Options()));
        foreach (var cache in new[] { town.Writer, town.Reader })
        {
            await TestSupport.Eventually.BecomesTrueAsync(
                async () =>
                {
                    try
                    {
                        await cache.SetAsync("near:first", "x");
                        await cache.GetAsync<string>("near:first");
                        return (await cache.GetAsync<string>("near:first")).Source == CacheSource.Near;
                    }
                    catch (NearCacheException)
                    {
                        return false;
                    }
                },
                "something is near");
        }

        return town;

        NearCacheOptions Options()
        {
            var options = new NearCacheOptions
            {
                RuleLease = TimeSpan.FromSeconds(1.5),
                Rules = { new RuleOptions { Name = "near", Match = "near:*" }, new RuleOptions { Name = "hybrid", Match = "h:*" } },
            };
            configure?.Invoke(options);
            return options;
        }
    }

    /// <summary>Waits until a factory's value is stored: while little is known of a server, it is not.</summary>
    public Task MadeAsync(string key, Func<Task> make) => TestSupport.Eventually.BecomesTrueAsync(
        async () =>
        {
            await make();
            var item = await Writer.Parts.Placement.Place(key).Server.Server.ExecuteAsync(
                Memcached.Protocol.MetaCommand.Get(Writer.Parts.Placement.Place(key).Physical, global::NearCache.Reading.ReadPath.Fields),
                CancellationToken.None);
            return item is { Status: Memcached.Protocol.MetaStatus.Ok, Value.IsEmpty: false };
        },
        "the factory's value is stored");

    /// <summary>Tries all, and says of each that failed why.</summary>
    public Task AllComeBackAsync(IEnumerable<ValueSample> samples) => AllAsync(samples, sample => sample.ComesBackAsync(this));

    /// <summary>Tries all, and says of each that failed why.</summary>
    public Task AllAreRefusedAsync(IEnumerable<ValueSample> samples) => AllAsync(samples, sample => sample.IsRefusedAsync(this));

    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        await Reader.DisposeAsync();
    }

    private static async Task AllAsync(IEnumerable<ValueSample> samples, Func<ValueSample, Task> run)
    {
        var failures = new List<string>();
        foreach (var sample in samples)
        {
            if (await Record.ExceptionAsync(() => run(sample)) is { } failure)
            {
                failures.Add($"{sample.Name}: {failure.GetType().Name}: {failure.Message}");
            }
        }

        Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures));
    }
}
