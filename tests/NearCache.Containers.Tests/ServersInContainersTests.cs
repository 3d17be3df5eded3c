using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;

namespace NearCache.Containers.Tests;

/// <summary>Two caches whose servers run in containers, while containers are killed, paused and cut from their network.</summary>
public sealed class ServersInContainersTests(ContainerServers servers) : IClassFixture<ContainerServers>
{
    private const int Keys = 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_invalidation_reaches_the_other_cache()
    {
        servers.Need();
        var (reader, writer) = (servers.Reader, servers.Writer);
        await AllAreNearAsync(reader, writer, "before");

        var begun = Stopwatch.GetTimestamp();
        await writer.SetAsync("product:0", "after", cancellationToken: Token);
        await ShowsAsync(reader, "product:0", "after");
        Report($"from the beginning of a write to the other cache's new value: {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0} ms");
        Assert.Equal("Connected", reader.Snapshot().ZooKeeper);
    }

    [Fact]
    public async Task A_killed_leader_stops_nothing()
    {
        servers.Need();
        var (reader, writer) = (servers.Reader, servers.Writer);
        await AllAreNearAsync(reader, writer, "before");

        var leader = await servers.LeaderAsync();
        await servers.KillAsync(leader);
        await writer.SetAsync("product:0", "while there is no leader", cancellationToken: Token);
        await ShowsAsync(reader, "product:0", "while there is no leader");

        Assert.NotEqual(leader, await servers.LeaderAsync());
        await Eventually.BecomesTrueAsync(
            () => Task.FromResult(reader.Snapshot().ZooKeeper == "Connected" && writer.Snapshot().ZooKeeper == "Connected"),
            "both caches have a session with the others");
        await servers.StartAsync(leader);
        await AllAreNearAsync(reader, writer, "after");
    }

    [Fact]
    public Task A_paused_memcached_costs_only_its_own_keys() => WithoutOneMemcachedAsync(servers.PauseAsync, servers.ResumeAsync);

    [Fact]
    public Task A_memcached_that_is_cut_from_the_network_comes_back() => WithoutOneMemcachedAsync(servers.CutAsync, servers.JoinAsync);

    [Fact]
    public async Task A_member_of_the_ensemble_that_is_cut_from_the_network_stops_nothing()
    {
        servers.Need();
        var (reader, writer) = (servers.Reader, servers.Writer);
        await AllAreNearAsync(reader, writer, "before");

        var leader = await servers.LeaderAsync();
        await servers.CutAsync(leader);
        await writer.SetAsync("product:0", "without one", cancellationToken: Token);
        await ShowsAsync(reader, "product:0", "without one");

        await servers.JoinAsync(leader);
        await AllAreNearAsync(reader, writer, "after");
    }

    [Fact]
    public async Task What_a_killed_run_left_is_removed()
    {
        servers.Need();
        int ended;
        using (var process = Process.Start("true"))
        {
            ended = process.Id;
            await process.WaitForExitAsync(Token);
        }

        var theirs = await MakeAsync(DockerOwner.This with { Process = ended });
        var elsewhere = await MakeAsync(new DockerOwner("another-machine", ended));
        var ours = await MakeAsync(DockerOwner.This);

        await DockerOwner.RemoveAsync(owner => owner.HasEnded);

        foreach (var made in theirs)
        {
            Assert.NotEqual(0, (await DockerCommand.TryAsync("docker", "inspect", made)).Status);
        }

        foreach (var made in elsewhere.Concat(ours))
        {
            await DockerCommand.RunAsync("inspect", made);
        }

        await DockerOwner.RemoveAsync(owner => owner.Machine == "another-machine");

        async Task<string[]> MakeAsync(DockerOwner owner)
        {
            var (label, image) = ($"{DockerOwner.Label}={owner}", $"nearcache-test/leftover:{owner}");
            await DockerCommand.RunAsync("tag", servers.MemcachedImage, image);
            var container = await DockerCommand.RunAsync("create", "--label", label, image);
            return [container, await DockerCommand.RunAsync("network", "create", "--label", label, $"leftover-{owner}"), image];
        }
    }

    private async Task WithoutOneMemcachedAsync(Func<string, Task> take, Func<string, Task> giveBack)
    {
        servers.Need();
        var gone = ContainerServers.Memcacheds[0];
        var (reader, writer) = (servers.Reader, servers.Writer);
        await AllAreNearAsync(reader, writer, "before");

        await take(gone);

        // Reads of all keys are answered, from the source where the server is silent; a key of the other server is near again at once.
        await Eventually.BecomesTrueAsync(
            async () => (await SourcesAsync(reader, "source")).Contains(CacheSource.Factory),
            "the keys of the server that is gone come from the source");
        Assert.Contains(CacheSource.Near, await SourcesAsync(reader, "source"));

        await giveBack(gone);
        await AllAreNearAsync(reader, writer, "after");
    }

    private static async Task<List<CacheSource>> SourcesAsync(NearCacheClient cache, string value)
    {
        var sources = new List<CacheSource>();
        foreach (var key in AllKeys())
        {
            var result = await cache.GetOrCreateResultAsync(key, _ => ValueTask.FromResult(value), cancellationToken: Token);
            sources.Add(result.Source);
        }

        return sources;
    }

    private static Task AllAreNearAsync(NearCacheClient reader, NearCacheClient writer, string value) =>
        Task.WhenAll(AllKeys().Select(async key =>
        {
            await Eventually.BecomesTrueAsync(() => IsWrittenAsync(writer, key, value), $"{key} is written");
            await ShowsAsync(reader, key, value, CacheSource.Near);
        }));

    // A server that has just come back may refuse the first writes.
    private static async Task<bool> IsWrittenAsync(NearCacheClient cache, string key, string value)
    {
        try
        {
            await cache.SetAsync(key, value, cancellationToken: Token);
            return true;
        }
        catch (NearCacheException)
        {
            return false;
        }
    }

    private static Task ShowsAsync(NearCacheClient cache, string key, string value, CacheSource? source = null) =>
        Eventually.BecomesTrueAsync(
            async () =>
            {
                var result = await cache.GetAsync<string>(key, Token);
                return result.Value == value && (source ?? result.Source) == result.Source;
            },
            $"{key} shows \"{value}\"");

    private static IEnumerable<string> AllKeys() =>
        Enumerable.Range(0, Keys).Select(i => string.Create(CultureInfo.InvariantCulture, $"product:{i}"));

    private static void Report(string figure) => TestContext.Current.TestOutputHelper!.WriteLine("[FIGURE] containers: " + figure);
}
