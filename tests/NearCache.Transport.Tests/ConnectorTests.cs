using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NearCache.TestSupport;

namespace NearCache.Transport.Tests;

public sealed class ConnectorTests
{
    private static readonly TransportOptions Options = new() { ConnectTimeout = TimeSpan.FromSeconds(20) };

    [Fact]
    public async Task It_connects_without_delay_and_with_keepalive()
    {
        using var loopback = new Loopback();

        await using var connection = await Connector.ConnectAsync(loopback.Address, Options, TimeProvider.System, default);
        using var peer = await loopback.AcceptAsync();

        Assert.Equal(connection.Local, peer.RemoteEndPoint);
        Assert.Equal(connection.Remote, peer.LocalEndPoint);
        var socket = connection.Socket;
        Assert.True(socket.NoDelay);
        Assert.Equal(1, (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!);
        Assert.Equal(15, (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime)!);
        Assert.Equal(5, (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval)!);
        Assert.Equal(3, (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount)!);
    }

    [Fact]
    public async Task Every_address_of_a_name_is_tried()
    {
        // The callback has IPv4 only, and localhost may stand for ::1 first.
        using var loopback = new Loopback();

        await using var connection = await Connector.ConnectAsync(
            ServerAddress.Parse($"localhost:{loopback.Port}"), Options, TimeProvider.System, default);

        Assert.Equal(loopback.Port, ((IPEndPoint)connection.Remote!).Port);
    }

    [Fact]
    public async Task Where_nothing_listens_the_error_says_refused()
    {
        // Held, so that nobody else listens there, and not listened on.
        using var held = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        held.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)held.LocalEndPoint!).Port;
        var e = await Assert.ThrowsAsync<SocketException>(
            () => Connector.ConnectAsync(ServerAddress.Parse($"127.0.0.1:{port}"), Options, TimeProvider.System, default));

