using NearCache.ZooKeeper.Protocol;
using NearCache.ZooKeeper.Watches;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>One request of a caller, from the call until its result is delivered and nothing refers to it any more.</summary>
/// <remarks>
/// An operation has one result, set by the party that claims it: the receive loop, a timeout, a cancellation, or the end of the session. A
/// request that is cancelled after it was sent keeps its place in the queue; its reply is read and discarded.
/// </remarks>
internal abstract class Operation : IThreadPoolWorkItem
{
    private const int Waiting = 0;
    private const int Sent = 1;
    private const int Claimed = 2;
    private int _phase;

    /// <summary>Gets or sets the xid. Set when the request is written.</summary>
    public int Id { get; set; }

    /// <summary>Gets or sets the time of the call, on the clock of the session.</summary>
    public TimeSpan Started { get; set; }

    /// <summary>Gets or sets the callback that <see cref="Execute"/> calls if the operation failed without a reply.</summary>
    public Action<Operation, Exception>? OnFailed { get; set; }

    /// <summary>Gets a value that indicates whether the operation failed without a reply.</summary>
    public bool FailedWithoutReply { get; private set; }

    /// <summary>Gets or sets the length in the buffer, with the length prefix.</summary>
    public int FrameLength { get; set; }

    /// <summary>Gets or sets the effect of success on the watches; null if there is none.</summary>
    public WatchUpdate? WatchUpdate { get; set; }

    public abstract OperationCode Code { get; }

    public abstract string? Path { get; }

    public abstract bool IsWrite { get; }

    public abstract void WriteTo(JuteWriter writer);

    /// <summary>Marks the request as sent. Returns false if it was claimed before, so that it need not be sent.</summary>
    public bool TryMarkSent() => Interlocked.CompareExchange(ref _phase, Sent, Waiting) == Waiting;

    public bool IsClaimed => Volatile.Read(ref _phase) == Claimed;

    /// <summary>Claims the right to set the result.</summary>
    /// <param name="wasSent">Whether bytes of the request may have been sent.</param>
    /// <returns>False if the operation was claimed before.</returns>
    public bool TryClaim(out bool wasSent)
    {
        var before = Interlocked.Exchange(ref _phase, Claimed);
        wasSent = before == Sent;
        return before != Claimed;
    }

    /// <summary>Reads the result from a reply. Requires a claim. <see cref="Execute"/> delivers the result.</summary>
    /// <returns>Whether the operation succeeded.</returns>
    /// <exception cref="JuteFormatException">The reply is invalid. The result is then a lost connection.</exception>
    public abstract bool ReadReply(in ReplyHeader header, ref JuteReader reader, string server);

    /// <summary>Sets the result to an exception. Requires a claim. <see cref="Execute"/> delivers the result.</summary>
    public abstract void SetException(Exception exception);

    /// <summary>Delivers the result to the caller and runs its continuation.</summary>
    public abstract void Execute();

    /// <summary>Ends the reference of the queue.</summary>
    public abstract void Release();

    /// <summary>Fails the operation unless it is claimed, and delivers the result on the thread pool.</summary>
    public void TryFail(Func<Operation, bool, Exception> reason)
    {
        if (TryClaim(out var wasSent))
        {
            SetException(reason(this, wasSent));
            FailedWithoutReply = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Fails an operation that was not sent, unless it is claimed, and ends the reference of the queue.</summary>
    public void Reject(Exception reason)
    {
        TryFail((_, _) => reason);
        Release();
    }

    protected void Reset()
    {
        FailedWithoutReply = false;
        Volatile.Write(ref _phase, Waiting);
    }
}
