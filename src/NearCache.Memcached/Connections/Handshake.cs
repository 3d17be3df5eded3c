using System.Security.Authentication;
using System.Text;
using NearCache.Memcached.Protocol;
using NearCache.Transport;

namespace NearCache.Memcached.Connections;

/// <summary>Opens a connection and queries the server's version before anything else.</summary>
/// <remarks>
/// An open socket proves little: the system accepts connections for a stopped server, a TLS port does not reply to plain text, and a server
/// at its connection limit reports it only after accepting.
/// </remarks>
internal static class Handshake
{
    private const int MaxLineLength = 1024;

    /// <summary>Returns an open connection and the server's version.</summary>
    /// <param name="settings">The server and the limits.</param>
    /// <param name="onConnected">Called when the socket is connected, before the server has replied.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    public static async Task<(TransportConnection Connection, string Version)> ConnectAsync(
        ConnectionSettings settings, Action<TransportConnection> onConnected, CancellationToken cancellationToken)
    {
        using var limit = new JitAwareTimeout(settings.Options.ConnectTimeout, settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        TransportConnection? connection = null;
        try
        {
            connection = await ConnectPlainOrByTlsAsync(settings, either.Token).ConfigureAwait(false);
            onConnected(connection);
            var version = await LogInAndGetVersionAsync(connection, settings, either.Token).ConfigureAwait(false);
            var opened = connection;
            connection = null;
            return (opened, version);
        }
        catch (Exception e) when (
            !cancellationToken.IsCancellationRequested && (e is TimeoutException or OperationCanceledException || limit.HasElapsed))
        {
            throw new MemcachedTimeoutException(
                settings.Server, null, outcomeUnknown: false, nameof(MemcachedOptions.ConnectTimeout), settings.Options.ConnectTimeout, e);
        }
        finally
        {
            connection?.Abort(new IOException("The handshake failed."));
        }
    }

    private static async Task<TransportConnection> ConnectPlainOrByTlsAsync(
        ConnectionSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            return await Connector.ConnectAsync(settings.Address, settings.Transport, settings.Time, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (AuthenticationException e)
        {
            throw new MemcachedAuthenticationException(
                settings.Server, null, $"the TLS handshake failed: {e.Message.TrimEnd('.')} (Tls; a server without TLS fails so too).", e);
        }
    }

    // https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Authentication". A server with authentication rejects
    // everything else before the login. A server without it would store the login as an item. The first command therefore finds out whether
    // the server requires a login.
    private static async Task<string> LogInAndGetVersionAsync(
        TransportConnection connection, ConnectionSettings settings, CancellationToken cancellationToken)
    {
        var line = await ExecuteAsync(connection, settings, "version\r\n", cancellationToken).ConfigureAwait(false);
        if (line.StartsWith("CLIENT_ERROR unauthenticated", StringComparison.Ordinal))
        {
            if (settings.Options is not { UserName: { } user, Password: { } password })
            {
                throw new MemcachedAuthenticationException(
                    settings.Server, null, "it requires a user name and password (UserName, Password).", null);
            }

            var login = $"{user} {password}";
            line = await ExecuteAsync(
                connection,
                settings,
                $"set auth 0 0 {Encoding.UTF8.GetByteCount(login)}\r\n{login}\r\n",
                cancellationToken).ConfigureAwait(false);
            if (line != "STORED")
            {
                throw new MemcachedAuthenticationException(
                    settings.Server, null, $"it does not accept this user name and password (UserName, Password): {line}.", null);
            }

            line = await ExecuteAsync(connection, settings, "version\r\n", cancellationToken).ConfigureAwait(false);
        }

        if (!line.StartsWith("VERSION ", StringComparison.Ordinal))
        {
            throw Refusal(settings.Server, line);
        }

        // Check the version before sending anything that an old server could misinterpret.
        var version = line["VERSION ".Length..];
        return ServerVersion.Parse(version).IsSupported
            ? version
            : throw new MemcachedServerTooOldException(settings.Server, null, version, ServerVersion.Oldest.ToString());
    }

    /// <summary>Sends a command whose reply is one line, and returns the line.</summary>
    private static async Task<string> ExecuteAsync(
        TransportConnection connection, ConnectionSettings settings, string command, CancellationToken cancellationToken)
    {
        try
        {
            await connection.Stream.WriteAsync(Encoding.UTF8.GetBytes(command), cancellationToken).ConfigureAwait(false);
            return await ReadLineAsync(connection, settings, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw Closed(settings, e);
        }
    }

    private static async Task<string> ReadLineAsync(
        TransportConnection connection, ConnectionSettings settings, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxLineLength];
        for (var length = 0; length < buffer.Length;)
        {
            var count = await connection.Stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                throw Closed(settings, null);
            }

            length += count;
            if (buffer.AsSpan(0, length).IndexOf((byte)'\n') is var end and >= 0)
            {
                return end == length - 1
                    ? Encoding.ASCII.GetString(buffer, 0, end).TrimEnd('\r')
                    : throw new MemcachedProtocolException(
                        settings.Server, null, outcomeUnknown: false, "its first reply is followed by an unsolicited reply");
            }
        }

        throw new MemcachedProtocolException(settings.Server, null, outcomeUnknown: false, "its first reply has no line end");
    }

    private static MemcachedConnectionLostException Closed(ConnectionSettings settings, Exception? cause) => new(
        settings.Server,
        null,
        outcomeUnknown: false,
        $"the server closed it before its first reply{(settings.Transport.Tls is null ? ", as one does that requires TLS (Tls)" : "")}",
        cause);

    private static MemcachedException Refusal(string server, string line) =>
        line.StartsWith("ERROR Too many open connections", StringComparison.Ordinal)
        ? new MemcachedServerFullException(server, null)
        : new MemcachedProtocolException(server, null, outcomeUnknown: false, "its reply to 'version' is not a version");
}
