using NearCache.ZooKeeper.Protocol;
using NearCache.ZooKeeper.Watches;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>One request of a caller, from the moment it is made until its outcome is known and nobody refers to it.</summary>
/// <remarks>
/// It has one outcome: whoever claims it (the receive loop, a timeout, a cancellation, the end of the session) gives it. A cancelled
/// request that was sent keeps its place in line: its reply is still read, and dropped.
/// </remarks>
internal abstract class Operation : IThreadPoolWorkItem
{
    private const int Waiting = 0;
    private const int Sent = 1;
    private const int Claimed = 2;
    private int _phase;

    /// <summary>The xid; set when the request is written.</summary>
    public int Id { get; set; }

    /// <summary>When it was made, on the session's clock.</summary>
    public TimeSpan Started { get; set; }

    /// <summary>RecordStatus by <see cref="Execute"/> that it failed without an answer.</summary>
    public Action<Operation, Exception>? OnFailed { get; set; }

    /// <summary>Whether it failed without an answer.</summary>
    public bool FailedWithoutReply { get; private set; }

    /// <summary>How many bytes it takes in the buffer, length included.</summary>
    public int FrameLength { get; set; }

    /// <summary>What its success means for the watches; null: nothing.</summary>
    public WatchUpdate? WatchUpdate { get; set; }

    public abstract OperationCode Code { get; }

    public abstract string? Path { get; }

    public abstract bool IsWrite { get; }

    public abstract void WriteTo(JuteWriter writer);

    /// <summary>It is about to be sent. False: it was claimed, and need not be.</summary>
    public bool TryMarkSent() => Interlocked.CompareExchange(ref _phase, Sent, Waiting) == Waiting;

    public bool IsClaimed => Volatile.Read(ref _phase) == Claimed;

    /// <summary>Takes the right to give its outcome; <paramref name="wasSent"/>: bytes of it may have left.</summary>
    public bool TryClaim(out bool wasSent)
    {
        var before = Interlocked.Exchange(ref _phase, Claimed);
        wasSent = before == Sent;
        return before != Claimed;
    }

    /// <summary>Reads the outcome from a reply. To be called by who has claimed it; <see cref="Execute"/> tells the caller.</summary>
    /// <returns>Whether it succeeded.</returns>
    /// <exception cref="JuteFormatException">The reply cannot be read; the outcome is a lost connection.</exception>
    public abstract bool ReadReply(in ReplyHeader header, ref JuteReader reader, string server);

    /// <summary>Sets the outcome. To be called by who has claimed it; <see cref="Execute"/> tells the caller.</summary>
    public abstract void SetException(Exception exception);

    /// <summary>Tells the caller the outcome, and runs what awaits it.</summary>
    public abstract void Execute();

    /// <summary>The queue does not refer to it any more.</summary>
    public abstract void Release();

    /// <summary>Fails it unless something else was quicker, and tells the caller from another thread.</summary>
    public void TryFail(Func<Operation, bool, Exception> reason)
    {
        if (TryClaim(out var wasSent))
        {
            SetException(reason(this, wasSent));
            FailedWithoutReply = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Fails it, which was not sent, unless something else was quicker; and the queue does not refer to it any more.</summary>
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
