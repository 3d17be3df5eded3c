using System.Text;
using NearCache.Transport;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Queries servers by four-letter words, on connections that belong to no session.</summary>
internal sealed class ServerProbe(ZooKeeperOptions options, TimeProvider time)
{
    // A status has a few hundred bytes.
    private const int MaxStatusBytes = 4096;

    // A list of connections has about 100 bytes for each.
    private const int MaxReplyBytes = 4 << 20;
    private readonly TransportOptions _transport = new() { ConnectTimeout = options.ConnectTimeout, Tls = options.Tls };

    /// <summary>Returns whether a server has a quorum.</summary>
    // The server replies "rw" or "ro" to "isro", and nothing if the command is not on its whitelist.
    public async Task<bool> CanWriteAsync(ServerAddress server, CancellationToken cancellationToken) =>
        (await SendCommandAsync(server, "isro", MaxStatusBytes, cancellationToken).ConfigureAwait(false)).Text == "rw";

    /// <summary>Returns the status that a server reports.</summary>
    public async Task<ServerStatus> GetStatusAsync(ServerAddress server, CancellationToken cancellationToken) =>
        ServerStatus.Read(
            (await SendCommandAsync(server, ServerStatus.Command, MaxStatusBytes, cancellationToken).ConfigureAwait(false)).Text);

    /// <summary>Sends a four-letter word to a server, and returns its reply or why there is none.</summary>
    public async Task<ZooKeeperServerReply> QueryAsync(ServerAddress server, string word, CancellationToken cancellationToken)
    {
        var (text, failure) = await SendCommandAsync(server, word, MaxReplyBytes, cancellationToken).ConfigureAwait(false);
        return text.Length == 0
                ? new ZooKeeperServerReply
                {
                    Server = server.ToString(),
                    Text = null,
                    Problem = failure is null ? $"the server closed the connection without a reply to {word}" : $"not reached: {failure}",
                }
            : text.Contains("is not executed because it is not in the whitelist", StringComparison.Ordinal)
                ? new ZooKeeperServerReply
                {
                    Server = server.ToString(),
                    Text = null,
                    Problem = $"not permitted: the server's 4lw.commands.whitelist lacks {word}",
                }
            : new ZooKeeperServerReply { Server = server.ToString(), Text = text, Problem = null };
    }

    // The server closes the connection behind its reply. Returns an empty string if there is no reply.
    private async Task<(string Text, string? Failure)> SendCommandAsync(
        ServerAddress server, string command, int mostBytes, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var reply = new byte[MaxStatusBytes];
        var length = 0;
        string? failure = null;
        try
        {
            var transport = await Connector.ConnectAsync(server, _transport, time, either.Token).ConfigureAwait(false);
            await using (transport.ConfigureAwait(false))
            {
                await transport.Stream.WriteAsync(Encoding.ASCII.GetBytes(command), either.Token).ConfigureAwait(false);
                while (length < mostBytes
                    && await transport.Stream.ReadAsync(reply.AsMemory(length), either.Token).ConfigureAwait(false) is > 0 and var count)
                {
                    length += count;
                    if (length == reply.Length && length < mostBytes)
                    {
                        Array.Resize(ref reply, Math.Min(2 * length, mostBytes));
                    }
                }
            }
        }
        catch (Exception e) when (SessionOpener.IsTransientFailure(e) && !cancellationToken.IsCancellationRequested)
        {
            // The bytes received before the failure are the reply.
            failure = limit.IsCancellationRequested ? $"no reply within {options.ConnectTimeout}" : e.Message;
        }

        return (Encoding.ASCII.GetString(reply, 0, length), failure);
    }
}
