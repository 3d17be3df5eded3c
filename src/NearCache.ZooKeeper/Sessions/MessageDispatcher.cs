using Microsoft.Extensions.Logging;
using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;
using NearCache.ZooKeeper.Watches;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// Dispatches the messages of a server: replies to requests, notifications to watches, control replies to the session. Called only by the
/// receive loop.
/// </summary>
internal sealed class MessageDispatcher(
    RequestQueue queue,
    WatchRegistry watches,
    CallbackScheduler callbacks,
    SessionMetrics metrics,
    ILogger logger,
    Func<TimeSpan> now,
    string chroot,
    int maxBytes)
{
    /// <summary>Gets the connected server, for messages.</summary>
    public string Server { get; private set; } = "";

    /// <summary>Gets the newest transaction that a message reported.</summary>
    public long LastZxid { get; private set; }

    /// <summary>
    /// Gets a value that indicates whether a reply reported that the server ends sessions without a known identity. The server then closes
    /// the connection.
    /// </summary>
    public bool RequiresAuthentication { get; private set; }

    /// <summary>Gets the callback for each reply to an <see cref="AuthRequest"/>.</summary>
    public required Action<ZooKeeperErrorCode> OnAuthReply { get; init; }

    /// <summary>Prepares for the messages of a new connection.</summary>
    public void OnConnected(string server) => (Server, RequiresAuthentication) = (server, false);

    /// <summary>Resets the newest transaction. Called only while there is no connection.</summary>
    public void ResetZxid() => LastZxid = 0;

    /// <summary>Dispatches one message.</summary>
    /// <exception cref="JuteFormatException">The message is invalid.</exception>
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
            throw new JuteFormatException($"The message with the id {header.Id} has {length} bytes.");
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
                    // The client would otherwise rely on watches that do not exist.
                    logger.RearmRefused(Server, header.Error);
                    throw new JuteFormatException($"{Server} did not set the watches again: {header.Error}.");
                }

                break;
            default:
                throw new JuteFormatException($"The message has the unknown id {header.Id}.");
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
                    operation.SetException(
                        ExceptionFactory.ReplyTooLarge(operation.Code, operation.Path, Server, length, maxBytes, operation.IsWrite));
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
                    var error = succeeded ? null : isWhole ? ErrorTypes.Of(header.Error) : "too_large";
                    metrics.RecordDuration(number, now() - operation.Started, error);
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
