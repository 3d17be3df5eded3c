using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NearCache.TestSupport.Servers;
using RabbitMQ.Client;

namespace NearCache.RabbitMq.Tests;

/// <summary>One broker for the tests of several classes, which run one after another. It also listens for TLS.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nearcache-test-").FullName;
    private RabbitMqProcess? _broker;

    /// <summary>Gets the port for TLS.</summary>
    public int TlsPort { get; } = Ports.Free();

    /// <summary>Gets the certificate of the broker, which no authority has signed.</summary>
    public X509Certificate2 Certificate { get; } = MakeCertificate();

    /// <summary>Gets the broker, and starts it for the first test that needs it. Skips the test where none is installed.</summary>
    public async Task<RabbitMqProcess> GetAsync()
    {
        var (certificate, key) = (Path.Combine(_folder, "cert.pem"), Path.Combine(_folder, "key.pem"));
        await File.WriteAllTextAsync(certificate, Certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(key, Certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return _broker ??= await RabbitMqProcess.StartNewAsync(
            $"listeners.ssl.1 = 127.0.0.1:{TlsPort}",
            $"ssl_options.cacertfile = {certificate}",
            $"ssl_options.certfile = {certificate}",
            $"ssl_options.keyfile = {key}",
            "ssl_options.verify = verify_none",
            "ssl_options.fail_if_no_peer_cert = false");
    }

    /// <summary>Connects as another program does.</summary>
    public async Task<IConnection> ConnectAsync() => await new ConnectionFactory
    {
        HostName = "127.0.0.1",
        Port = (await GetAsync()).Port,
    }.CreateConnectionAsync();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }

        Certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}

/// <summary>The tests that share the broker.</summary>
[CollectionDefinition(Name)]
public sealed class BrokerTests : ICollectionFixture<BrokerFixture>
{
    public const string Name = "broker";
}
