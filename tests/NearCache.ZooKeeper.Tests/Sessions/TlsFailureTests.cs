using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;

namespace NearCache.ZooKeeper.Tests.Sessions;

/// <summary>
/// Servers that end the TLS handshake because of the client's certificate. Java's alert differs by version, so a server of the test sends
/// each.
/// </summary>
public sealed class TlsFailureTests
{
    [Theory]
    [InlineData(40)]    // handshake_failure: OpenJDK 17.0.21 and later, before the client has judged the server's certificate
    [InlineData(42)]    // bad_certificate: earlier versions
    [InlineData(116)]   // certificate_required: TLS 1.3
    public async Task An_alert_during_the_handshake_names_the_client_certificate(byte alert)
    {
        await using var server = new TlsServer(async stream =>
        {
            _ = await stream.ReadAsync(new byte[16 * 1024]);

            // A record of type alert, TLS 1.2, two bytes: fatal, and the alert.
            await stream.WriteAsync(new byte[] { 21, 3, 3, 0, 2, 2, alert });
        });

        Assert.Contains(
            "may require a client certificate, and none is configured (ZooKeeperOptions.Tls)", await FailureAsync(server, new()));
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_rejection_after_the_handshake_names_the_client_certificate(SslProtocols protocol)
    {
        using var certificate = Certificate();
        await using var server = new TlsServer(async stream =>
        {
            await using var tls = new SslStream(stream, leaveInnerStreamOpen: true);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate,
                EnabledSslProtocols = protocol,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, _, _, _) => false,
            });
        });
        var trusting = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                CustomTrustStore = { certificate },
            },
        };

        Assert.Contains("may require a client certificate", await FailureAsync(server, trusting), StringComparison.Ordinal);
        trusting.ClientCertificates = [certificate];
        Assert.Contains("may not accept the client certificate", await FailureAsync(server, trusting));
    }

    [Fact]
    public async Task A_rejected_server_certificate_is_not_attributed_to_the_client_certificate()
    {
        using var certificate = Certificate();
        await using var server = new TlsServer(async stream =>
        {
            await using var tls = new SslStream(stream, leaveInnerStreamOpen: true);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate });
            _ = await tls.ReadAsync(new byte[1]);
        });

        var failure = await FailureAsync(server, new());

        Assert.Contains("remote certificate is invalid", failure, StringComparison.Ordinal);
        Assert.DoesNotContain("client certificate", failure, StringComparison.Ordinal);
    }

    // The log of the first failed attempt: one line, which an operator sees without the exception.
    private static async Task<string> FailureAsync(TlsServer server, SslClientAuthenticationOptions tls)
    {
        tls.TargetHost = "localhost";
        using var logs = new LogRecorder();
        await using var client = new ZooKeeperClient(
            new ZooKeeperOptions { ConnectionString = server.Address, Tls = tls, ConnectTimeout = TestClients.Patience }, logs);
        await TestSupport.Eventually.BecomesTrueAsync(() => logs.Of(3001).Length > 0, "the attempt fails");
        Assert.Equal(ZooKeeperState.Connecting, client.State);
        return logs.Of(3001)[0];
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    /// <summary>Serves each connection by a delegate, and then closes it.</summary>
    private sealed class TlsServer : IAsyncDisposable
    {
        private readonly Socket _listener = Ports.Listen(0);
        private readonly Task _accepting;

        public TlsServer(Func<NetworkStream, Task> serve) => _accepting = AcceptAsync(serve);

        public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}";

        public async ValueTask DisposeAsync()
        {
            _listener.Dispose();
            await _accepting;
        }

        private async Task AcceptAsync(Func<NetworkStream, Task> serve)
        {
            try
            {
                while (true)
                {
                    using var socket = await _listener.AcceptAsync();
                    await using var stream = new NetworkStream(socket);
                    await IgnoreFailureAsync(() => serve(stream));

                    // The alert is delivered before the connection is closed: a reset would overtake it.
                    socket.Shutdown(SocketShutdown.Send);
                    await IgnoreFailureAsync(() => stream.CopyToAsync(Stream.Null));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Disposed.
            }
        }

        private static async Task IgnoreFailureAsync(Func<Task> step)
        {
            try
            {
                await step();
            }
            catch (Exception e) when (e is AuthenticationException or IOException)
            {
                // The server rejects the client, or the client the server.
            }
        }
    }
}
