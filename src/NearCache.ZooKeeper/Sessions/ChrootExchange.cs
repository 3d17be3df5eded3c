using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// The messages of a new session that look for the chroot, and create it where that is allowed: nothing else is sent until they are
/// through.
/// </summary>
/// <remarks>What exists is not created: also a refused create is a transaction of the ensemble.</remarks>
internal sealed class ChrootExchange(Connection connection, string chroot, Func<int> nextId, CancellationToken cancellationToken)
{
    /// <summary>Whether the chroot exists.</summary>
    public Task<bool> ExistsAsync() => ExistsAsync(chroot);

    /// <summary>Creates the chroot and what is missing above it, open to all.</summary>
    /// <param name="identities">Claimed first: what lies above may have access rights.</param>
    /// <exception cref="AuthenticationFailedException">The server refuses an identity.</exception>
    /// <exception cref="ZooKeeperException">It could not be created.</exception>
    public async Task CreateAsync(IReadOnlyList<ZooKeeperAuthentication> identities)
    {
        foreach (var identity in identities)
        {
            var header = Read(
                await connection.ExchangeAsync(writer => ClaimedIdentities.Write(writer, identity), cancellationToken).ConfigureAwait(false),
                RequestId.Auth);
            if (header.Error != ZooKeeperErrorCode.Ok)
            {
                throw ExceptionFactory.AuthenticationFailed(header.Error, connection.Server);
            }
        }

        foreach (var path in ZNodePath.AncestorsAndSelf(chroot))
        {
            if (!await ExistsAsync(path).ConfigureAwait(false))
            {
                Check(
                    await AskAsync<CreateRequest, CreatedZNode>(
                        new CreateRequest(
                            new ChrootedPath("", path), null, ZNodeMode.Persistent, ZNodeAcl.OpenToAll, 0)).ConfigureAwait(false),
                    ZooKeeperErrorCode.NodeExists,
                    OperationCode.Create2,
                    path);
            }
        }
    }

    private async Task<bool> ExistsAsync(string path)
    {
        var error = await AskAsync<ExistsRequest, ZNodeStat?>(new ExistsRequest(new ChrootedPath("", path), Watch: false))
            .ConfigureAwait(false);
        Check(error, ZooKeeperErrorCode.NoNode, OperationCode.Exists, path);
        return error == ZooKeeperErrorCode.Ok;
    }

    private void Check(ZooKeeperErrorCode error, ZooKeeperErrorCode allowed, OperationCode code, string path)
    {
        if (error != ZooKeeperErrorCode.Ok && error != allowed)
        {
            throw ExceptionFactory.ForErrorReply(error, code, path, connection.Server, isWrite: code != OperationCode.Exists);
        }
    }

    private async Task<ZooKeeperErrorCode> AskAsync<TRequest, TReply>(TRequest request)
        where TRequest : struct, IRequest<TReply>
    {
        var id = nextId();
        var message = await connection.ExchangeAsync(
            writer =>
            {
                writer.WriteInt32(id);
                writer.WriteInt32((int)request.Code);
                request.WriteTo(writer);
            },
            cancellationToken).ConfigureAwait(false);
        return Read(message, id).Error;
    }

    private static ReplyHeader Read(byte[] message, int id)
    {
        var reader = new JuteReader(message);
        var header = ReplyHeader.Read(ref reader);
        return header.Id == id ? header : throw new JuteFormatException($"A reply with the id {header.Id} where {id} is due.");
    }
}
