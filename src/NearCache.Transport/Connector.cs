using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using NearCache.Transport.Readiness;

namespace NearCache.Transport;

/// <summary>Opens connections. A connection that is not returned is closed before the call ends.</summary>
internal static class Connector
{
    /// <summary>Connects to a server: resolves its name, tries each address in turn, and performs the TLS handshake.</summary>
    /// <exception cref="TimeoutException">The connection was not established within
    /// <see cref="TransportOptions.ConnectTimeout"/>.</exception>
    /// <exception cref="SocketException">The name cannot be resolved, or every address refused the connection; the error of the last
    /// address.</exception>
    /// <exception cref="IOException">The peer closed the connection during the handshake.</exception>
    /// <exception cref="AuthenticationException">The TLS handshake failed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    public static async Task<TransportConnection> ConnectAsync(
        ServerAddress address, TransportOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var limit = new JitAwareTimeout(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        Socket? socket = null;
        Stream? stream = null;
        try
        {
            (socket, stream) = await ConnectSocketAsync(address, options, time, either.Token).ConfigureAwait(false);
            var plain = stream;
            if (options.Tls is { } tls)
            {
                stream = await EncryptAsync(socket, stream, address, tls, either.Token).ConfigureAwait(false);
            }

            var connection = new TransportConnection(socket, plain, stream);
            stream = null;
            return connection;
        }
        catch (Exception e) when (limit.HasElapsed && !cancellationToken.IsCancellationRequested
            && e is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
        {
            throw new TimeoutException($"No connection to {address} within {options.ConnectTimeout.TotalMilliseconds:0} ms.", e);
        }
        finally
        {
            if (stream is not null)
            {
                TransportConnection.Reset(socket!);
                await stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static async Task<(Socket Socket, Stream Stream)> ConnectSocketAsync(
        ServerAddress address, TransportOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        if (address.UnixPath is { } path)
        {
            return await TryAsync(new UnixDomainSocketEndPoint(path), options, cancellationToken).ConfigureAwait(false);
        }

        // The system's resolver cannot be canceled; only the wait for it ends.
        var addresses = IPAddress.TryParse(address.Host, out var ip)
            ? [ip]
            : await options.Resolve(address.Host, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        var started = time.GetTimestamp();
        for (var i = 0; i < addresses.Length - 1; i++)
        {
            // Limits each address, so that one that drops packets leaves time for the others.
            var share = (options.ConnectTimeout - time.GetElapsedTime(started)) / (addresses.Length - i);
            using var limit = new CancellationTokenSource(share > TimeSpan.Zero ? share : TimeSpan.Zero, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                return await TryAsync(new IPEndPoint(addresses[i], address.Port), options, either.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // Try the next address; the error of the last one is reported.
            }
        }

        if (addresses.Length == 0)
        {
            throw new SocketException((int)SocketError.HostNotFound);
        }

        return await TryAsync(new IPEndPoint(addresses[^1], address.Port), options, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<(Socket Socket, Stream Stream)> TryAsync(
        EndPoint endpoint, TransportOptions options, CancellationToken cancellationToken)
    {
        var isTcp = endpoint is IPEndPoint;
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, isTcp ? ProtocolType.Tcp : ProtocolType.Unspecified);
        Stream? stream = null;
        try
        {
            if (isTcp)
            {
                Configure(socket, options);
            }

            // EpollStream implements the connect sequence of TCP sockets only.
            if (isTcp && EpollThread.IsSupported)
            {
                var epoll = new EpollStream(socket);
                stream = epoll;
                await epoll.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
                stream = new NetworkStream(socket, ownsSocket: true);
            }

            // A connection to an ephemeral port on which nothing listens can connect to itself (TCP simultaneous open).
            if (isTcp && Equals(socket.LocalEndPoint, socket.RemoteEndPoint))
            {
                throw new SocketException((int)SocketError.ConnectionRefused);
            }

            return (socket, stream);
        }
        catch
        {
            // Dispose the stream first: it wakes pending waits.
            stream?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    private static void Configure(Socket socket, TransportOptions options)
    {
        socket.NoDelay = true;
        if (options.KeepAliveTime > TimeSpan.Zero)
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Seconds(options.KeepAliveTime));
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, Seconds(options.KeepAliveInterval));
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, options.KeepAliveRetries);
        }
    }

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)time.TotalSeconds);

    private static async Task<Stream> EncryptAsync(
        Socket socket, Stream plain, ServerAddress address, SslClientAuthenticationOptions tls, CancellationToken cancellationToken)
    {
        var stream = new SslStream(plain, leaveInnerStreamOpen: false);
        try
        {
            await stream.AuthenticateAsClientAsync(ForHost(tls, address.Host), cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            // An orderly TLS shutdown would wait for a server that does not reply.
            TransportConnection.Reset(socket);
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Returns the settings with <see cref="SslClientAuthenticationOptions.TargetHost"/> set to the host, or the settings themselves if it
    /// is set.
    /// </summary>
    internal static SslClientAuthenticationOptions ForHost(SslClientAuthenticationOptions tls, string host)
    {
        if (!string.IsNullOrEmpty(tls.TargetHost))
        {
            return tls;
        }

        var copy = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            AllowRenegotiation = tls.AllowRenegotiation,
            AllowTlsResume = tls.AllowTlsResume,
            ApplicationProtocols = tls.ApplicationProtocols,
            CertificateChainPolicy = tls.CertificateChainPolicy,
            CertificateRevocationCheckMode = tls.CertificateRevocationCheckMode,
            CipherSuitesPolicy = tls.CipherSuitesPolicy,
            ClientCertificateContext = tls.ClientCertificateContext,
            ClientCertificates = tls.ClientCertificates,
            EnabledSslProtocols = tls.EnabledSslProtocols,
            EncryptionPolicy = tls.EncryptionPolicy,
            LocalCertificateSelectionCallback = tls.LocalCertificateSelectionCallback,
            RemoteCertificateValidationCallback = tls.RemoteCertificateValidationCallback,
        };
        if (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
        {
            (copy.AllowRsaPkcs1Padding, copy.AllowRsaPssPadding) = (tls.AllowRsaPkcs1Padding, tls.AllowRsaPssPadding);
        }

        return copy;
    }
}