        Assert.Equal(SocketError.ConnectionRefused, e.SocketErrorCode);
    }

    [Fact]
    public async Task An_unknown_name_is_an_error_of_the_resolver() => await Assert.ThrowsAnyAsync<Exception>(() =>
        Connector.ConnectAsync(ServerAddress.Parse("no-such-host.invalid:1"), Options, TimeProvider.System, default));

    [Fact]
    public async Task A_server_that_swallows_the_syn_ends_in_a_timeout_and_no_socket_is_left()
    {
        var (loopback, fillers) = await Loopback.BlackHoleAsync();
        using var disposed = loopback;
        var time = new ManualTime();

        var connecting = Connector.ConnectAsync(loopback.Address, Options, time, default);
        Assert.False(connecting.IsCompleted);
        time.Advance(Options.ConnectTimeout);

        var e = await Assert.ThrowsAsync<TimeoutException>(() => connecting);
        Assert.Contains("20000 ms", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, time.ActiveTimers);
        fillers.ForEach(filler => filler.Dispose());
    }

    [Fact]
    public async Task Cancelling_gives_up_at_once()
    {
        var (loopback, fillers) = await Loopback.BlackHoleAsync();
        using var disposed = loopback;
        using var cancel = new CancellationTokenSource();

        var connecting = Connector.ConnectAsync(loopback.Address, Options, new ManualTime(), cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
        fillers.ForEach(filler => filler.Dispose());
    }

    [Fact]
    public async Task A_handshake_that_is_never_answered_ends_with_the_connect_timeout_and_resets_the_socket()
    {
        using var loopback = new Loopback();
        var time = new ManualTime();
        var options = Options with { Tls = new SslClientAuthenticationOptions() };

        var connecting = Connector.ConnectAsync(loopback.Address, options, time, default);
        using var peer = await loopback.AcceptAsync();
        Assert.True(await peer.ReceiveAsync(new byte[1]) > 0);
        time.Advance(options.ConnectTimeout);

        await Assert.ThrowsAsync<TimeoutException>(() => connecting);

        // A farewell would leave the socket waiting for the peer's.
        var e = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (await peer.ReceiveAsync(new byte[1024]).WaitAsync(TimeSpan.FromMinutes(3)) > 0)
            {
                // What was sent before.
            }
        });
        Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
    }

    [Fact]
    public void Settings_of_tls_are_copied_whole_for_a_host()
    {
        var settings = new SslClientAuthenticationOptions();
        foreach (var property in typeof(SslClientAuthenticationOptions).GetProperties()
            .Where(property => property.Name != nameof(settings.TargetHost)))
        {
            property.SetValue(settings, Another(property.PropertyType, property.GetValue(settings)));
        }

        var copy = Connector.ForHost(settings, "cache-1");

        Assert.Equal("cache-1", copy.TargetHost);
        Assert.All(
            typeof(SslClientAuthenticationOptions).GetProperties().Where(property => property.Name != nameof(settings.TargetHost)),
            property => Assert.Equal(property.GetValue(settings), property.GetValue(copy)));
    }

    private static object? Another(Type type, object? value) => value switch
    {
        true => false,
        false => true,
        _ when type == typeof(List<SslApplicationProtocol>) => new List<SslApplicationProtocol> { SslApplicationProtocol.Http2 },
        _ when type == typeof(X509ChainPolicy) => new X509ChainPolicy(),
        _ when type == typeof(X509CertificateCollection) => new X509CertificateCollection(),
        _ when type == typeof(X509RevocationMode) => X509RevocationMode.Offline,
        _ when type == typeof(System.Security.Authentication.SslProtocols) => System.Security.Authentication.SslProtocols.Tls13,
        _ when type == typeof(RemoteCertificateValidationCallback) =>
            (RemoteCertificateValidationCallback)((_, _, _, errors) => errors == SslPolicyErrors.None),
        _ when type == typeof(LocalCertificateSelectionCallback) => (LocalCertificateSelectionCallback)((_, _, _, _, _) => null!),
        _ => value,
    };

    [Fact]
    public async Task Tls_carries_bytes_both_ways_and_checks_the_host()
    {
        using var loopback = new Loopback();
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(
                new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero));
        string? host = null;
        var options = Options with
        {
            Tls = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (sender, _, _, _) => (host = ((SslStream)sender).TargetHostName) is not null,
            },
        };

        var connecting = Connector.ConnectAsync(loopback.Address, options, TimeProvider.System, default);
        await using var server = new SslStream(new NetworkStream(await loopback.AcceptAsync(), ownsSocket: true));
        await server.AuthenticateAsServerAsync(certificate);
        await using var connection = await connecting;
        await connection.Output.WriteAsync("ping"u8.ToArray());
        var buffer = new byte[4];
        await server.ReadExactlyAsync(buffer);
        await server.WriteAsync(buffer);
        var answer = await connection.Input.ReadAtLeastAsync(4);

        Assert.Equal("ping"u8, answer.Buffer.FirstSpan);
        Assert.Equal("127.0.0.1", host);
    }

    [Fact]
    public async Task A_unix_socket_is_a_server_too()
    {
        var path = Path.Combine(Path.GetTempPath(), $"nearcache-{Guid.NewGuid():N}.sock");
        using var callback = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        callback.Bind(new UnixDomainSocketEndPoint(path));
        callback.Listen();

        await using var connection = await Connector.ConnectAsync(ServerAddress.Parse(path), Options, TimeProvider.System, default);
        using var peer = await callback.AcceptAsync();
        await connection.Stream.WriteAsync("x"u8.ToArray());

        Assert.Equal(1, await peer.ReceiveAsync(new byte[8]));
        File.Delete(path);
    }

    internal static async Task AssertClosedAsync(Socket peer)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await peer.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromMinutes(3)) > 0)
            {
                // What was sent before it was closed.
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed by a reset.
        }
    }
}
