using System.Security.Authentication;
using System.Text;
using NearCache.Memcached.Protocol;
using NearCache.Transport;

namespace NearCache.Memcached.Connections;

/// <summary>Makes a connection and asks for the server's version before anything else.</summary>
/// <remarks>
/// A socket that opens proves little: the system accepts for a server that is stopped, a TLS port stays silent to plain text, and a server
/// at its connection limit says so only then.
/// </remarks>
internal static class Handshake
{
    private const int MaxLineLength = 1024;

    /// <summary>Returns a connection that has answered, and the version.</summary>
    public static async Task<(TransportConnection Connection, string Version)> ConnectAsync(
        ConnectionSettings settings, CancellationToken cancellationToken)
    {
        using var limit = new JitAwareTimeout(settings.Options.ConnectTimeout, settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        TransportConnection? connection = null;
        try
        {
            connection = await ConnectPlainOrByTlsAsync(settings, either.Token).ConfigureAwait(false);
            var version = await AskForVersionAsync(connection, settings, either.Token).ConfigureAwait(false);
            var greeted = connection;
            connection = null;
            return (greeted, version);
        }
        catch (Exception e) when (
            !cancellationToken.IsCancellationRequested && (e is TimeoutException or OperationCanceledException || limit.HasElapsed))
        {
            throw new MemcachedTimeoutException(
                settings.Server, null, outcomeUnknown: false, nameof(MemcachedOptions.ConnectTimeout), settings.Options.ConnectTimeout, e);
        }
        finally
        {
            connection?.Abort(new IOException("No greeting."));
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

    // https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Authentication". A server that asks for a name and password
    // refuses everything else until it has them. One that does not ask would store them as an item: so it is asked first whether it wants
    // them.
    private static async Task<string> AskForVersionAsync(
        TransportConnection connection, ConnectionSettings settings, CancellationToken cancellationToken)
    {
        var line = await AskAsync(connection, settings, "version\r\n", cancellationToken).ConfigureAwait(false);
        if (line.StartsWith("CLIENT_ERROR unauthenticated", StringComparison.Ordinal))
        {
            if (settings.Options is not { UserName: { } user, Password: { } password })
            {
                throw new MemcachedAuthenticationException(
                    settings.Server, null, "it asks for a name and password (UserName, Password).", null);
            }

            var login = $"{user} {password}";
            line = await AskAsync(
                connection,
                settings,
                $"set auth 0 0 {Encoding.UTF8.GetByteCount(login)}\r\n{login}\r\n",
                cancellationToken).ConfigureAwait(false);
            if (line != "STORED")
            {
                throw new MemcachedAuthenticationException(
                    settings.Server, null, $"it does not accept this name and password (UserName, Password): {line}.", null);
            }

            line = await AskAsync(connection, settings, "version\r\n", cancellationToken).ConfigureAwait(false);
        }

        if (!line.StartsWith("VERSION ", StringComparison.Ordinal))
        {
            throw Refusal(settings.Server, line);
        }

        // Before anything is sent that the server could take for something else.
        var version = line["VERSION ".Length..];
        return ServerVersion.Parse(version).IsSupported
            ? version
            : throw new MemcachedServerTooOldException(settings.Server, null, version, ServerVersion.Oldest.ToString());
    }

    /// <summary>Sends a question that is answered by one line, and returns the line.</summary>
    private static async Task<string> AskAsync(
        TransportConnection connection, ConnectionSettings settings, string question, CancellationToken cancellationToken)
    {
        try
        {
            await connection.Stream.WriteAsync(Encoding.UTF8.GetBytes(question), cancellationToken).ConfigureAwait(false);
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
                        settings.Server, null, outcomeUnknown: false, "its greeting is followed by something that nobody asked for");
            }
        }

        throw new MemcachedProtocolException(settings.Server, null, outcomeUnknown: false, "its greeting has no end");
    }

    private static MemcachedConnectionLostException Closed(ConnectionSettings settings, Exception? cause) => new(
        settings.Server, null, outcomeUnknown: false, $"the server closed it before its greeting{(settings.Transport.Tls is null ? ", as one does that wants TLS (Tls)" : "")}", cause);

    private static MemcachedException Refusal(string server, string line) =>
        line.StartsWith("ERROR Too many open connections", StringComparison.Ordinal)
        ? new MemcachedServerFullException(server, null)
        : new MemcachedProtocolException(server, null, outcomeUnknown: false, "its answer to 'version' is no version");
}
