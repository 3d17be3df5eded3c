using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using NearCache.Memcached.Tests.Connections;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Rules;

/// <summary>A client that observes a fleet whose memcached and ZooKeeper speak TLS alone.</summary>
public sealed class ReadOnlyOverTlsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Over_TLS_a_client_that_only_reads_sees_everything_and_changes_nothing()
    {
        Require.ZooKeeper();
        var folder = Directory.CreateTempSubdirectory("nearcache-test-tls-").FullName;
        var (certificate, certificatePath, keyPath) = Certificates.Write(folder);
        using var disposed = certificate;
        var keyStore = Path.Combine(folder, "server.p12");
        await File.WriteAllBytesAsync(keyStore, certificate.Export(X509ContentType.Pkcs12, "password"), Token);
        await using var memcached = await MemcachedProcess.StartNewAsync("-Z", "-o", $"ssl_chain_cert={certificatePath},ssl_key={keyPath}");
        var port = Ports.Free();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync(netty: true, settings:
        [
            $"secureClientPort={port}", "secureClientPortAddress=127.0.0.1", $"ssl.keyStore.location={keyStore}",
            "ssl.keyStore.password=password", "ssl.keyStore.type=PKCS12", $"ssl.trustStore.location={certificatePath}",
            "ssl.trustStore.type=PEM", "ssl.clientAuth=none",
        ]);
        NearCacheOptions Secured()
        {
            var options = new NearCacheOptions
            {
                Namespace = "secured",
                RuleLease = TimeSpan.FromSeconds(1.5),
                Memcached = { Servers = { memcached.Address } },
                Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
            };
            options.Memcached.Tls = Trusting(certificate);
            options.ZooKeeper.ConnectionString = $"127.0.0.1:{port}";
            options.ZooKeeper.Tls = Trusting(certificate);
            (options.ZooKeeper.ConnectTimeout, options.ZooKeeper.RequestTimeout) = (Patience, Patience);

            // A session that is lost on a busy machine is a transaction.
            options.ZooKeeper.SessionTimeout = TimeSpan.FromSeconds(40);
            options.Seams.MembershipSpeed = 20;
            return options;
        }

        await using var cache = new NearCacheClient(Secured());
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await cache.GetOrCreateAsync("product:1", _ => ValueTask.FromResult(1));
                return cache.Snapshot().NearEntries == 1;
            },
            "the key is near");

        // What is alive may be slow on a busy machine.
        var patient = Secured();
        (patient.Memcached.OperationTimeout, patient.Memcached.ConnectTimeout) = (Patience, Patience);
        patient.RuleLease = TimeSpan.FromSeconds(30);
        await using var fleet = await ObserveAsync(patient);
        await AreLiveAsync(fleet, 1);
        await Eventually.BecomesTrueAsync(async () => (await fleet.GetMembersAsync(Token)).Value?.Count == 1, "the process is a member");
        var before = await zooKeeper.LastZxidAsync();

        Assert.Equal(1, (await fleet.GetRulesAsync(Token)).Registry.Value!.Revision);
        var server = Assert.Single(await fleet.GetServersAsync(Token));
        Assert.True(server.Statistics.IsKnown && server.Namespace.IsKnown, server.Statistics.Unknown ?? server.Namespace.Unknown);
        var ensemble = (await fleet.GetEnsembleAsync(Token))!;
        Assert.Equal("standalone", Assert.Single(ensemble.Servers).Status.Value?.Mode);
        Assert.True(ensemble.Subtree.IsKnown, ensemble.Subtree.Unknown);
        Assert.Null((await fleet.GetUsageAsync(Token)).Unknown);
        Assert.Equal("products", (await fleet.WhyAsync("product:1", Token)).Rule!.Name);
        await Eventually.BecomesTrueAsync(
            async () => Assert.Single(await fleet.GetConnectionOwnersAsync(Token)) is { Expected: 2, Seen: 2, Unaccounted: 0 },
            "all connections are attributed");
        Assert.Equal(before, await zooKeeper.LastZxidAsync());
        await Assert.ThrowsAsync<NearCacheException>(
            () => fleet.StopAsync(null, new EditReason { Who = "alice", Why = "a test" }, Token));
        Assert.Equal(before, await zooKeeper.LastZxidAsync());
        Directory.Delete(folder, recursive: true);
    }

    private static Task AreLiveAsync(FleetClient fleet, int count) => Eventually.BecomesTrueAsync(
        async () => (await fleet.GetReportsAsync(Token)).Value?.Processes.Count(process => process.Status == ProcessReportStatus.Live)
            == count,
        "every process reports");

    private static Task<FleetClient> ObserveAsync(NearCacheOptions options) => FleetClient.ConnectAsync(
        options, new FleetClientOptions { ReadOnly = true, Timeout = TimeSpan.FromMinutes(1) }, cancellationToken: Token);

    private static SslClientAuthenticationOptions Trusting(X509Certificate2 certificate) => new()
    {
        TargetHost = "localhost",
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { certificate },
        },
    };
}
