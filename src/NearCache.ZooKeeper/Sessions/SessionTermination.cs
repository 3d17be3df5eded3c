using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Ends a session: fails its requests, notifies its watches, and publishes the state.</summary>
/// <remarks>Called by the session loop, except <see cref="Renew"/>, which any thread may call.</remarks>
internal sealed class SessionTermination(SessionContext context)
{
    private TaskCompletionSource? _renewal;

    /// <summary>Requests a new session after the old one has expired. Has no effect while the session exists.</summary>
    public void Renew() => Volatile.Read(ref _renewal)?.TrySetResult();

    /// <summary>Ends a session that has expired or was given up. Returns when the client may open a new one.</summary>
    /// <param name="session">The id of the session.</param>
    /// <param name="server">The server that reported the expiry; null if the client gave the session up.</param>
    /// <param name="givenUp">The evidence because of which the client gave the session up; null if the servers ended it.</param>
    public async Task ExpireAsync(long session, string? server, string? givenUp)
    {
        var renews = context.Options.RenewSession;
        context.Metrics.SessionExpired();
        var renewal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _renewal, renewal);
        context.Queue.FailAll(
            (operation, wasSent) =>
                ExceptionFactory.SessionExpired(operation.Code, operation.Path, renews, wasSent && operation.IsWrite, givenUp),
            renews
                ? null
                : operation =>
                    ExceptionFactory.SessionExpired(operation.Code, operation.Path, renews: false, isOutcomeUnknown: false, givenUp));
        NotifyAllWatches(WatchEventType.SessionLost);
        context.StateMachine.ResetSession();
        context.States.Publish(new ZooKeeperStateChange
        {
            State = ZooKeeperState.Expired,
            SessionId = session,
            Server = server,
            Reason = ExceptionFactory.SessionExpired(OperationCode.CloseSession, null, renews, isOutcomeUnknown: false, givenUp),
        });
        if (!renews)
        {
            await renewal.Task.WaitAsync(context.Stopping.Token).ConfigureAwait(false);
            context.Queue.Reopen();
        }

        context.States.Publish(new ZooKeeperStateChange { State = ZooKeeperState.Connecting });
    }

    /// <summary>Ends the session of a disposed client. Later requests fail.</summary>
    public void Close()
    {
        context.Queue.FailAll(
            (operation, wasSent) => ExceptionFactory.ClientClosed(operation.Code, operation.Path, wasSent && operation.IsWrite),
            operation => ExceptionFactory.ClientClosed(operation.Code, operation.Path, isOutcomeUnknown: false));
        lock (context.Gate)
        {
            context.Identities.FailPending(new ObjectDisposedException(nameof(ZooKeeperClient)));
        }

        NotifyAllWatches(WatchEventType.Closed);
        context.States.Publish(new ZooKeeperStateChange { State = ZooKeeperState.Closed, SessionId = context.StateMachine.SessionId });
    }

    private void NotifyAllWatches(WatchEventType type)
    {
        foreach (var (path, handler) in context.Watches.TakeAll())
        {
            context.Callbacks.NotifyHandler(handler, new WatchEvent { Type = type, Path = path }, isPersistent: false);
        }

        context.Callbacks.Flush();
    }
}
