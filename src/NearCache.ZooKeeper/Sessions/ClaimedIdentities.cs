using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>What the client says it is, on every connection; and who waits for the answer. Guarded by its owner's lock.</summary>
internal sealed class ClaimedIdentities(IEnumerable<ZooKeeperAuthentication> authentications)
{
    private readonly List<ZooKeeperAuthentication> _authentications = [.. authentications];
    private readonly Queue<TaskCompletionSource?> _waiting = new();

    public IReadOnlyList<ZooKeeperAuthentication> All => [.. _authentications];

    /// <summary>Every connection from now on begins with it too.</summary>
    public void Add(ZooKeeperAuthentication authentication) => _authentications.Add(authentication);

    /// <summary>It is about to be sent on the connection that stands; the answers come in the order of sending.</summary>
    public void ExpectReply(TaskCompletionSource answered) => _waiting.Enqueue(answered);

    /// <summary>What a new connection begins with.</summary>
    public IEnumerable<Action<JuteWriter>> CreateMessages()
    {
        foreach (var authentication in _authentications)
        {
            _waiting.Enqueue(null);
            yield return writer => Write(writer, authentication);
        }
    }

    /// <summary>The next answer has come.</summary>
    public void OnReply()
    {
        if (_waiting.TryDequeue(out var answered))
        {
            answered?.TrySetResult();
        }
    }

    /// <summary>A server has not said yet what it thinks of them.</summary>
    public bool HasUnanswered => _waiting.Count > 0;

    /// <summary>No more answers will come on this connection.</summary>
    public void FailPending(Exception reason)
    {
        while (_waiting.TryDequeue(out var answered))
        {
            if (answered?.TrySetException(reason) == true)
            {
                // The caller may have given up.
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
