using NearCache.Memcached.Protocol;
using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>The result of passing a reply to an operation.</summary>
internal enum AcceptResult
{
    /// <summary>It was the last reply, and no continuation is to run.</summary>
    Completed,

    /// <summary>It was the last reply, and the caller's continuation is to run.</summary>
    CompletedWithWaiter,

    /// <summary>Further replies are due.</summary>
    MoreExpected,

    /// <summary>The operation cannot have this reply: the position in the stream is lost.</summary>
    Illegal,
}

/// <summary>An operation that waits for its replies in the order of the connection. It references no memory of the caller.</summary>
/// <remarks>
/// Positions and tick are written under the connection's lock when the operation is queued, and do not change while it waits.
/// </remarks>
internal abstract class Operation : IThreadPoolWorkItem
{
    /// <summary>Gets or sets the position of its first byte in the stream of all bytes that the connection has sent.</summary>
    public long Start { get; set; }

    /// <summary>Gets or sets the position after its last byte.</summary>
    public long End { get; set; }

    /// <summary>Gets or sets the connection's tick at which it was queued.</summary>
    public int Tick { get; set; }

    /// <summary>Gets or sets the number of its commands.</summary>
    public int Commands { get; set; }

    /// <summary>
    /// Gets or sets the number that the next reply must repeat, if replies are verified. The commands of a group have successive numbers.
    /// </summary>
    public ulong Opaque { get; set; }

    /// <summary>Gets the name of the operation for messages.</summary>
    public abstract string Name { get; }

    /// <summary>Gets a value that indicates whether the replies are lines of the classic protocol.</summary>
    public virtual bool IsText => false;

    /// <summary>
    /// Gets a value that indicates whether a caller waits, which the operation timeout frees however slowly replies arrive.
    /// </summary>
    public abstract bool HasWaiter { get; }

    /// <summary>Returns whether the line starts a legal reply. Called before the value has arrived.</summary>
    public abstract bool Allows(in MetaReply reply);

    /// <summary>
    /// Accepts a legal reply. Its value, if any, is valid during the call. <paramref name="now"/> is the timestamp of
    /// <see cref="IPendingOperations"/>.
    /// </summary>
    public abstract AcceptResult Accept(in MetaReply reply, ReadOnlySpan<byte> value, long now);

    /// <summary>Returns the buffer for a legal value that has not arrived completely.</summary>
    public abstract LargeValueBuffer BeginLarge(int length);

    /// <summary>Accepts a legal reply whose value is in the buffer that <see cref="BeginLarge"/> returned.</summary>
    public abstract AcceptResult AcceptLarge(in MetaReply reply, in LargeValueBuffer value, long now);

    /// <summary>Accepts a line of the classic protocol, without its line end.</summary>
    public virtual AcceptResult AcceptLine(ReadOnlySpan<byte> line) => AcceptResult.Illegal;

    /// <summary>Fails the operation unless it has ended. The exception is created only if it is used.</summary>
    public abstract void Fail(ConnectionFailure failure, bool outcomeUnknown);

    /// <summary>
    /// Expires the operation if it was queued at <paramref name="tick"/> or before; its reply is still read. Returns false if it was queued
    /// later.
    /// </summary>
    public abstract bool ExpireIfQueuedBy(int tick, ConnectionSettings settings);

    /// <summary>Runs the caller's continuation on this thread. Requires that the operation has ended.</summary>
    public abstract void Complete();

    /// <summary>Runs the caller's continuation by the <see cref="WorkScheduler"/>.</summary>
    public void QueueCompletion() => WorkScheduler.Queue(this);

    void IThreadPoolWorkItem.Execute() => Complete();
}
