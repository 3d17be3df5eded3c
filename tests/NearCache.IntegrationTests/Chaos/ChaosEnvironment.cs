using System.Security.Cryptography;
using System.Text;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper;

namespace NearCache.IntegrationTests.Chaos;

/// <summary>
/// A real ensemble of three servers with a fleet, and an administrator client with all rights whose requests are counted.
/// </summary>
internal sealed class ChaosEnvironment : IAsyncDisposable
{
    public const string Chroot = "/app";
    public const string Home = Chroot + "/nearcache/chaos";
    private readonly string _copies = Directory.CreateTempSubdirectory("nearcache-test-copies-").FullName;
    private readonly MeterRecorder _ofAdministrator = new();

    private ChaosEnvironment(ZooKeeperEnsemble ensemble)
    {
        (Ensemble, Ledger) = (ensemble, new EnsembleCounters(ensemble.Servers));
        var options = new ZooKeeperOptions
        {
            ConnectionString = ensemble.ConnectionString,
            RenewSession = true,
            RequestTimeout = TimeSpan.FromSeconds(3),
        };
        options.Authentications.Add(ZooKeeperAuthentication.Digest("super", "secret"));
        Administrator = new ZooKeeperClient(options, meterFactory: _ofAdministrator);
    }

    public ZooKeeperEnsemble Ensemble { get; }

    public EnsembleCounters Ledger { get; }

    public ZooKeeperClient Administrator { get; private set; }

    /// <summary>Requests that the administrator made, and those that may have been transactions.</summary>
    public (long Requests, long Changes) Asked { get; private set; }

    /// <summary>Sessions of the administrator.</summary>
    public long Sessions => (long)_ofAdministrator.Sum("nearcache.zookeeper.sessions.opened", "kind=made");

    public static async Task<ChaosEnvironment> StartAsync()
    {
        var super = Convert.ToBase64String(Hash("super:secret"));
        var ensemble = await ZooKeeperEnsemble.StartNewAsync(
            javaOptions: [
                $"-Dzookeeper.DigestAuthenticationProvider.superDigest=super:{super}",
                "-Dzookeeper.enforceQuota=true",
                "-Dzookeeper.preAllocSize=1000",
            ]);
        return new ChaosEnvironment(ensemble);
    }

    /// <summary>Sends a request as the administrator, and ignores failures.</summary>
    public async Task<bool> TryAsync(Func<ZooKeeperClient, Task> ask, bool changes = true)
    {
        Asked = (Asked.Requests + 1, Asked.Changes + (changes ? 1 : 0));
        try
        {
            await ask(Administrator);
            return true;
        }
        catch (ZooKeeperException)
        {
            return false;
        }
    }

    /// <summary>Every node from a path down, parents first; empty if there is none.</summary>
    public async Task<List<string>> TreeAsync(string path)
    {
        List<string> nodes = [];
        IReadOnlyList<string> names = [];
        if (await TryAsync(async client => names = (await client.GetChildrenAsync(path)).Names, changes: false))
        {
            nodes.Add(path);
            foreach (var name in names)
            {
                nodes.AddRange(await TreeAsync($"{path}/{name}"));
            }
        }

        return nodes;
    }

    /// <summary>The number of members; 0 if it cannot be read.</summary>
    public async Task<int> MembersAsync()
    {
        var members = 0;
        await TryAsync(async client => members = (await client.ExistsAsync(Home + "/members"))?.ChildrenCount ?? 0, changes: false);
        return members;
    }

    /// <summary>The transaction of the newest announcement; -1 if it cannot be read.</summary>
    public async Task<long> NewestAnnouncementAsync()
    {
        var newest = -1L;
        for (var slot = 0; slot < 8; slot++)
        {
            await TryAsync(
                async client => newest = Math.Max(newest, (await client.ExistsAsync($"{Home}/slots/0{slot}"))?.ModifiedZxid ?? -1),
                changes: false);
        }

        return newest;
    }

    /// <summary>Deletes a node and all its children.</summary>
    public async Task DeleteAllAsync(string path)
    {
        foreach (var node in Enumerable.Reverse(await TreeAsync(path)))
        {
            await TryAsync(client => client.DeleteAsync(node).AsTask());
        }
    }

    /// <summary>Copies the data directories of the servers.</summary>
    public void Copy()
    {
        for (var i = 0; i < Ensemble.Servers.Count; i++)
        {
            CopyFolder(Data(i), Path.Combine(_copies, $"{i}"));
        }
    }

    /// <summary>Kills servers after it has read their counters.</summary>
    public async Task KillAsync(params IEnumerable<ZooKeeperProcess> servers)
    {
        await Ledger.SampleAsync();
        foreach (var server in servers)
        {
            server.Kill();
        }
    }

    /// <summary>Replaces the data of all servers by the copy, or by nothing.</summary>
    public async Task ReplaceAsync(bool byCopy)
    {
        await KillAsync(Ensemble.Servers);
        await Ledger.BeginAnewAsync();
        for (var i = 0; i < Ensemble.Servers.Count; i++)
        {
            Directory.Delete(Data(i), recursive: true);
            if (byCopy)
            {
                CopyFolder(Path.Combine(_copies, $"{i}"), Data(i));
            }
        }

        // The old administrator client would wait for evidence of the wipe.
        await Administrator.DisposeAsync();
        await Ensemble.StartAllAsync();
        var options = new ZooKeeperOptions
        {
            ConnectionString = Ensemble.ConnectionString,
            RenewSession = true,
            RequestTimeout = TimeSpan.FromSeconds(3),
        };
        options.Authentications.Add(ZooKeeperAuthentication.Digest("super", "secret"));
        Administrator = new ZooKeeperClient(options, meterFactory: _ofAdministrator);
    }

    public async ValueTask DisposeAsync()
    {
        await Ledger.DisposeAsync();
        await Administrator.DisposeAsync();
        await Ensemble.DisposeAsync();
        _ofAdministrator.Dispose();
        Directory.Delete(_copies, recursive: true);
    }

    private string Data(int server) => Path.Combine(Ensemble.Servers[server].Folder, "data", "version-2");

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

#pragma warning disable CA5350 // ZooKeeper's digest scheme uses SHA-1.
    private static byte[] Hash(string text) => SHA1.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350
}
