using System.Text;
using NearCache.Transport;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Queries servers by four-letter words, on connections that belong to no session.</summary>
internal sealed class ServerProbe(ZooKeeperOptions options, TimeProvider time)
{
    // A status has a few hundred bytes.
    private const int MaxReplyBytes = 4096;
    private readonly TransportOptions _transport = new() { ConnectTimeout = options.ConnectTimeout, Tls = options.Tls };

    /// <summary>Returns whether a server has a quorum.</summary>
    // The server replies "rw" or "ro" to "isro", and nothing if the command is not on its whitelist.
    public async Task<bool> CanWriteAsync(ServerAddress server, CancellationToken cancellationToken) =>
        await SendCommandAsync(server, "isro", cancellationToken).ConfigureAwait(false) == "rw";

    /// <summary>Returns the status that a server reports.</summary>
    public async Task<ServerStatus> GetStatusAsync(ServerAddress server, CancellationToken cancellationToken) =>
        ServerStatus.Read(await SendCommandAsync(server, ServerStatus.Command, cancellationToken).ConfigureAwait(false));

    // The server closes the connection behind its reply. Returns an empty string if there is no reply.
    private async Task<string> SendCommandAsync(ServerAddress server, string command, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var reply = new byte[MaxReplyBytes];
        var length = 0;
        try
        {
            var transport = await Connector.ConnectAsync(server, _transport, time, either.Token).ConfigureAwait(false);
            await using (transport.ConfigureAwait(false))
            {
                await transport.Stream.WriteAsync(Encoding.ASCII.GetBytes(command), either.Token).ConfigureAwait(false);
                while (length < reply.Length
                    && await transport.Stream.ReadAsync(reply.AsMemory(length), either.Token).ConfigureAwait(false) is > 0 and var count)
                {
                    length += count;
                }
            }
        }
        catch (Exception e) when (SessionOpener.IsTransientFailure(e) && !cancellationToken.IsCancellationRequested)
        {
            // The bytes received before the failure are the reply.
        }

        return Encoding.ASCII.GetString(reply, 0, length);
    }
}
