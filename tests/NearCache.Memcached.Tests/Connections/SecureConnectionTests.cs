using System.Diagnostics;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.Servers;
using Eventually = NearCache.TestSupport.Eventually;
using FaultProxy = NearCache.TestSupport.FaultProxy;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>
/// TLS and the ASCII authentication of the distribution's memcached 1.6.18, which has both (-Z, -Y). Only what a server never answers is
/// the fake's.
/// </summary>
public sealed class SecureConnectionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nearcache-test-tls-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Over_TLS_and_with_a_password_everything_works()
    {
        var (certificate, arguments) = Secure();
        await using var server = await MemcachedProcess.StartNewAsync([.. arguments, "-Y", Login("anna:secret")]);
        await using var client = new MemcachedClient(
            Patient(
                new MemcachedOptions
                {
                    Servers = { server.Address },
                    Tls = Trusting(certificate),
                    UserName = "anna",
                    Password = "secret",
                }));

        await client.SetAsync("k", new byte[300_000]);

        Assert.Equal(300_000, (await client.GetAsync("k"))!.Length);
        Assert.StartsWith("1.6.", await client.Servers[0].GetVersionAsync());
        Assert.Null(await client.GetAsync("auth"));
    }

    [Fact]
    public async Task A_server_that_asks_for_no_password_is_told_none()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        await using var client = new MemcachedClient(
            Patient(new MemcachedOptions { Servers = { server.Address }, UserName = "anna", Password = "secret" }));

        Assert.Null(await client.GetAsync("auth"));
        Assert.Equal("0", (await client.Servers[0].GetStatisticsAsync())["cmd_set"]);
    }

    [Theory]
    [InlineData("wrong", "does not accept this user name and password")]
    [InlineData(null, "requires a user name and password")]
    public async Task A_wrong_or_missing_password_is_one_clear_error(string? password, string text)
    {
        await using var server = await MemcachedProcess.StartNewAsync("-Y", Login("anna:secret"));
        var options = new MemcachedOptions { UserName = password is null ? null : "anna", Password = password };

        await FailsAsync(server, options, text);
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_one_clear_error()
    {
        var (_, arguments) = Secure();
        await using var server = await MemcachedProcess.StartNewAsync(arguments);

        await FailsAsync(server, new MemcachedOptions { Tls = new SslClientAuthenticationOptions() }, "certificate");
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_one_clear_error()
    {
        var (certificate, arguments) = Secure("elsewhere.example");
        await using var server = await MemcachedProcess.StartNewAsync(arguments);

        await FailsAsync(server, new MemcachedOptions { Tls = Trusting(certificate) }, "RemoteCertificateNameMismatch");
    }

    [Fact]
    public async Task An_expired_certificate_is_one_clear_error()
    {
        var (certificate, arguments) = Secure(isExpired: true);
        await using var server = await MemcachedProcess.StartNewAsync(arguments);

        await FailsAsync(server, new MemcachedOptions { Tls = Trusting(certificate) }, "NotTimeValid");
    }

    [Fact]
    public async Task Plain_text_to_a_TLS_server_is_one_clear_error()
    {
        var (_, arguments) = Secure();
        await using var server = await MemcachedProcess.StartNewAsync(arguments);

        // What comes is no handshake, and the server closes.
        await FailsAsync<MemcachedServerDownException>(server, Patient(new MemcachedOptions()), "TLS");
    }

    [Fact]
    public async Task TLS_to_a_plain_server_is_one_clear_error()
    {
        await using var server = await MemcachedProcess.StartNewAsync();

        await FailsAsync(server, new MemcachedOptions { Tls = new SslClientAuthenticationOptions() }, "TLS handshake failed");
    }

    [Fact]
    public async Task A_handshake_that_is_never_answered_ends_in_the_connect_timeout_and_with_the_client()
    {
        await using var server = FakeMemcached.Start();
        server.Faults.IsSilent = true;
        var client = new MemcachedClient(
            new MemcachedOptions
            {
                Servers = { server.Address },
                Tls = new SslClientAuthenticationOptions(),
                ConnectTimeout = TimeSpan.FromMilliseconds(50),
            });
        var clock = Stopwatch.StartNew();
        while (server.AcceptedConnections < 4)
        {
            await Assert.ThrowsAsync<MemcachedServerDownException>(async () => await client.GetAsync("k"));
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        Assert.InRange(server.AcceptedConnections, 4, MostAttempts(clock.Elapsed));
        await client.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1));
        await Eventually.BecomesTrueAsync(() => server.OpenConnections == 0, "nothing is left open");
        var accepted = server.AcceptedConnections;
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await client.GetAsync("k"));
        Assert.Equal(accepted, server.AcceptedConnections);
    }

    private static Task FailsAsync(MemcachedProcess server, MemcachedOptions options, string text) =>
        FailsAsync<MemcachedAuthenticationException>(server, Patient(options), text);

    // A handshake on a busy machine takes its time.
    private static MemcachedOptions Patient(MemcachedOptions options)
    {
        (options.ConnectTimeout, options.OperationTimeout) = (TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
        return options;
    }

    // Callers that do not give up: all see the same error, and the server sees few attempts.
    private static async Task FailsAsync<TException>(MemcachedProcess server, MemcachedOptions options, string text)
        where TException : MemcachedException
    {
        await using var proxy = FaultProxy.Start(server.Port);
        options.Servers.Add(proxy.Address);
        await using var client = new MemcachedClient(options);
        var clock = Stopwatch.StartNew();
        for (var call = 0; call < 100; call++)
        {
            var e = await Assert.ThrowsAsync<TException>(async () => await client.GetAsync("k"));
            Assert.Contains(text, e.Message + e.InnerException?.Message, StringComparison.Ordinal);
            Assert.Equal((e is not MemcachedAuthenticationException, false), (e.IsTransient, e.OutcomeUnknown));
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }

        Assert.Equal(MemcachedServerState.Down, client.Servers[0].State);
        var (elapsed, attempts) = (clock.Elapsed, proxy.Accepted);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"[FIGURE] {text}: {attempts} attempts in {elapsed.TotalMilliseconds:0} ms of 100 calls");
        Assert.InRange(attempts, 1, MostAttempts(clock.Elapsed));
        await client.DisposeAsync();
        await Eventually.BecomesTrueAsync(() => proxy.Connections == 0, "nothing is left open");
    }

    // The waits are 100, 200, 400 ms and so on to 5 s, each at least 80 % of that.
    private static int MostAttempts(TimeSpan elapsed)
    {
        var (attempts, wait) = (1, 0.08);
        for (var left = elapsed.TotalSeconds; left >= 0; left -= wait, wait = Math.Min(wait * 2, 4))
        {
            attempts++;
        }

        return attempts;
    }

    private static SslClientAuthenticationOptions Trusting(X509Certificate2 certificate)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(certificate);
        return new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = policy };
    }

    private (X509Certificate2 Certificate, string[] Arguments) Secure(string name = "localhost", bool isExpired = false)
    {
        var (certificate, certificatePath, keyPath) = Certificates.Write(_folder, name, isExpired);
        return (certificate, ["-Z", "-o", $"ssl_chain_cert={certificatePath},ssl_key={keyPath}"]);
    }

    private string Login(string text)
    {
        var path = Path.Combine(_folder, "login");
        File.WriteAllText(path, text + "\n");
        return path;
    }
}
