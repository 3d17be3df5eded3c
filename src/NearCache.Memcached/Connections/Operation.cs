using NearCache.Memcached.Protocol;
using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>What an operation says to a reply.</summary>
internal enum AcceptResult
{
    /// <summary>It was the last one, and nobody waits for it, or was told.</summary>
    Completed,

    /// <summary>It was the last one, and the caller is still to be told.</summary>
    CompletedWithWaiter,

    /// <summary>More are due.</summary>
    MoreExpected,

    /// <summary>This operation cannot have such a reply: the stream's position is lost.</summary>
    Illegal,
}

/// <summary>Something that waits in line for its replies. Nothing in it is the caller's memory.</summary>
/// <remarks>
/// The position in the stream and the tick are written under the connection's lock when it is queued, and not changed while it waits.
/// </remarks>
internal abstract class Operation : IThreadPoolWorkItem
{
    /// <summary>The place of its first byte in everything that this connection ever sent.</summary>
    public long Start { get; set; }

    /// <summary>The place after its last byte.</summary>
    public long End { get; set; }

    /// <summary>The connection's tick when it was queued.</summary>
    public int Tick { get; set; }

    /// <summary>Commands in it.</summary>
    public int Commands { get; set; }

    /// <summary>
    /// The number that the next reply must repeat, when replies are verified; the commands of a group have successive ones.
    /// </summary>
    public ulong Opaque { get; set; }

    /// <summary>What the caller asked for, for messages.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the replies are lines of the classic protocol.</summary>
    public virtual bool IsText => false;

    /// <summary>Whether a caller waits for it that is free after the operation timeout, however slowly the replies come.</summary>
    public abstract bool HasWaiter { get; }

    /// <summary>Returns whether the line begins a reply that it can have now, before the value has arrived.</summary>
    public abstract bool Allows(in MetaReply reply);

    /// <summary>
    /// Takes a legal reply whose value, if any, has arrived and is valid during the call. <paramref name="now"/> is the line's.
    /// </summary>
    public abstract AcceptResult Accept(in MetaReply reply, ReadOnlySpan<byte> value, long now);

    /// <summary>Says where a legal value goes that has not wholly arrived.</summary>
    public abstract LargeValueBuffer BeginLarge(int length);

    /// <summary>Takes a legal reply whose value was put where <see cref="BeginLarge"/> said.</summary>
    public abstract AcceptResult AcceptLarge(in MetaReply reply, in LargeValueBuffer value, long now);

    /// <summary>Takes a line of the classic protocol, without its end.</summary>
    public virtual AcceptResult AcceptLine(ReadOnlySpan<byte> line) => AcceptResult.Illegal;

    /// <summary>Ends it without a reply, unless it has ended. The exception is made only if it is used.</summary>
    public abstract void Fail(ConnectionFailure failure, bool outcomeUnknown);

    /// <summary>
    /// Gives up the answer, not the place in line, if it has waited since <paramref name="tick"/> or longer. False if it has not waited so
    /// long.
    /// </summary>
    public abstract bool ExpireIfQueuedBy(int tick, ConnectionSettings settings);

    /// <summary>Lets the caller go on on this thread. Requires that it has ended.</summary>
    public abstract void Complete();

    /// <summary>Lets the caller go on by the <see cref="WorkScheduler"/>.</summary>
    public void QueueCompletion() => WorkScheduler.Queue(this);

    void IThreadPoolWorkItem.Execute() => Complete();
}
