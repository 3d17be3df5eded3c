using Microsoft.Extensions.Logging;
using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;
using NearCache.ZooKeeper.Watches;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// What the messages of a server mean: replies to requests, events of watches, answers to our own questions. Used by the receive loop
/// alone.
/// </summary>
internal sealed class MessageDispatcher(
    RequestQueue queue, WatchRegistry watches, CallbackScheduler callbacks, SessionMetrics metrics, ILogger logger, Func<TimeSpan> now, string chroot, int maxBytes)
{
    /// <summary>The server that is connected, for messages.</summary>
    public string Server { get; private set; } = "";

    /// <summary>The newest transaction that the messages told of.</summary>
    public long LastZxid { get; private set; }

    /// <summary>A reply said that the server ends sessions without an identity that it knows. It closes the connection next.</summary>
    public bool RequiresAuthentication { get; private set; }

    /// <summary>RecordStatus of each answer to an <see cref="AuthRequest"/>.</summary>
    public required Action<ZooKeeperErrorCode> OnAuthReply { get; init; }

    /// <summary>There is a connection to another server.</summary>
    public void OnConnected(string server) => (Server, RequiresAuthentication) = (server, false);

    /// <summary>Forgets the newest transaction. Only between two connections.</summary>
    public void ResetZxid() => LastZxid = 0;

    /// <summary>Takes one message.</summary>
    /// <exception cref="JuteFormatException">It is not understood.</exception>
    public void Dispatch(ReadOnlySpan<byte> message, int length)
    {
        var reader = new JuteReader(message);
        var header = ReplyHeader.Read(ref reader);
        if (header.Id > 0)
        {
            DispatchReply(header, ref reader, length, message.Length == length);
        }
        else if (message.Length != length)
        {
            throw new JuteFormatException($"A message with the id {header.Id} of {length} bytes.");
        }
        else
        {
            DispatchControl(header, ref reader);
        }

        LastZxid = Math.Max(LastZxid, header.Zxid);
    }

    private void DispatchControl(in ReplyHeader header, ref JuteReader reader)
    {
        switch (header.Id)
        {
            case RequestId.Notification:
                DispatchNotification(WatchNotification.Read(ref reader), header.Zxid);
                break;
            case RequestId.Ping:
                break;
            case RequestId.Auth:
                OnAuthReply(header.Error);
                break;
            case RequestId.SetWatches:
                if (header.Error != ZooKeeperErrorCode.Ok)
                {
                    // Going on would be to promise watches that nobody keeps.
                    logger.RearmRefused(Server, header.Error);
                    throw new JuteFormatException($"{Server} did not set the watches again: {header.Error}.");
                }

                break;
            default:
                throw new JuteFormatException($"A message with the id {header.Id}.");
        }
    }

    private void DispatchReply(in ReplyHeader header, ref JuteReader reader, int length, bool isWhole)
    {
        var operation = queue.DequeueForReply(header.Id);
        if (operation.TryClaim(out _))
        {
            var succeeded = false;
            try
            {
                if (isWhole)
                {
                    succeeded = operation.ReadReply(header, ref reader, Server);
                }
                else
                {
                    operation.SetException(ExceptionFactory.ReplyTooLarge(operation.Code, operation.Path, Server, length, maxBytes, operation.IsWrite));
                }

                if (succeeded && operation.WatchUpdate is { } change)
                {
                    watches.Apply(change, isMissing: header.Error == ZooKeeperErrorCode.NoNode);
                }
            }
            finally
            {
                var number = OperationNames.IndexOf(operation.Code);
                metrics.Answered(OperationNames.OutcomeIndex(number, header.Error));
                if (metrics.IsDurationEnabled)
                {
                    metrics.RecordDuration(number, now() - operation.Started, succeeded ? null : isWhole ? ErrorTypes.Of(header.Error) : "too_large");
                }

                callbacks.CompleteOperation(operation);
            }
        }

        operation.Release();
        RequiresAuthentication |= header.Error == ZooKeeperErrorCode.SessionClosedRequireAuth;
    }

    private void DispatchNotification(in WatchNotification notification, long zxid)
    {
        metrics.Notified();
        var path = ChrootedPath.RemoveChroot(chroot, notification.Path);
        foreach (var (handler, isPersistent) in watches.TakeHandlers(notification.Type, path))
        {
            var watchEvent = new WatchEvent { Type = notification.Type, Path = path, Zxid = zxid > 0 ? zxid : -1 };
            callbacks.NotifyHandler(handler, watchEvent, isPersistent);
        }
    }
}
