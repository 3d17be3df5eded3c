using System.Net.Sockets;
using System.Text;
using NearCache.Transport;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Makes connections, each within its time, and asks servers what they are.</summary>
internal sealed class SessionOpener(ZooKeeperOptions options, RequestQueue queue, TimeProvider time)
{
    private const int MaxReplyBytes = 4096;
    private readonly TransportOptions _transport = new() { ConnectTimeout = options.ConnectTimeout, Tls = options.Tls };

    /// <summary>Connects and exchanges the first messages. What it returns is the caller's to dispose.</summary>
    /// <exception cref="SessionRefusedException">The server closed the connection instead of answering.</exception>
    /// <exception cref="IOException">No connection, or it was lost.</exception>
    public async Task<(Connection Connection, ConnectResponse Response)> OpenAsync(
        ServerAddress server, ConnectRequest request, CancellationToken cancellationToken)
    {
        var transport = await Connector.ConnectAsync(server, _transport, time, cancellationToken).ConfigureAwait(false);
        var connection = new Connection(transport, server, queue, options.MaxMessageBytes);
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
                throw new TimeoutException(
                    $"{server} did not open the session within {options.ConnectTimeout.TotalMilliseconds:0} ms ({nameof(options.ConnectTimeout)}).",
                    e);
            }

            throw;
        }
    }

    /// <summary>Looks for the chroot on a connection that has just opened a new session, and creates it where that is allowed.</summary>
    /// <returns>Whether it was there, and whether it is there now.</returns>
    /// <exception cref="AuthenticationFailedException">The server refuses an identity.</exception>
    /// <exception cref="ZooKeeperException">It could not be seen or created.</exception>
    public async Task<(bool Was, bool Is)> FindChrootAsync(
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

    /// <summary>Asks a server whether it has a quorum.</summary>
    // "isro" answers "rw" or "ro"; nothing if the word is not on the server's whitelist.
    public async Task<bool> CanWriteAsync(ServerAddress server, CancellationToken cancellationToken) =>
        await SendCommandAsync(server, "isro", cancellationToken).ConfigureAwait(false) == "rw";

    /// <summary>Asks a server what it knows.</summary>
    public async Task<ServerStatus> GetStatusAsync(ServerAddress server, CancellationToken cancellationToken) =>
        ServerStatus.Read(await SendCommandAsync(server, ServerStatus.Command, cancellationToken).ConfigureAwait(false));

    /// <summary>Whether an attempt fails in this way, and another one may succeed.</summary>
    public static bool IsTransientFailure(Exception e) =>
        Connection.IsConnectionFailure(e) || e is TimeoutException or JuteFormatException or System.Security.Authentication.AuthenticationException;

    private static async Task<byte[]> SendConnectRequestAsync(Connection connection, ConnectRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.ExchangeAsync(request.WriteTo, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new SessionRefusedException(connection.Server, e);
        }
    }

    // The answer to a word of four letters, which the server ends by closing the connection; empty if there is none. A report is a few
    // hundred bytes.
    private async Task<string> SendCommandAsync(ServerAddress server, string command, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var answer = new byte[MaxReplyBytes];
        var length = 0;
        try
        {
            var transport = await Connector.ConnectAsync(server, _transport, time, either.Token).ConfigureAwait(false);
            await using (transport.ConfigureAwait(false))
            {
                await transport.Stream.WriteAsync(Encoding.ASCII.GetBytes(command), either.Token).ConfigureAwait(false);
                while (length < answer.Length
                    && await transport.Stream.ReadAsync(answer.AsMemory(length), either.Token).ConfigureAwait(false) is > 0 and var count)
                {
                    length += count;
                }
            }
        }
        catch (Exception e) when (IsTransientFailure(e) && !cancellationToken.IsCancellationRequested)
        {
            // What came before it is the answer.
        }

        return Encoding.ASCII.GetString(answer, 0, length);
    }

    private static ConnectResponse Read(byte[] message)
    {
        var reader = new JuteReader(message);
        return ConnectResponse.Read(ref reader);
    }
}

/// <summary>A server took a connection and closed it before its first answer.</summary>
internal sealed class SessionRefusedException(string server, Exception inner) : IOException(
    $"{server} closed the connection before its first answer: it has no quorum, has too many connections of this machine (maxClientCnxns), or does not know transactions that this client has seen.", inner);
