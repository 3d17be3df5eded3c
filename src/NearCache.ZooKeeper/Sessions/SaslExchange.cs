using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>The SASL messages of a new connection. They precede all requests.</summary>
internal static class SaslExchange
{
    /// <summary>Authenticates the connection.</summary>
    /// <exception cref="AuthenticationFailedException">
    /// The server refuses the credentials, or cannot prove that it knows the password.
    /// </exception>
    public static async Task RunAsync(
        Connection connection, ZooKeeperSaslCredentials credentials, Func<int> nextId, CancellationToken cancellationToken)
    {
        var challenge = await StepAsync(connection, [], nextId(), cancellationToken).ConfigureAwait(false);
        var digest = new DigestMd5(credentials, DigestMd5.CreateNonce());
        if (digest.Respond(challenge) is not { } response)
        {
            throw Failed(connection, "its challenge is not DIGEST-MD5 with qop=auth");
        }

        var proof = await StepAsync(connection, response, nextId(), cancellationToken).ConfigureAwait(false);
        if (!digest.VerifyServer(proof))
        {
            throw Failed(connection, "it cannot prove that it knows the password");
        }
    }

    private static async Task<byte[]> StepAsync(Connection connection, byte[] token, int id, CancellationToken cancellationToken)
    {
        var request = new SaslRequest(token);
        var message = await connection.ExchangeAsync(
            writer =>
            {
                writer.WriteInt32(id);
                writer.WriteInt32((int)OperationCode.Sasl);
                request.WriteTo(writer);
            },
            cancellationToken).ConfigureAwait(false);
        return Read(message, id, request, connection.Server);
    }

    private static byte[] Read(byte[] message, int id, SaslRequest request, string server)
    {
        var reader = new JuteReader(message);
        var header = ReplyHeader.Read(ref reader);
        if (header.Error != ZooKeeperErrorCode.Ok)
        {
            throw ExceptionFactory.AuthenticationFailed(header.Error, server);
        }

        return header.Id == id
            ? request.ReadReply(ref reader) ?? []
            : throw new JuteFormatException($"The reply has the id {header.Id}, but {id} is expected.");
    }

    private static AuthenticationFailedException Failed(Connection connection, string why) =>
        new($"SASL with {connection.Server} failed: {why} ({nameof(ZooKeeperOptions.Sasl)}).", ZooKeeperErrorCode.AuthFailed, null);
}
