using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>The messages that look up the chroot of a new session, and create it if the options allow. They precede all requests.</summary>
/// <remarks>Existing nodes are not created: even a create request that fails is a transaction of the ensemble.</remarks>
internal sealed class ChrootExchange(Connection connection, string chroot, Func<int> nextId, CancellationToken cancellationToken)
{
    /// <summary>Returns whether the chroot exists.</summary>
    public Task<bool> ExistsAsync() => ExistsAsync(chroot);

    /// <summary>Creates the chroot and its missing ancestors, open to all clients.</summary>
    /// <param name="identities">The identities to claim first, because ancestors may have access rights.</param>
    /// <exception cref="AuthenticationFailedException">The server refuses an identity.</exception>
    /// <exception cref="ZooKeeperException">The chroot could not be created.</exception>
    public async Task CreateAsync(IReadOnlyList<ZooKeeperAuthentication> identities)
    {
        foreach (var identity in identities)
        {
            var header = Read(
                await connection.ExchangeAsync(writer => ClaimedIdentities.Write(writer, identity), cancellationToken)
                    .ConfigureAwait(false),
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
        return header.Id == id ? header : throw new JuteFormatException($"The reply has the id {header.Id}, but {id} is expected.");
    }
}
