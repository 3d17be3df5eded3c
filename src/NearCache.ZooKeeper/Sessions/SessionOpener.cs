using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using NearCache.Transport;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// Opens sessions: connects to a server and exchanges the messages that precede all requests, each step within its timeout.
/// </summary>
internal sealed class SessionOpener(ZooKeeperOptions options, RequestQueue queue, TimeProvider time)
{
    private readonly TransportOptions _transport = new() { ConnectTimeout = options.ConnectTimeout, Tls = options.Tls };

    /// <summary>Connects to a server, opens or resumes the session, and authenticates by SASL if it is configured.</summary>
    /// <returns>The connection, which the caller must dispose, and the server's first reply.</returns>
    /// <exception cref="SessionRefusedException">The server closed the connection instead of replying.</exception>
    /// <exception cref="AuthenticationException">The TLS handshake failed, or the server ended it.</exception>
    /// <exception cref="IOException">The connection could not be established, or was lost.</exception>
    public async Task<(Connection Connection, ConnectResponse Response)> OpenAsync(
        ServerAddress server, ConnectRequest request, CancellationToken cancellationToken)
    {
        var transport = await ConnectAsync(server, cancellationToken).ConfigureAwait(false);
        var connection = new Connection(transport, server, queue, options.MaxMessageBytes, time);
        using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var response = Read(await SendConnectRequestAsync(connection, request, either.Token).ConfigureAwait(false));
            if (response.Timeout > 0 && options.Sasl is { } credentials)
            {
                await SaslExchange.RunAsync(connection, credentials, queue.NextId, either.Token).ConfigureAwait(false);
            }

            return (connection, response);
        }
        catch (Exception e)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            if (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                var timeout = $"{options.ConnectTimeout.TotalMilliseconds:0} ms ({nameof(options.ConnectTimeout)})";
                throw new TimeoutException($"{server} did not open the session within {timeout}.", e);
            }

            throw;
        }
    }

    /// <summary>
    /// Checks that the chroot exists, on a connection that has just opened a new session, and creates it if the options allow.
    /// </summary>
    /// <returns>Whether the chroot existed before, and whether it exists now.</returns>
    /// <exception cref="AuthenticationFailedException">The server refuses an identity.</exception>
    /// <exception cref="ZooKeeperException">The chroot could not be read or created.</exception>
    public async Task<(bool Existed, bool Exists)> FindChrootAsync(
        Connection connection, string chroot, IReadOnlyList<ZooKeeperAuthentication> identities, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var exchange = new ChrootExchange(connection, chroot, queue.NextId, either.Token);
        if (await exchange.ExistsAsync().ConfigureAwait(false))
        {
            return (true, true);
        }

        if (options.CreateChroot)
        {
            await exchange.CreateAsync(identities).ConfigureAwait(false);
        }

        return (false, options.CreateChroot);
    }

    /// <summary>Returns whether an attempt to open a session may fail with this exception, so that another attempt may succeed.</summary>
    public static bool IsTransientFailure(Exception e) =>
        Connection.IsConnectionFailure(e) || e is TimeoutException or JuteFormatException or AuthenticationException;

    private async Task<TransportConnection> ConnectAsync(ServerAddress server, CancellationToken cancellationToken)
    {
        try
        {
            return await Connector.ConnectAsync(server, _transport, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (options.Tls is { } tls && TlsFailure.IsCausedByServer(e))
        {
            throw TlsFailure.Create(server.ToString(), tls, e);
        }
    }

    private async Task<byte[]> SendConnectRequestAsync(Connection connection, ConnectRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.ExchangeAsync(request.WriteTo, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (options.Tls is { } tls && TlsFailure.IsCausedByServer(e))
        {
            // In TLS 1.3 the server judges the client's certificate after the client has completed the handshake.
            throw TlsFailure.Create(connection.Server, tls, e);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new SessionRefusedException(connection.Server, options.Tls, e);
        }
    }

    private static ConnectResponse Read(byte[] message)
    {
        var reader = new JuteReader(message);
        return ConnectResponse.Read(ref reader);
    }
}

/// <summary>The exception that is thrown when a server accepts a connection and closes it before its first reply.</summary>
internal sealed class SessionRefusedException(string server, SslClientAuthenticationOptions? tls, Exception inner) : IOException(
    $"{server} closed the connection before its first reply: it has no quorum, has too many connections of this machine (maxClientCnxns), "
    + $"or does not know transactions that this client has seen.{(tls is null ? "" : $" {TlsFailure.Describe(tls)}")}",
    inner);
