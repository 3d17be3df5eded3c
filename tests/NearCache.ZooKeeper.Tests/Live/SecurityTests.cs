using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NearCache.TestSupport.Servers;

namespace NearCache.ZooKeeper.Tests.Live;

/// <summary>SASL and TLS on real servers.</summary>
public sealed class SecurityTests(LiveServer live)
{
    [Fact]
    public async Task Digest_md5_accepts_a_user_with_the_right_password()
    {
        await using var client = await live.ConnectAsync(
            options => options.Sasl = new ZooKeeperSaslCredentials { User = "bob", Password = "secret" });

        Assert.Contains(await client.WhoAmIAsync(), identity => identity is { Scheme: "sasl", User: "bob" });
        await client.CreateAsync("/bobs", null, acl: [new ZNodeAcl { Permissions = ZNodePermissions.All, Scheme = "sasl", Id = "bob" }]);
        await client.SetDataAsync("/bobs", null);
    }

    [Fact]
    public async Task Digest_md5_refuses_a_user_with_a_wrong_password()
    {
        await using var client = await live.ConnectAsync(
            options => options.Sasl = new ZooKeeperSaslCredentials { User = "bob", Password = "wrong" });

        await Assert.ThrowsAsync<AuthenticationFailedException>(
            () => client.WaitForStateAsync(ZooKeeperState.Connected).WaitAsync(TimeSpan.FromMinutes(3)));
        Assert.Equal(ZooKeeperState.AuthenticationFailed, client.State);
        await Assert.ThrowsAsync<AuthenticationFailedException>(() => client.ExistsAsync("/").AsTask());
    }

    [Fact]
    public async Task Tls_is_spoken_with_certificates_on_both_sides()
    {
        Require.ZooKeeper();
        using var folder = new TemporaryFolder();
        using var serverKey = Certificate("localhost", folder.Path, "server");
        using var clientKey = Certificate("client", folder.Path, "client");
        var port = Ports.Free();
        await using var server = await ZooKeeperProcess.StartNewAsync(netty: true, settings: [
            $"secureClientPort={port}", "secureClientPortAddress=127.0.0.1",
            $"ssl.keyStore.location={folder.Path}/server.p12", "ssl.keyStore.password=password", "ssl.keyStore.type=PKCS12",
            $"ssl.trustStore.location={folder.Path}/client.pem", "ssl.trustStore.type=PEM", "ssl.clientAuth=need",
            "authProvider.1=org.apache.zookeeper.server.auth.X509AuthenticationProvider",
        ]);
        var tls = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ClientCertificates = [clientKey],
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                CustomTrustStore = { serverKey },
            },
        };
        await using var client = new ZooKeeperClient(
            new ZooKeeperOptions
            {
                ConnectionString = $"127.0.0.1:{port}",
                Tls = tls,
                ConnectTimeout = TimeSpan.FromSeconds(20),
                RequestTimeout = TimeSpan.FromSeconds(30),
            });

        await client.CreateAsync("/tls", new byte[100_000]).AsTask().WaitAsync(TimeSpan.FromMinutes(3));

        Assert.Equal(100_000, (await client.GetDataAsync("/tls")).Data.Length);
        Assert.Contains(await client.WhoAmIAsync(), identity => identity is { Scheme: "x509", User: "CN=client" });

        await using var stranger = new ZooKeeperClient(new ZooKeeperOptions
        {
            ConnectionString = $"127.0.0.1:{port}",
            Tls = new SslClientAuthenticationOptions { TargetHost = "localhost" },
            ConnectTimeout = TimeSpan.FromSeconds(10),
            RequestTimeout = TimeSpan.FromSeconds(6),
        });
        await TimesOutAsync(stranger, "certificate");

        await using var anonymous = new ZooKeeperClient(new ZooKeeperOptions
        {
            ConnectionString = $"127.0.0.1:{port}",
            Tls = new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = tls.CertificateChainPolicy },
            ConnectTimeout = TimeSpan.FromSeconds(10),
            RequestTimeout = TimeSpan.FromSeconds(6),
        });
        await TimesOutAsync(anonymous, "may require a client certificate");
    }

    // On a busy machine the first request may end before the first handshake does.
    private static Task TimesOutAsync(ZooKeeperClient client, string reason) => TestSupport.Eventually.BecomesTrueAsync(
        async () => (await Assert.ThrowsAsync<RequestTimeoutException>(() => client.ExistsAsync("/").AsTask())).Message
            .Contains(reason, StringComparison.OrdinalIgnoreCase),
        $"the reason is {reason}",
        TimeSpan.FromMinutes(5));

    private static X509Certificate2 Certificate(string name, string folder, string file)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllBytes(Path.Combine(folder, $"{file}.p12"), certificate.Export(X509ContentType.Pkcs12, "password"));
        File.WriteAllText(Path.Combine(folder, $"{file}.pem"), certificate.ExportCertificatePem());
        return certificate;
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("nearcache-test-tls-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
