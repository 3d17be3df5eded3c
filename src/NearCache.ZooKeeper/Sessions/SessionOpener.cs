using System.Text;
using NearCache.Transport;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Makes connections, each within its time, and asks servers what they are.</summary>
internal sealed class SessionOpener(ZooKeeperOptions options, RequestQueue queue, TimeProvider time)
{
    private readonly TransportOptions _transport = new() { ConnectTimeout = options.ConnectTimeout, Tls = options.Tls };

    /// <summary>Connects and exchanges the first messages. What it returns is the caller's to dispose.</summary>
    /// <exception cref="IOException">No connection, or the server closed it: it may be behind, read-only, or refuse so many clients.</exception>
    public async Task<(Connection Connection, ConnectResponse Response)> OpenAsync(ServerAddress server, ConnectRequest request, CancellationToken cancellationToken)
    {
        var transport = await Connector.ConnectAsync(server, _transport, time, cancellationToken).ConfigureAwait(false);
        var connection = new Connection(transport, server.ToString(), queue, options.MaxMessageBytes);
        using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var response = Read(await connection.AskAsync(request.WriteTo, either.Token).ConfigureAwait(false));
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
                throw new TimeoutException($"{server} did not open the session within {options.ConnectTimeout.TotalMilliseconds:0} ms ({nameof(options.ConnectTimeout)}).", e);
            }

            throw;
        }
    }

    /// <summary>Asks a server whether it has a quorum.</summary>
    // "isro" answers "rw" or "ro"; nothing if the word is not on the server's whitelist.
    public async Task<bool> CanWriteAsync(ServerAddress server, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var transport = await Connector.ConnectAsync(server, _transport, time, either.Token).ConfigureAwait(false);
            await using (transport.ConfigureAwait(false))
            {
                await transport.Stream.WriteAsync("isro"u8.ToArray(), either.Token).ConfigureAwait(false);
                var answer = new byte[2];
                var count = await transport.Stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, either.Token).ConfigureAwait(false);
                return Encoding.ASCII.GetString(answer, 0, count) == "rw";
            }
        }
        catch (Exception e) when (IsFailure(e) && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Whether an attempt fails in this way, and another one may succeed.</summary>
    public static bool IsFailure(Exception e) =>
        Connection.IsLoss(e) || e is TimeoutException or JuteFormatException or System.Security.Authentication.AuthenticationException;

    private static ConnectResponse Read(byte[] message)
    {
        var reader = new JuteReader(message);
        return ConnectResponse.Read(ref reader);
    }
}
