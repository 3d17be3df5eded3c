using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// The identities that the client claims on every connection, and the claims that the server has not answered yet. Guarded by the owner's
/// lock.
/// </summary>
internal sealed class ClaimedIdentities(IEnumerable<ZooKeeperAuthentication> authentications)
{
    private readonly List<ZooKeeperAuthentication> _authentications = [.. authentications];
    private readonly Queue<TaskCompletionSource?> _waiting = new();

    public IReadOnlyList<ZooKeeperAuthentication> All => [.. _authentications];

    /// <summary>Adds an identity to claim on every later connection.</summary>
    public void Add(ZooKeeperAuthentication authentication) => _authentications.Add(authentication);

    /// <summary>Registers a claim that is about to be sent on the current connection. Replies come in the order of the claims.</summary>
    public void ExpectReply(TaskCompletionSource answered) => _waiting.Enqueue(answered);

    /// <summary>Returns the claims for a new connection.</summary>
    public IEnumerable<Action<JuteWriter>> CreateMessages()
    {
        foreach (var authentication in _authentications)
        {
            _waiting.Enqueue(null);
            yield return writer => Write(writer, authentication);
        }
    }

    /// <summary>Completes the oldest unanswered claim.</summary>
    public void OnReply()
    {
        if (_waiting.TryDequeue(out var answered))
        {
            answered?.TrySetResult();
        }
    }

    /// <summary>Gets a value that indicates whether a claim is unanswered.</summary>
    public bool HasUnanswered => _waiting.Count > 0;

    /// <summary>Fails all unanswered claims, because the connection ended.</summary>
    public void FailPending(Exception reason)
    {
        while (_waiting.TryDequeue(out var answered))
        {
            if (answered?.TrySetException(reason) == true)
            {
                // The caller may have stopped waiting: marks the exception as observed.
                _ = answered.Task.Exception;
            }
        }
    }

    public static void Write(JuteWriter writer, ZooKeeperAuthentication authentication)
    {
        writer.WriteInt32(RequestId.Auth);
        writer.WriteInt32((int)OperationCode.Auth);
        new AuthRequest(authentication.Scheme, authentication.Credentials).WriteTo(writer);
    }
}
